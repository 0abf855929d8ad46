package docs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// How long the node's own engine lives, and with how many documents.
const (
	engineIdle = 60 * time.Second
	maxAtDesk  = 2
	maxRepairs = 8 // refused changes that one use sets aside
)

// desk is where the node itself reads and writes documents: an engine, started
// when a text is needed and closed when nobody needed one for a minute, and the
// documents that were used last. One document is worked on at a time.
type desk struct {
	s *Service

	working sync.Mutex // held while a document is worked on
	engine  doc.Engine // guarded by working; nil until needed
	sheets  []*sheet   // guarded by working; the last used one is last

	mu   sync.Mutex
	idle *time.Timer      // guarded by mu; nil before the first use
	gone map[deskKey]bool // guarded by mu; to be loaded again
}

// deskKey names a document of any workspace.
type deskKey struct {
	ws seal.ID
	id doc.ID
}

// sheet is one document that the engine has loaded.
type sheet struct {
	deskKey
	document doc.Document
	token    string
	number   uint32
	at       uint64 // the place of the last change in it
}

func newDesk(s *Service) *desk { return &desk{s: s, gone: map[deskKey]bool{}} }

// use gives a document, brought up to date, to fn.
func (d *desk) use(ctx context.Context, v *view, row DocRow, fn func(x *sheet) error) error {
	d.working.Lock()
	defer d.working.Unlock()
	defer d.rest()
	var x *sheet
	for repairs := 0; ; repairs++ {
		var refused *refusal
		err := errors.Join(d.start(), ctx.Err())
		if err == nil {
			x, err = d.sheet(ctx, v, row)
		}
		if err == nil {
			break
		}
		if !errors.As(err, &refused) || repairs == maxRepairs {
			return err
		}
		if err := d.s.ReportBad(ctx, v.ws, row.ID, []seal.ID{refused.hash}, refused.Error()); err != nil {
			return err
		}
	}
	return fn(x)
}

// refusal is a change that the engine does not take.
type refusal struct {
	hash  seal.ID
	cause error
}

func (r *refusal) Error() string { return r.cause.Error() }
func (r *refusal) Unwrap() error { return r.cause }

// start starts the engine where none runs.
func (d *desk) start() (err error) {
	if d.engine != nil {
		return nil
	}
	if d.s.config.Engine == nil {
		return ErrNoEngine
	}
	if d.engine, err = d.s.config.Engine(); err != nil {
		d.engine = nil
		return fmt.Errorf("%w: %w", ErrNoEngine, err)
	}
	return nil
}

// sheet finds or loads a document and brings it up to date.
func (d *desk) sheet(ctx context.Context, v *view, row DocRow) (*sheet, error) {
	key := deskKey{v.ws, row.ID}
	d.mu.Lock()
	forgotten := d.gone
	d.gone = map[deskKey]bool{}
	d.mu.Unlock()
	kept := d.sheets[:0]
	var x *sheet
	for _, other := range d.sheets {
		switch {
		case forgotten[other.deskKey]:
			d.drop(other)
		case other.deskKey == key:
			x = other
		default:
			kept = append(kept, other)
		}
	}
	d.sheets = kept
	if x == nil {
		for len(d.sheets) >= maxAtDesk {
			d.drop(d.sheets[0])
			d.sheets = d.sheets[1:]
		}
		var err error
		if x, err = d.load(ctx, v, row); err != nil {
			return nil, err
		}
	} else if err := d.refresh(ctx, v, row, x); err != nil {
		d.drop(x)
		return nil, err
	}
	d.sheets = append(d.sheets, x)
	return x, nil
}

// load leases a session and loads a document.
func (d *desk) load(ctx context.Context, v *view, row DocRow) (*sheet, error) {
	x := &sheet{deskKey: deskKey{v.ws, row.ID}}
	err := v.withTip(ctx, row, func(t *tip) error {
		x.token, x.number = v.leases.take(row.ID, true, func(n uint32) bool { return t.free(v.actor(row.ID, n)) })
		return nil
	})
	if err != nil {
		return nil, err
	}
	data, at, err := v.contentOf(ctx, row)
	if err == nil {
		x.at = at
		x.document, err = d.engine.Load(ctx, data, v.actor(row.ID, x.number))
	}
	if isRefusal(ctx, err) {
		x.document, err = d.loadSlowly(ctx, v, row, x)
	}
	if err != nil {
		v.leases.drop(row.ID, x.token)
		return nil, err
	}
	return x, nil
}

