package wasm

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"parvis/crdt/doc"
)

// instance is one instance of the engine, with memory and values of its own. Only one
// goroutine may use it at a time. After a trap it is broken for good.
type instance struct {
	engine, table api.Module
	exports       map[string]api.Function // those that were called
	heap          *heap
	symbols       map[string]*symbol
	stop          api.MutableGlobal // see guard
	complaint     string            // what the engine wrote to its console, for a trap's error
	inner         context.Context   // of calls made while another is running
	copied        int               // bytes, by the call that is running
	broken        bool
}

// newInstance starts an instance of the two compiled modules.
func newInstance(ctx context.Context, runtime wazero.Runtime, engine, table wazero.CompiledModule) (*instance, error) {
	in := &instance{heap: newHeap(), symbols: map[string]*symbol{}, exports: map[string]api.Function{}}
	in.inner = context.WithValue(context.WithoutCancel(ctx), instanceKey{}, in)
	anonymous := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	var err error
	if in.engine, err = runtime.InstantiateModule(in.inner, engine, anonymous); err != nil {
		return nil, fmt.Errorf("start document engine: %w", err)
	}
	resolve := func(string) api.Module { return in.engine }
	if in.table, err = runtime.InstantiateModule(experimental.WithImportResolver(in.inner, resolve), table, anonymous); err != nil {
		return nil, errors.Join(fmt.Errorf("start document engine: %w", err), in.engine.Close(in.inner))
	}
	var ok bool
	if in.stop, ok = in.engine.ExportedGlobal(stopGlobal).(api.MutableGlobal); !ok {
		return nil, errors.Join(fmt.Errorf("start document engine: %w", errModule), in.close())
	}
	in.initTable()
	return in, nil
}

// close frees the memory.
func (in *instance) close() error {
	in.broken = true
	return errors.Join(in.table.Close(in.inner), in.engine.Close(in.inner))
}

// initTable puts the constants where the engine's own code expects them.
func (in *instance) initTable() {
	offset := in.tableCall("grow", 4)
	in.tableCall("set", 0, handleUndefined)
	for i, handle := range []uint64{handleUndefined, handleNull, handleTrue, handleFalse} {
		in.tableCall("set", offset+uint64(i), handle)
	}
}

// tableCall is get, set, grow or size on the engine's table of references.
func (in *instance) tableCall(name string, args ...uint64) uint64 {
	return in.reenter(in.table, name, args...)
}

// reenter calls a small function of the engine from inside another call or from
// between two. A failure there ends the call that is running.
func (in *instance) reenter(module api.Module, name string, args ...uint64) uint64 {
	results, err := in.export(module, name).Call(in.inner, args...)
	if err != nil {
		panic(err)
	}
	if len(results) == 0 {
		return 0
	}
	return results[0]
}

func (in *instance) export(module api.Module, name string) api.Function {
	f, ok := in.exports[name]
	if !ok {
		if f = module.ExportedFunction(name); f == nil {
			panic(fmt.Errorf("the document engine has no function %s", name)) // the hash of the module was checked
		}
		in.exports[name] = f
	}
	return f
}

// call runs a function of the engine. An exception that it throws is an *exception; a
// trap, or the end of ctx, breaks the instance and is doc.ErrEngine.
func (in *instance) call(ctx context.Context, name string, args ...uint64) (results []uint64, err error) {
	if in.broken {
		return nil, fmt.Errorf("%w: it has trapped before", doc.ErrEngine)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", doc.ErrEngine, err)
	}
	in.complaint, in.copied = "", 0
	defer func() {
		if trap := recover(); trap != nil { // from Go code between two calls; inside one wazero recovers
			in.broken, results, err = true, nil, fmt.Errorf("%w: %v", doc.ErrEngine, trap)
		}
	}()
	f := in.export(in.engine, name)
	free := in.guard(ctx)
	results, err = f.Call(in.inner, args...)
	free()
	if err != nil {
		in.broken = true
		if ended := ctx.Err(); ended != nil {
			err = ended
		} else if in.complaint != "" {
			err = errors.New(firstLine(in.complaint))
		}
		return nil, fmt.Errorf("%w: %w", doc.ErrEngine, err)
	}
	if n := len(results); n >= 2 && len(f.Definition().ResultTypes()) >= 2 {
		if results[n-1] != 0 {
			return nil, in.thrown(in.take(results[n-2]))
		}
		results = results[:n-2]
	}
	return results, nil
}

// guard lets the end of ctx end what runs until the returned function is called.
func (in *instance) guard(ctx context.Context) (free func()) {
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		in.stop.Set(1)
		close(fired)
	})
	return func() {
		if !stop() {
			<-fired
			in.stop.Set(0)
		}
	}
}

// invoke calls a function that returns a value through the table of references.
func (in *instance) invoke(ctx context.Context, name string, args ...uint64) (value, error) {
	results, err := in.call(ctx, name, args...)
	if err != nil || len(results) == 0 {
		return undefined{}, err
	}
	v := in.take(results[0])
	in.sweep()
	return v, nil
}

// invokeDirect calls a function that returns a value as a reference.
func (in *instance) invokeDirect(ctx context.Context, name string, args ...uint64) (value, error) {
	results, err := in.call(ctx, name, args...)
	if err != nil {
		return nil, err
	}
	v := in.heap.get(results[0])
	in.sweep()
	return v, nil
}

// invokeString calls a function that returns a string in memory.
func (in *instance) invokeString(ctx context.Context, name string, args ...uint64) (string, error) {
	results, err := in.call(ctx, name, args...)
	if err != nil {
		return "", err
	}
	text := in.readString(results[0], results[1])
	in.freeString(results[0], results[1])
	in.sweep()
	return text, nil
}

// take removes a value from the table of references.
func (in *instance) take(index uint64) value {
	v := in.heap.get(in.tableCall("get", index))
	in.reenter(in.engine, "__externref_table_dealloc", index)
	return v
}

// thrown makes an error of what JavaScript code threw.
func (in *instance) thrown(v value) error {
	if e, ok := v.(*exception); ok {
		return e
	}
	return &exception{"Error", toString(v)}
}

// throw hands an exception to the engine, which is waiting in the function that calls.
func (in *instance) throw(err error) {
	index := in.reenter(in.engine, "__externref_table_alloc")
	in.tableCall("set", index, in.heap.add(&exception{"TypeError", err.Error()}))
	in.reenter(in.engine, "__wbindgen_exn_store", index)
}

// result is the handle of v, or throws.
func (in *instance) result(v value, err error) uint64 {
	if err != nil {
		in.throw(err)
		return handleUndefined
	}
	return in.heap.add(v)
}

// must ends the running call with err where JavaScript would throw and the engine does
// not expect it.
func (in *instance) must(err error) {
	if err != nil {
		panic(err)
	}
}

// sweep forgets the values that the engine holds no more, when there are many. Between
// two calls only the table of references holds any.
func (in *instance) sweep() {
	if !in.heap.full() {
		return
	}
	var live []uint64
	for i := range in.tableCall("size") {
		if handle := in.tableCall("get", i); handle >= firstHandle {
			live = append(live, handle)
		}
	}
	in.heap.sweep(live)
}

func firstLine(text string) string {
	for i, c := range text {
		if c == '\n' && i > 0 {
			return text[:i]
		}
	}
	return text
}
