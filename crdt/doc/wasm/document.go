package wasm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// document implements [doc.Document] with an instance of its own. When that is broken,
// by a trap, by a deadline or by changes that it took only in part, the document goes
// on in a new one, made of its journal.
type document struct {
	engine *Engine
	actor  doc.Actor

	mu      sync.Mutex
	closed  bool
	in      *instance
	self    uint64 // the engine's pointer to the document
	heads   []seal.ID
	journal journal
}

// do runs f with the instance in place. Whatever f leaves broken is dropped.
func (d *document) do(ctx context.Context, f func(ctx context.Context) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return doc.ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, maxCall)
	defer cancel()
	if d.in == nil {
		if err := d.rebuild(ctx); err != nil {
			return errors.Join(err, d.drop())
		}
	}
	err := f(ctx)
	if d.in != nil && d.in.broken {
		return errors.Join(err, d.drop())
	}
	return err
}

// write is do for what changes the document: after a failure of the engine nobody knows
// how far it came.
func (d *document) write(ctx context.Context, f func(ctx context.Context) error) error {
	return d.do(ctx, func(ctx context.Context) error {
		err := f(ctx)
		if errors.Is(err, doc.ErrEngine) {
			return errors.Join(err, d.drop())
		}
		return err
	})
}

// drop frees the instance.
func (d *document) drop() error {
	if d.in == nil {
		return nil
	}
	err := d.in.close()
	d.in = nil
	return err
}

// rebuild makes an instance that holds what the journal does.
func (d *document) rebuild(ctx context.Context) error {
	in, err := d.engine.start(ctx)
	if err != nil {
		return err
	}
	d.in = in
	options := newObject().with("actor", d.actor.String())
	results, err := in.call(ctx, "load", in.heap.add(&byteArray{d.journal.base}), in.heap.add(options))
	if err != nil {
		return decodeError(err)
	}
	d.self = results[0]
	if err := d.registerStrings(ctx); err != nil {
		return err
	}
	if len(d.journal.changes) > 0 {
		if err := d.applyAll(ctx, d.journal.changes); err != nil {
			return err
		}
	}
	d.heads, err = d.readHeads(ctx)
	return err
}

// registerStrings makes the engine tell values that are strings from texts that can be
// edited, both ways, as the page does with ImmutableString.
func (d *document) registerStrings(ctx context.Context) error {
	construct := &function{func(_ value, args []value) (value, error) {
		if text, ok := args[0].(string); ok {
			return &scalar{text}, nil
		}
		return args[0], nil
	}}
	deconstruct := &function{func(_ value, args []value) (value, error) {
		if s, ok := args[0].(*scalar); ok {
			return s.text, nil
		}
		return undefined{}, nil
	}}
	_, err := d.invoke(ctx, "registerDatatype", "str", construct, deconstruct)
	return err
}

// invoke calls a method of the engine's document. Methods that return a reference or a
// string have their own.
func (d *document) invoke(ctx context.Context, method string, args ...value) (value, error) {
	return d.in.invoke(ctx, "automerge_"+method, d.handles(args)...)
}

// handles are the arguments of a method: the document itself, then one for each value.
func (d *document) handles(args []value) []uint64 {
	handles := []uint64{d.self}
	for _, arg := range args {
		handles = append(handles, d.in.heap.add(arg))
	}
	return handles
}

func (d *document) readHeads(ctx context.Context) ([]seal.ID, error) {
	v, err := d.in.invokeDirect(ctx, "automerge_getHeads", d.self)
	if err != nil {
		return nil, err
	}
	return parseHeads(v)
}

// parseHeads reads a list of hashes, and sorts it.
func parseHeads(v value) ([]seal.ID, error) {
	list, _ := v.(*array)
	if list == nil {
		return nil, fmt.Errorf("%w: no list of hashes", doc.ErrEngine)
	}
	heads := make([]seal.ID, len(list.items))
	for i, item := range list.items {
		hash, err := seal.ParseID(toString(item))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", doc.ErrEngine, err)
		}
		heads[i] = hash
	}
	slices.SortFunc(heads, seal.ID.Compare)
	return heads, nil
}

