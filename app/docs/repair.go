package docs

import (
	"context"
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// loadCards reads the card operations of a document.
func (t *tip) loadCards(ctx context.Context) error {
	rows, err := t.v.storage().Notes(ctx, t.row.N, OpCard)
	if err != nil {
		return err
	}
	for _, row := range rows {
		n, err := t.v.noteContent(ctx, row)
		if err != nil || n.Card == nil {
			continue // reported
		}
		t.cards = append(t.cards, card{
			id: row.Envelope, person: n.Person, hintMs: n.HintMs, deps: n.Deps, hidden: row.Flags&Hidden != 0, Card: *n.Card,
		})
	}
	t.refold()
	return nil
}

// entryOf opens the row of a change; a damaged one is made again from its
// envelope, and the user is told.
func (v *view) entryOf(ctx context.Context, t *tip, row ChangeRow) (*entry, error) {
	c, err := row.content()
	a := t.byN[row.Actor]
	if err == nil && !row.Damaged && a != nil {
		return &entry{row: row, c: c, actor: a}, nil
	}
	restored, a, err := v.refoldChange(ctx, t, row)
	if err != nil {
		v.lost("A stored change of a document", row.Envelope, err)
		return nil, err
	}
	v.restored("A stored change of a document", row.Envelope)
	c, err = restored.content()
	return &entry{row: restored, c: c, actor: a}, err
}

// refoldChange makes the row of a change again from its envelope. Its place and
// state are found by who judges it.
func (v *view) refoldChange(ctx context.Context, t *tip, row ChangeRow) (ChangeRow, *actor, error) {
	o, b, err := v.reopen(ctx, row.Envelope)
	if err != nil {
		return row, nil, err
	}
	h, err := readChange(o, b)
	if err != nil {
		return row, nil, err
	}
	restored, err := changeRow(o, h, b.Change)
	if err != nil {
		return row, nil, err
	}
	a, err := t.actorOf(ctx, h.Actor, o, b.Session)
	if err != nil {
		return row, nil, err
	}
	restored.N, restored.Doc, restored.Actor, restored.State, restored.Damaged = row.N, t.row.N, a.n, row.State, true
	return restored, a, nil
}

// actorContent opens the row of an actor; a damaged one is made again from one of
// its changes.
func (v *view) actorContent(ctx context.Context, row ActorRow) (actorContent, error) {
	if !row.Damaged {
		if c, err := seal.Decode[actorContent](row.Content); err == nil {
			return c, nil
		}
	}
	changes, err := v.storage().Changes(ctx, row.Doc)
	if err != nil {
		return actorContent{}, err
	}
	for _, r := range changes {
		if r.Actor != row.N {
			continue
		}
		o, b, err := v.reopen(ctx, r.Envelope)
		if err != nil {
			continue
		}
		h, err := readChange(o, b)
		if err != nil {
			continue
		}
		c := actorContent{V: version, Actor: h.Actor, Device: o.Device, Person: o.Person, Session: b.Session}
		if row.Content, err = seal.Encode(c); err != nil {
			return c, err
		}
		v.restored("The stored name of an author", r.Envelope)
		return c, v.storage().Write(ctx, func(ctx context.Context) error {
			_, err := v.storage().PutActor(ctx, row)
			return err
		})
	}
	return actorContent{}, fmt.Errorf("actor %d of document %d is damaged: %w", row.N, row.Doc, ErrNotFound)
}

// noteContent opens the row of a note; a damaged one is made again from its
// envelope.
func (v *view) noteContent(ctx context.Context, row NoteRow) (noteContent, error) {
	if !row.Damaged {
		if c, err := row.content(); err == nil {
			return c, nil
		}
	}
	restored, err := v.refoldNote(ctx, row)
	if err != nil {
		v.lost("A stored fact about a document", row.Envelope, err)
		return noteContent{}, err
	}
	v.restored("A stored fact about a document", row.Envelope)
	return restored.content()
}

func (v *view) refoldNote(ctx context.Context, row NoteRow) (NoteRow, error) {
	o, b, err := v.reopen(ctx, row.Envelope)
	if err != nil {
		return row, err
	}
	reason, flags := "", NoteFlags(0)
	switch {
	case b.Op == OpChange:
		reason, flags = "it breaks a rule of its document", Unusable
		if _, err := readChange(o, b); err != nil {
			reason = err.Error()
		}
	case b.Op == OpMention && v.mentionsMe(o, *b.Mention):
		flags = MentionsMe
	}
	if o.Hidden {
		flags = Hidden
	}
	restored, err := noteRow(o, b, reason, flags)
	if err != nil {
		return row, err
	}
	restored.N, restored.Doc = row.N, row.Doc
	docs, err := v.storage().DocRows(ctx, v.ws)
	if err != nil {
		return row, err
	}
	for _, d := range docs {
		if d.Space == o.Space && d.ID == b.Doc {
			restored.Doc = d.N
		}
	}
	return restored, v.storage().Write(ctx, func(ctx context.Context) error { return v.storage().PutNote(ctx, restored) })
}

// reopen opens an envelope again and reads its body.
func (v *view) reopen(ctx context.Context, id seal.ID) (o workspace.Opened, b Body, err error) {
	if o, err = v.team.Reopen(ctx, id); err != nil {
		return o, b, fmt.Errorf("open envelope %s again: %w", id.Short(), err)
	}
	b, err = Decode(o.Body, o.Space, o.Device)
	return o, b, err
}

// repairDoc computes the row of a document again from what lies below it. It tells
// no change: whoever reads the list waits for it.
func (v *view) repairDoc(ctx context.Context, row DocRow) (DocRow, error) {
	err := v.storage().Write(ctx, func(ctx context.Context) error {
		t, _, err := loadTip(ctx, v, row)
		if err == nil {
			row = t.row
		}
		v.Reset() // whatever picture there is was made from the damaged row
		return err
	})
	if err != nil {
		return row, fmt.Errorf("repair document %s: %w", row.ID, err)
	}
	v.trouble("The stored card of a document (%s) was damaged and was restored from its envelopes.", row.ID.String()[:8])
	return row, nil
}

func (v *view) restored(what string, id seal.ID) {
	v.trouble("%s (%s) was damaged and was restored from its envelope.", what, id.Short())
}

func (v *view) lost(what string, id seal.ID, err error) {
	v.service.config.Log.Error("damaged row of a document", "workspace", v.ws.Short(), "envelope", id.Short(), "err", err)
	v.trouble("%s (%s) was damaged and could not be restored.", what, id.Short())
}
