//go:build automerge_native && cgo

package native

// #include "automerge.h"
import "C"

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// Engine implements [doc.Engine].
type Engine struct {
	mu     sync.Mutex
	closed bool
	open   map[*document]struct{}
}

// New makes an engine.
func New() *Engine { return &Engine{open: map[*document]struct{}{}} }

// New implements [doc.Engine].
func (e *Engine) New(ctx context.Context, actor doc.Actor) (doc.Document, error) {
	return e.Load(ctx, doc.RootChange(), actor)
}

// Load implements [doc.Engine].
func (e *Engine) Load(_ context.Context, data []byte, actor doc.Actor) (doc.Document, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, doc.ErrClosed
	}
	d := &document{engine: e, actor: actor}
	var s scope
	defer s.free()
	span := s.bytes(data)
	err := d.hold(&s, C.AMload(span.src, span.count))
	if err == nil {
		err = d.complete(&s)
	}
	if err != nil {
		d.drop()
		return nil, fmt.Errorf("load document: %w", decodeError(err))
	}
	e.open[d] = struct{}{}
	return d, nil
}

// Close implements [doc.Engine].
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	open := e.open
	e.open = nil
	e.mu.Unlock()
	for d := range open {
		_ = d.Close() // cannot fail
	}
	return nil
}

func decodeError(err error) error {
	said, ok := errors.AsType[fault](err)
	switch {
	case !ok:
		return err
	case strings.Contains(string(said), "deps should already be"):
		return errors.Join(doc.ErrMissingDeps, err)
	}
	return errors.Join(doc.ErrUndecodable, err)
}

// document implements [doc.Document].
type document struct {
	engine *Engine
	actor  doc.Actor
	past   []*document // earlier states that are read

	mu     sync.Mutex
	holder *C.AMresult // what c lives in
	c      *C.AMdoc
}

// hold takes a document out of a result and frees the one before.
func (d *document) hold(s *scope, r *C.AMresult) error {
	items, err := itemsOf(r)
	var c *C.AMdoc
	if err != nil || len(items) != 1 || !C.AMitemToDoc(items[0], &c) {
		C.AMresultFree(r)
		if err == nil {
			err = fmt.Errorf("%w: no document", doc.ErrUndecodable)
		}
		return err
	}
	d.drop()
	d.holder, d.c = r, c
	actor := s.bytes(d.actor[:])
	item, err := s.item(C.AMactorIdFromBytes(actor.src, actor.count))
	if err != nil {
		return err
	}
	var id *C.AMactorId
	C.AMitemToActorId(item, &id)
	return s.done(C.AMsetActorId(d.c, id))
}

func (d *document) drop() {
	if d.holder != nil {
		C.AMresultFree(d.holder)
	}
	d.holder, d.c = nil, nil
}

// do runs f on the document, one at a time.
func (d *document) do(ctx context.Context, f func(s *scope) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.c == nil {
		return doc.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", doc.ErrEngine, err)
	}
	var s scope
	defer s.free()
	return f(&s)
}

// Close implements [doc.Document].
func (d *document) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, past := range d.past {
		_ = past.Close() // cannot fail
	}
	d.past = nil
	d.drop()
	d.engine.mu.Lock()
	defer d.engine.mu.Unlock()
	delete(d.engine.open, d)
	return nil
}

// Heads implements [doc.Reader].
func (d *document) Heads() []seal.ID {
	var heads []seal.ID
	_ = d.do(context.Background(), func(s *scope) error { heads = d.heads(s); return nil }) // a closed document has none
	return heads
}

func (d *document) heads(s *scope) []seal.ID {
	items, err := s.items(C.AMgetHeads(d.c))
	if err != nil {
		return nil
	}
	return sortedHashes(items)
}

func sortedHashes(items []*C.AMitem) []seal.ID {
	var all []seal.ID
	for _, item := range items {
		var span C.AMbyteSpan
		C.AMitemToChangeHash(item, &span)
		all = append(all, seal.ID(data(span)))
	}
	slices.SortFunc(all, seal.ID.Compare)
	return all
}

