package docs

import (
	"context"
	"fmt"
	"slices"

	"parvis/app/workspace"
	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// maxTips is how many documents the writer keeps in memory.
const maxTips = 64

// fold is the writer's picture of one workspace's documents. It lives from the
// first write to the next rollback and is touched only inside transactions, of
// which there is one at a time.
type fold struct {
	v    *view
	rows map[place]DocRow
	tips map[place]*tip
}

// place names a document inside a workspace.
type place struct {
	space seal.SpaceID
	doc   doc.ID
}

// openFold reads the list of documents from the store.
func openFold(ctx context.Context, v *view) (*fold, error) {
	f := &fold{v: v, rows: map[place]DocRow{}, tips: map[place]*tip{}}
	rows, err := v.storage().DocRows(ctx, v.ws)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		f.rows[place{row.Space, row.ID}] = row
	}
	return f, nil
}

// tip finds or makes the picture of a document.
func (f *fold) tip(ctx context.Context, p place, c *changes) (*tip, error) {
	if t, ok := f.tips[p]; ok {
		if !t.crowded || len(t.open) >= maxOpen/2 {
			return t, nil
		}
		err := f.again(ctx, p, c) // there is room for those that wait on disk
		return f.tips[p], err
	}
	row, ok := f.rows[p]
	if !ok {
		t := newTip(f.v, DocRow{Workspace: f.v.ws, Space: p.space, ID: p.doc})
		if err := t.save(ctx); err != nil {
			return nil, err
		}
		f.tips[p], f.rows[p] = t, t.row
		return t, nil
	}
	t, moved, err := loadTip(ctx, f.v, row)
	if err != nil {
		return nil, fmt.Errorf("read document %s: %w", p.doc, err)
	}
	if moved {
		if err := f.v.storage().DropCache(ctx, row.N, SnapshotCache); err != nil {
			return nil, err
		}
		c.reload(p.doc)
		c.tips[t] = true
	}
	if len(f.tips) >= maxTips {
		f.forget(c)
	}
	f.tips[p], f.rows[p] = t, t.row
	return t, nil
}

// forget drops the pictures that this batch did not touch.
func (f *fold) forget(c *changes) {
	for p, t := range f.tips {
		if !c.tips[t] {
			delete(f.tips, p)
		}
	}
}

// again reads a document's picture anew, because its changes were changed.
func (f *fold) again(ctx context.Context, p place, c *changes) error {
	if t := f.tips[p]; t != nil {
		delete(c.tips, t)
		t.counted = false
		if err := t.save(ctx); err != nil {
			return err
		}
		f.rows[p] = t.row
	}
	delete(f.tips, p)
	t, err := f.tip(ctx, p, c)
	if err != nil {
		return err
	}
	c.tips[t] = true
	return nil
}

// add folds one envelope. It changes nothing when the envelope is known.
func (f *fold) add(ctx context.Context, o workspace.Opened, b Body, c *changes) error {
	t, err := f.tip(ctx, place{o.Space, b.Doc}, c)
	if err != nil {
		return err
	}
	if b.Op == OpChange {
		return f.addChange(ctx, t, o, b, c)
	}
	if known, err := f.noted(ctx, o, c); err != nil || known {
		return err
	}
	flags := f.v.noteFlags(o, b, "")
	t.counted = t.counted && flags != MentionsMe
	if err := f.addNote(ctx, t, o, b, "", flags); err != nil {
		return err
	}
	t.noteOwn(o.Device, o.Seq)
	c.tips[t] = true
	if err := f.learnFiles(ctx, o, b); err != nil {
		return err
	}
	switch {
	case b.Op == OpCard:
		t.addCard(card{id: o.ID, person: o.Person, hintMs: o.HintMs, deps: o.Deps, hidden: o.Hidden, Card: *b.Card}, c)
	case flags == MentionsMe:
		c.mentions = append(c.mentions, Mentioned{
			Document: Document{ID: b.Doc}, Comment: b.Mention.Comment, Author: o.Person, Text: b.Mention.Text, AtMs: o.HintMs,
		})
	}
	return nil
}

// learnFiles notes the files that an envelope refers to.
func (f *fold) learnFiles(ctx context.Context, o workspace.Opened, b Body) error {
	files := f.v.service.config.Files
	if files == nil || o.Hidden {
		return nil
	}
	for _, ref := range b.Files {
		if err := files.Learn(ctx, f.v.ws, o.Space, ref); err != nil {
			return fmt.Errorf("note a file of document %s: %w", b.Doc, err)
		}
	}
	return nil
}

// noted reports whether an envelope has a note, and why if it is a bad one.
func (f *fold) noted(ctx context.Context, o workspace.Opened, c *changes) (bool, error) {
	row, found, err := f.v.storage().Note(ctx, o.ID)
	if err != nil || !found {
		return false, err
	}
	if n, err := row.content(); err == nil && n.Reason != "" {
		c.bad[o.ID] = n.Reason
	}
	return true, nil
}

func (f *fold) addNote(ctx context.Context, t *tip, o workspace.Opened, b Body, reason string, flags NoteFlags) error {
	row, err := noteRow(o, b, reason, flags)
	if err != nil {
		return err
	}
	row.Doc = t.row.N
	_, err = f.v.storage().AddNote(ctx, row)
	return err
}

// mentionsMe: mentions of the own person by others count, those from before one
// joined do not.
func (v *view) mentionsMe(o workspace.Opened, m Mention) bool {
	self, _ := v.team.Self()
	return o.Person != self && o.HintMs >= v.team.Standing().JoinedMs && slices.Contains(m.People, self)
}

// addCard takes a card operation and folds all of the document again.
func (t *tip) addCard(added card, c *changes) {
	t.cards = append(t.cards, added)
	before := t.folded.bad
	t.refold()
	t.changed = true
	for id, reason := range t.folded.bad {
		if _, known := before[id]; !known {
			c.bad[id] = reason
		}
	}
}

// save writes the documents that a batch touched and takes their pictures.
func (f *fold) save(ctx context.Context, c *changes) error {
	for t := range c.tips {
		if t.changed || t.row.Made != t.folded.made {
			if err := t.save(ctx); err != nil {
				return err
			}
			f.rows[place{t.row.Space, t.row.ID}] = t.row
		}
		t.known.trim()
	}
	return c.takePictures(ctx, f.v)
}
