package wasm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"

	"parvis/crdt/doc"
)

// Limits of one document.
const (
	// memoryPages of 64 KiB is what one document's engine may use: 512 MiB.
	memoryPages = 512 << 20 >> 16
	// maxCall is how long a call may take whose context has no earlier end. Compiling the
	// engine for the first document does not count.
	maxCall = 60 * time.Second
)

// Engine implements [doc.Engine]. What it needs for its documents (some 20 MB of
// compiled code) is made with the first one and freed by Close.
type Engine struct {
	folder string
	code   []byte

	mu            sync.Mutex
	closed        bool
	cache         wazero.CompilationCache
	runtime       wazero.Runtime
	engine, table wazero.CompiledModule
	documents     map[*document]struct{}
}

// New makes an engine. The compiled engine is kept in folder, which is made with
// rights 0700 and must be this user's alone: what lies there is run. It fails when the
// program was built without the engine, or with another one.
func New(folder string) (*Engine, error) {
	code, err := readModule(module)
	if err != nil {
		return nil, err
	}
	return &Engine{folder: folder, code: code, documents: map[*document]struct{}{}}, nil
}

// New implements [doc.Engine].
func (e *Engine) New(ctx context.Context, actor doc.Actor) (doc.Document, error) {
	d, err := e.open(ctx, doc.RootChange(), actor)
	if err != nil {
		return nil, fmt.Errorf("new document: %w", err)
	}
	return d, nil
}

// Load implements [doc.Engine].
func (e *Engine) Load(ctx context.Context, data []byte, actor doc.Actor) (doc.Document, error) {
	d, err := e.open(ctx, data, actor)
	if err != nil {
		return nil, fmt.Errorf("load document: %w", err)
	}
	return d, nil
}

func (e *Engine) open(ctx context.Context, data []byte, actor doc.Actor) (*document, error) {
	if err := e.ready(ctx); err != nil { // before the clock runs: it may take seconds, once
		return nil, err
	}
	d := &document{engine: e, actor: actor, journal: journal{base: slices.Clone(data)}}
	ctx, cancel := context.WithTimeout(ctx, maxCall)
	defer cancel()
	if err := d.rebuild(ctx); err != nil {
		return nil, errors.Join(err, d.drop())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errors.Join(doc.ErrClosed, d.drop())
	}
	e.documents[d] = struct{}{}
	return d, nil
}

// ready makes what all instances share, once.
func (e *Engine) ready(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return doc.ErrClosed
	}
	if e.runtime != nil {
		return nil
	}
	if err := e.compile(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", doc.ErrEngine, err), e.free())
	}
	return nil
}

// start makes an instance.
func (e *Engine) start(ctx context.Context) (*instance, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, doc.ErrClosed
	}
	in, err := newInstance(ctx, e.runtime, e.engine, e.table)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", doc.ErrEngine, err)
	}
	return in, nil
}

// compile reads the compiled engine from the folder, or compiles it. What is damaged in
// the folder is thrown away.
func (e *Engine) compile(ctx context.Context) error {
	code, err := interruptible(e.code)
	if err != nil {
		return fmt.Errorf("prepare document engine: %w", err)
	}
	if err = e.prepare(ctx, code); err == nil {
		return nil
	}
	if err := errors.Join(e.free(), os.RemoveAll(e.folder)); err != nil {
		return fmt.Errorf("empty the folder of the document engine: %w", err)
	}
	return e.prepare(ctx, code)
}

func (e *Engine) prepare(ctx context.Context, code []byte) (err error) {
	if err := errors.Join(os.MkdirAll(e.folder, 0o700), os.Chmod(e.folder, 0o700)); err != nil { // #nosec G302 -- a folder
		return fmt.Errorf("folder of the document engine: %w", err)
	}
	if e.cache, err = wazero.NewCompilationCacheWithDir(e.folder); err != nil {
		return fmt.Errorf("folder of the document engine: %w", err)
	}
	config := wazero.NewRuntimeConfig().WithCompilationCache(e.cache).WithMemoryLimitPages(memoryPages)
	e.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if e.engine, err = e.runtime.CompileModule(ctx, code); err != nil {
		return fmt.Errorf("compile document engine: %w", err)
	}
	if e.table, err = e.runtime.CompileModule(ctx, tableModule()); err != nil {
		return fmt.Errorf("compile document engine's table: %w", err)
	}
	return bindImports(ctx, e.runtime, e.engine)
}

// free undoes compile.
func (e *Engine) free() error {
	var failed []error
	if e.runtime != nil {
		failed = append(failed, e.runtime.Close(context.Background()))
	}
	if e.cache != nil {
		failed = append(failed, e.cache.Close(context.Background()))
	}
	e.runtime, e.cache, e.engine, e.table = nil, nil, nil, nil
	return errors.Join(failed...)
}

// Close implements [doc.Engine].
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	open := e.documents
	e.documents = nil
	e.mu.Unlock()
	var failed []error
	for d := range open {
		failed = append(failed, d.Close())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return errors.Join(append(failed, e.free())...)
}

func (e *Engine) forget(d *document) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.documents, d)
}