// hashes are heads as an argument; nil for none.
func (s *scope) hashes(heads []seal.ID) (*C.AMitems, error) {
	if len(heads) == 0 {
		return nil, nil
	}
	var results []*C.AMresult
	for _, head := range heads {
		results = append(results, C.AMitemFromChangeHash(s.bytes(head[:])))
	}
	items, err := s.join(results)
	return &items, err
}

// complete fails when changes wait for others.
func (d *document) complete(s *scope) error {
	missing, err := s.items(C.AMgetMissingDeps(d.c, nil))
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("%w: %d", doc.ErrMissingDeps, len(missing))
	}
	return err
}

// Apply implements [doc.Writer].
func (d *document) Apply(ctx context.Context, changes [][]byte) error {
	if len(changes) == 0 {
		return nil
	}
	err := d.do(ctx, func(s *scope) error {
		var results []*C.AMresult
		for _, change := range changes {
			span := s.bytes(change)
			results = append(results, C.AMchangeFromBytes(span.src, span.count))
		}
		items, err := s.join(results)
		if err != nil {
			return decodeError(err)
		}
		before := d.heads(s)
		err = s.done(C.AMapplyChanges(d.c, &items))
		if err == nil {
			err = d.complete(s)
		}
		if err != nil {
			return errors.Join(decodeError(err), d.back(s, before))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("apply changes: %w", err)
	}
	return nil
}

// back makes the document what it was at some heads.
func (d *document) back(s *scope, heads []seal.ID) error {
	items, err := s.hashes(heads)
	if err != nil {
		return err
	}
	return d.hold(s, C.AMfork(d.c, items))
}

// Change implements [doc.Writer].
func (d *document) Change(ctx context.Context, at time.Time, run func(doc.Edit) error) (change []byte, err error) {
	err = d.do(ctx, func(s *scope) error {
		if err := run(&edit{scope: s, c: d.c}); err != nil {
			C.AMrollback(d.c)
			return err
		}
		seconds := C.int64_t(at.Unix())
		hash, err := s.item(C.AMcommit(d.c, C.AMbyteSpan{}, &seconds))
		if err != nil || hash == nil {
			return err
		}
		last, err := s.item(C.AMgetLastLocalChange(d.c))
		if err != nil {
			return err
		}
		change = rawChange(last)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("change document: %w", err)
	}
	return change, nil
}

func rawChange(item *C.AMitem) []byte {
	var change *C.AMchange
	C.AMitemToChange(item, &change)
	return data(C.AMchangeRawBytes(change))
}

// Changes implements [doc.Writer].
func (d *document) Changes(ctx context.Context, since []seal.ID) (changes [][]byte, err error) {
	err = d.do(ctx, func(s *scope) error {
		heads, err := s.hashes(since)
		if err != nil {
			return err
		}
		items, err := s.items(C.AMgetChanges(d.c, heads))
		for _, item := range items {
			changes = append(changes, rawChange(item))
		}
		return err
	})
	return changes, err
}

// At implements [doc.Writer].
func (d *document) At(ctx context.Context, heads []seal.ID) (doc.Reader, error) {
	past := &document{engine: d.engine, actor: d.actor}
	err := d.do(ctx, func(s *scope) error {
		for _, head := range heads {
			span := s.bytes(head[:])
			if found, err := s.item(C.AMgetChangeByHash(d.c, span.src, span.count)); err != nil || found == nil {
				return errors.Join(doc.ErrMissingDeps, err)
			}
		}
		items, err := s.hashes(heads)
		if err != nil {
			return err
		}
		d.past = append(d.past, past)
		return past.hold(s, C.AMfork(d.c, items))
	})
	if err != nil {
		return nil, fmt.Errorf("earlier state of document: %w", err)
	}
	return past, nil
}

// Diff implements [doc.Writer]: it cannot.
func (d *document) Diff(context.Context, []seal.ID, []seal.ID) ([]doc.Patch, error) {
	return nil, fmt.Errorf("compare states of document: %w", errors.ErrUnsupported)
}

// Save implements [doc.Reader].
func (d *document) Save(ctx context.Context) (file []byte, err error) {
	err = d.do(ctx, func(s *scope) error {
		item, err := s.item(C.AMsave(d.c))
		file = bytes.Clone(value(item).Bytes)
		return err
	})
	return file, err
}
