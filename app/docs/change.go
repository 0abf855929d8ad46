package docs

import (
	"context"
	"errors"
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/doc"
	"parvis/crdt/doc/change"
	"parvis/crdt/seal"
)

// readChange checks a change against what its envelope says of it (rules D4, D5).
func readChange(o workspace.Opened, b Body) (change.Header, error) {
	h, err := change.Parse(b.Change)
	switch {
	case err != nil:
		return h, err
	case h.Hash != *b.Hash:
		return h, errors.New("the change has another hash than its envelope says")
	case h.Actor != doc.ActorOf(o.Device, b.Doc, b.Session):
		return h, errors.New("the change was made by an actor of somebody else")
	case len(h.Deps) == 0:
		return h, errors.New("the change does not build on the root of the document")
	}
	return h, nil
}

// addChange folds a change.
func (f *fold) addChange(ctx context.Context, t *tip, o workspace.Opened, b Body, c *changes) error {
	h, err := readChange(o, b)
	if err != nil {
		return f.setAside(ctx, t, o, b, err.Error(), c)
	}
	row, err := changeRow(o, h, b.Change)
	if err != nil {
		return err
	}
	a, err := t.actorOf(ctx, h.Actor, o, b.Session)
	if err != nil {
		return err
	}
	row.Doc, row.Actor, row.State = t.row.N, a.n, Open
	if h.Seq <= a.high {
		old, found, err := f.v.storage().Slot(ctx, a.n, h.Seq)
		if err != nil {
			return err
		}
		if found {
			return f.rival(ctx, t, old, row, o, b, c)
		}
	}
	a.high = max(a.high, h.Seq)
	content, err := row.content()
	if err != nil {
		return err
	}
	settled, err := t.settle(ctx, &entry{row: row, c: content, actor: a, hidden: o.Hidden})
	if err != nil {
		return err
	}
	return f.keep(ctx, t, settled, o.Own, c)
}

// keep writes a new change, the first, and the others whose state it changed.
func (f *fold) keep(ctx context.Context, t *tip, settled []*entry, own bool, c *changes) (err error) {
	for i, e := range settled {
		if i == 0 {
			e.row.N, err = f.v.storage().AddChange(ctx, e.row)
		} else {
			err = f.v.storage().PutChange(ctx, e.row)
		}
		if err != nil {
			return err
		}
		if e.row.State == Bad {
			c.bad[e.row.Envelope], t.counted = e.reason, false
		}
	}
	c.tips[t] = true
	t.noteOwn(settled[0].actor.Device, settled[0].c.ChainSeq)
	return c.arrived(ctx, t, settled, own)
}

// rival is a change whose number its actor has used (rule D12): the same again, or
// another one. Of two, the one that stands first in its device's chain counts.
func (f *fold) rival(ctx context.Context, t *tip, old, row ChangeRow, o workspace.Opened, b Body, c *changes) error {
	if old.Envelope == row.Envelope && !old.Damaged {
		if old.State == Bad {
			c.bad[o.ID] = "it breaks a rule of its document"
		}
		return nil
	}
	e, err := f.v.entryOf(ctx, t, old)
	reason := fmt.Sprintf("another change of this author has the number %d", row.Seq)
	same := old.Hash == row.Hash
	switch {
	case err != nil: // it is lost; the new one takes its place
	case order(e.c.ChainSeq, e.row.Envelope, o.Seq, o.ID) < 0 && same:
		return nil
	case order(e.c.ChainSeq, e.row.Envelope, o.Seq, o.ID) < 0:
		return f.setAside(ctx, t, o, b, reason, c)
	case !same:
		c.bad[old.Envelope] = reason
		if err := f.demote(ctx, t, e, reason); err != nil {
			return err
		}
	}
	if row.N = old.N; same {
		row.State = old.State
	}
	if err := f.v.storage().PutChange(ctx, row); err != nil {
		return err
	}
	if err := f.v.storage().PutBytes(ctx, row); err != nil {
		return err
	}
	return f.again(ctx, place{t.row.Space, t.row.ID}, c)
}

// demote makes a note of a change that another one displaces.
func (f *fold) demote(ctx context.Context, t *tip, e *entry, reason string) error {
	a := e.actor
	o := workspace.Opened{ID: e.row.Envelope, Person: a.Person, Device: a.Device, Seq: e.c.ChainSeq, HintMs: e.c.HintMs, Hidden: e.hidden}
	b := Body{Op: OpChange}
	return f.addNote(ctx, t, o, b, reason, f.v.noteFlags(o, b, reason))
}

// setAside notes a change that breaks a rule by itself.
func (f *fold) setAside(ctx context.Context, t *tip, o workspace.Opened, b Body, reason string, c *changes) error {
	c.bad[o.ID] = reason
	c.tips[t], t.counted = true, false
	if known, err := f.noted(ctx, o, c); err != nil || known {
		return err
	}
	return f.addNote(ctx, t, o, b, reason, f.v.noteFlags(o, b, reason))
}

// actorOf finds or adds an actor that belongs to an envelope's device.
func (t *tip) actorOf(ctx context.Context, id doc.Actor, o workspace.Opened, session uint32) (*actor, error) {
	if a, ok := t.actors[id]; ok {
		return a, nil
	}
	a := &actor{actorContent: actorContent{V: version, Actor: id, Device: o.Device, Person: o.Person, Session: session}}
	data, err := seal.Encode(a.actorContent)
	if err != nil {
		return nil, err
	}
	if a.n, err = t.v.storage().PutActor(ctx, ActorRow{Doc: t.row.N, Content: data}); err != nil {
		return nil, err
	}
	t.keep(a)
	return a, nil
}