// loadSlowly loads a document change by change, to find the one that the engine
// refuses. A snapshot that cannot be read is forgotten.
func (d *desk) loadSlowly(ctx context.Context, v *view, row DocRow, x *sheet) (doc.Document, error) {
	err := v.storage().Write(ctx, func(ctx context.Context) error { return v.storage().DropCache(ctx, row.N, SnapshotCache) })
	if err != nil {
		return nil, err
	}
	document, err := d.engine.New(ctx, v.actor(row.ID, x.number))
	if err != nil {
		return nil, err
	}
	x.document, x.at = document, 0
	if err := d.refresh(ctx, v, row, x); err != nil {
		return nil, errors.Join(err, document.Close())
	}
	return document, nil
}

// refresh applies what became complete since.
func (d *desk) refresh(ctx context.Context, v *view, row DocRow, x *sheet) error {
	var later []ChangeRow
	if err := v.eachLater(ctx, row, x.at, func(r ChangeRow) { later = append(later, r) }); err != nil || len(later) == 0 {
		return err
	}
	err := applyRows(ctx, x.document, later)
	if isRefusal(ctx, err) {
		err = findRefused(ctx, x.document, later)
	}
	x.at = later[len(later)-1].Place
	return err
}

// isRefusal reports whether an engine failed because of what it was given: crafted
// changes make it trap. Running out of time is nobody's fault.
func isRefusal(ctx context.Context, err error) bool {
	return ctx.Err() == nil && (errors.Is(err, doc.ErrUndecodable) || errors.Is(err, doc.ErrMissingDeps) || errors.Is(err, doc.ErrEngine))
}

func applyRows(ctx context.Context, document doc.Document, rows []ChangeRow) error {
	changes := make([][]byte, len(rows))
	for i, r := range rows {
		changes[i] = r.Bytes
	}
	return document.Apply(ctx, changes)
}

// findRefused applies changes, halving where the engine refuses some, and reports
// the first that it does not take.
func findRefused(ctx context.Context, document doc.Document, rows []ChangeRow) error {
	if len(rows) == 0 {
		return nil
	}
	err := applyRows(ctx, document, rows)
	switch {
	case !isRefusal(ctx, err):
		return err
	case len(rows) == 1:
		return &refusal{rows[0].Hash, err}
	}
	if err := findRefused(ctx, document, rows[:len(rows)/2]); err != nil {
		return err
	}
	return findRefused(ctx, document, rows[len(rows)/2:])
}

// edit makes a change with the engine and stores it. One that cannot be stored is
// forgotten together with the loaded document.
func (d *desk) edit(ctx context.Context, v *view, row DocRow, x *sheet, edit func(doc.Edit) error) error {
	data, err := x.document.Change(ctx, v.service.config.Now(), edit)
	if err != nil || data == nil {
		return err
	}
	data = shrink(data)
	h, err := ownHeader(data, v.actor(row.ID, x.number))
	if err == nil {
		err = v.appendChange(ctx, row, x.token, x.number, h, data)
	}
	if err != nil {
		d.forget(x.deskKey)
	}
	return err
}

// forget makes the next use load a document again.
func (d *desk) forget(key deskKey) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gone[key] = true
}

// drop closes a document. working is held.
func (d *desk) drop(x *sheet) {
	if v, err := d.s.view(x.ws); err == nil {
		v.leases.drop(x.id, x.token)
	}
	if err := x.document.Close(); err != nil {
		d.s.config.Log.Warn("close document", "id", x.id.String(), "err", err)
	}
}

// rest closes the engine when it was not used for a while.
func (d *desk) rest() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.idle == nil {
		d.idle = time.AfterFunc(engineIdle, d.close)
		return
	}
	d.idle.Reset(engineIdle)
}

// close closes the engine; the next use starts it again.
func (d *desk) close() {
	d.working.Lock()
	defer d.working.Unlock()
	d.mu.Lock()
	if d.idle != nil {
		d.idle.Stop()
	}
	d.mu.Unlock()
	for _, x := range d.sheets {
		d.drop(x)
	}
	d.sheets = nil
	if d.engine == nil {
		return
	}
	if err := d.engine.Close(); err != nil {
		d.s.config.Log.Warn("close the document engine", "err", err)
	}
	d.engine = nil
}