// hashes is the argument that heads are.
func hashes(heads []seal.ID) *array {
	list := &array{items: make([]value, len(heads))}
	for i, hash := range heads {
		list.items[i] = hash.String()
	}
	return list
}

// applyAll gives changes to the engine, which may take some of them and then fail.
func (d *document) applyAll(ctx context.Context, changes [][]byte) error {
	list := &array{items: make([]value, len(changes))}
	for i, change := range changes {
		list.items[i] = &byteArray{change}
	}
	_, err := d.invoke(ctx, "applyChanges", list)
	return decodeError(err)
}

// Apply implements [doc.Writer].
func (d *document) Apply(ctx context.Context, changes [][]byte) error {
	if len(changes) == 0 {
		return nil
	}
	err := d.write(ctx, func(ctx context.Context) error {
		err := d.applyAll(ctx, changes)
		if err == nil {
			err = d.nothingWaits(ctx)
		}
		if err != nil {
			return errors.Join(err, d.undo(ctx))
		}
		return d.took(ctx, changes...)
	})
	if err != nil {
		return fmt.Errorf("apply changes: %w", err)
	}
	return nil
}

// nothingWaits fails when the engine holds changes back because others are missing.
func (d *document) nothingWaits(ctx context.Context) error {
	missing, err := d.invoke(ctx, "getMissingDeps", &array{})
	if err != nil {
		return err
	}
	if n := lengthOf(missing); n > 0 {
		return fmt.Errorf("%w: %d, the first is %s", doc.ErrMissingDeps, n, toString(itemAt(missing, 0)))
	}
	return nil
}

// undo drops the instance when it is no longer what the journal says.
func (d *document) undo(ctx context.Context) error {
	heads, err := d.readHeads(ctx)
	if err == nil && slices.Equal(heads, d.heads) && d.nothingWaits(ctx) == nil {
		return nil
	}
	return d.drop()
}

// took enters changes that the engine has taken.
func (d *document) took(ctx context.Context, changes ...[]byte) error {
	heads, err := d.readHeads(ctx)
	if err != nil {
		return err
	}
	if slices.Equal(heads, d.heads) {
		return nil // it had them all
	}
	d.heads = heads
	d.journal.add(changes)
	if !d.journal.long() {
		return nil
	}
	if data, err := d.file(ctx, d.self); err == nil {
		d.journal = journal{base: data}
	}
	return nil // a document that cannot be saved has its long journal
}

// Change implements [doc.Writer].
func (d *document) Change(ctx context.Context, at time.Time, run func(doc.Edit) error) (change []byte, err error) {
	err = d.write(ctx, func(ctx context.Context) error {
		if failed := run(&edit{ctx: ctx, document: d}); failed != nil {
			_, err := d.in.call(ctx, "automerge_rollback", d.self)
			return errors.Join(failed, err)
		}
		change, err = d.commit(ctx, at)
		if err != nil || change == nil {
			return err
		}
		return d.took(ctx, change)
	})
	if err != nil {
		return nil, fmt.Errorf("change document: %w", err)
	}
	return change, nil
}

// commit ends a change and returns it, nil when it is empty.
func (d *document) commit(ctx context.Context, at time.Time) ([]byte, error) {
	hash, err := d.in.invokeDirect(ctx, "automerge_commit", d.self, 0, 0, 1, float(float64(at.Unix())))
	if err != nil || !isText(hash) {
		return nil, err
	}
	last, err := d.in.invokeDirect(ctx, "automerge_getLastLocalChange", d.self)
	if err != nil {
		return nil, err
	}
	data, ok := last.(*byteArray)
	if !ok {
		return nil, fmt.Errorf("%w: no change after a commit", doc.ErrEngine)
	}
	return data.data, nil
}

// Close implements [doc.Document].
func (d *document) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	d.journal = journal{}
	d.engine.forget(d)
	return d.drop()
}
