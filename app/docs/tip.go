package docs

import (
	"context"
	"fmt"
	"slices"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// rootOps is how many operations the root change has; it is the first change of
// every document and never stored (rule D5).
const rootOps = 7

// strikes is how many changes of one author an engine may refuse in one document
// before the others wait (rule D14).
const strikes = 3

// tip is the writer's picture of one document: which changes are complete, which
// wait, and where the next one goes. It is touched only inside transactions.
type tip struct {
	v       *view
	row     DocRow
	content docContent
	changed bool // row has to be written

	actors  map[doc.Actor]*actor
	byN     map[int64]*actor
	known   known
	heads   map[seal.ID]bool // hashes of complete changes that no complete one follows
	place   uint64           // of the last complete change
	refused map[seal.ID]int  // by person
	waiters
	tally
	cards  []card
	folded cards
}

// waiters are the changes that are not handed out yet.
type waiters struct {
	open    map[seal.ID]*entry // by hash
	waiting map[seal.ID][]seal.ID
	crowded bool // some are only on disk
}

// tally is what the list shows of the rows below a document.
type tally struct {
	counts  Counts
	counted bool // counts is right
}

// actor is one actor of a document, as far as its changes are here.
type actor struct {
	n int64
	actorContent
	last uint64 // number of its last complete change
	end  uint64 // the last operation of that
	high uint64 // the greatest number of any of its changes
}

// entry is a change with what it says about others.
type entry struct {
	row    ChangeRow
	c      changeContent
	actor  *actor
	kept   bool   // it was handed out before, or others build on it: not parked, not hidden
	hidden bool   // beyond the fences of a removal
	reason string // why it is bad
}

func (e *entry) end() uint64 { return e.c.Start + e.c.Ops - 1 }

// newTip is the picture of a document that has nothing yet.
func newTip(v *view, row DocRow) *tip {
	return &tip{
		v: v, row: row, actors: map[doc.Actor]*actor{}, byN: map[int64]*actor{}, known: newKnown(),
		waiters: waiters{open: map[seal.ID]*entry{}, waiting: map[seal.ID][]seal.ID{}}, heads: map[seal.ID]bool{},
		refused: map[seal.ID]int{}, folded: foldCards(nil, false), content: docContent{V: version},
	}
}

// loadTip reads the picture of a document. Every change is judged again, as if it
// came now, the complete ones in their order: so a row whose state was damaged
// finds it again, and a refused change takes along what builds on it. moved says
// that something handed out before is not, or in another order.
func loadTip(ctx context.Context, v *view, row DocRow) (t *tip, moved bool, err error) {
	t = newTip(v, row)
	was, err := row.content()
	if err == nil {
		t.content.OwnSeq = was.OwnSeq
	}
	if err := t.loadCards(ctx); err != nil {
		return nil, false, err
	}
	if err := t.loadActors(ctx); err != nil {
		return nil, false, err
	}
	if moved, err = t.loadChanges(ctx); err != nil {
		return nil, false, err
	}
	t.changed = row.Damaged || t.content != was || t.row.Made != t.folded.made
	if t.changed && row.N != 0 {
		err = t.save(ctx)
	}
	return t, moved, err
}

func (t *tip) loadActors(ctx context.Context) error {
	rows, err := t.v.storage().Actors(ctx, t.row.N)
	if err != nil {
		return err
	}
	for _, row := range rows {
		c, err := t.v.actorContent(ctx, row)
		if err != nil {
			return err
		}
		t.keep(&actor{n: row.N, actorContent: c})
	}
	return nil
}

func (t *tip) keep(a *actor) {
	t.actors[a.Actor] = a
	t.byN[a.n] = a
}

// loadChanges judges all stored changes again and writes what is different.
func (t *tip) loadChanges(ctx context.Context) (moved bool, err error) {
	rows, err := t.v.storage().Changes(ctx, t.row.N)
	if err != nil {
		return false, err
	}
	hidden, err := t.v.team.Hidden(ctx, t.row.Space)
	if err != nil {
		return false, err
	}
	entries := make([]*entry, 0, len(rows))
	for _, row := range rows {
		e, err := t.v.entryOf(ctx, t, row)
		if err != nil {
			moved = true
			if a := t.byN[row.Actor]; a != nil {
				a.high = max(a.high, row.Seq) // its place is found again when it comes again
			}
			continue // reported; it is as if it were not here
		}
		e.hidden = hidden[row.Envelope]
		e.kept = row.State == Complete && !e.hidden
		entries = append(entries, e)
		if row.State == Refused {
			t.refused[e.actor.Person]++
		}
		e.actor.high = max(e.actor.high, row.Seq)
	}
	slices.SortStableFunc(entries, func(a, b *entry) int { return compareBefore(a.row, b.row) })
	for _, e := range entries {
		if e.row.State == Refused {
			t.known.remember(e.row.Hash, node{Refused, e.end(), e.row.Envelope})
			continue
		}
		e.row.Place, e.row.State = 0, Open
		if _, err := t.settle(ctx, e); err != nil {
			return false, err
		}
	}
	t.known.trim()
	stored := make(map[int64]ChangeRow, len(rows))
	for _, row := range rows {
		stored[row.N] = row
	}
	for _, e := range entries {
		was := stored[e.row.N]
		if was.State == e.row.State && was.Place == e.row.Place && was.Actor == e.row.Actor && !was.Damaged {
			continue
		}
		moved = moved || was.State == Complete || was.Damaged
		if err := t.v.storage().PutChange(ctx, e.row); err != nil {
			return false, err
		}
	}
	return moved, nil
}

// compareBefore sorts complete changes by place, and then the others by arrival.
func compareBefore(a, b ChangeRow) int {
	switch {
	case a.State == Complete && b.State != Complete:
		return -1
	case a.State != Complete && b.State == Complete:
		return 1
	case a.State == Complete && a.Place != b.Place:
		if a.Place < b.Place {
			return -1
		}
		return 1
	}
	return int(a.N - b.N)
}

// save writes the row of the document.
func (t *tip) save(ctx context.Context) (err error) {
	t.row.Made, t.row.Damaged = t.folded.made, false
	if t.row.Content, err = t.content.encode(); err != nil {
		return err
	}
	if t.row.N, err = t.v.storage().PutDoc(ctx, t.row); err != nil {
		return fmt.Errorf("store document: %w", err)
	}
	t.changed = false
	return nil
}

// note counts an envelope that belongs to the document for what is shown of it.
func (t *tip) note(ms int64, by, device seal.ID, chainSeq uint64) {
	if later(ms, by, t.content.ChangedMs, t.content.ChangedBy) {
		t.content.ChangedMs, t.content.ChangedBy = ms, by
		t.changed = true
	}
	t.noteOwn(device, chainSeq)
}

// noteOwn remembers this device's last envelope about the document.
func (t *tip) noteOwn(device seal.ID, chainSeq uint64) {
	if _, own := t.v.team.Self(); device == own && chainSeq > t.content.OwnSeq {
		t.content.OwnSeq = chainSeq
		t.changed = true
	}
}

// apply takes what the cards say.
func (c *docContent) apply(f cards) {
	c.Title, c.Folder, c.Trashed = f.title, f.folder, f.trashed
	c.Author, c.CreatedMs = f.author, f.createdMs
	if later(f.changedMs, f.changedBy, c.ChangedMs, c.ChangedBy) {
		c.ChangedMs, c.ChangedBy = f.changedMs, f.changedBy
	}
}
