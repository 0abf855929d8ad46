package docs

import (
	"fmt"
	"slices"

	"parvis/crdt/seal"
)

// card is one card operation of a document, with the card envelopes that its
// author knew.
type card struct {
	id     seal.ID
	person seal.ID
	hintMs int64
	deps   []seal.ID
	hidden bool // beyond the fences of a removal: has its place and does not count
	Card
}

// cards is what the card operations of a document say together. It depends on
// their set alone, not on the order in which they came (rule D10).
type cards struct {
	made                   bool
	author                 seal.ID
	createdMs              int64
	changedMs              int64
	changedBy              seal.ID
	title, folder, trashed naming
	heads                  []seal.ID          // complete ones that no complete one follows, ascending
	bad                    map[seal.ID]string // those that break a rule
}

// foldCards reads the operations. used says that the document has content that counts.
func foldCards(all []card, used bool) cards {
	result := cards{bad: map[seal.ID]string{}}
	used = used || slices.ContainsFunc(all, func(c card) bool { return !c.hidden })
	waiting := slices.Clone(all)
	slices.SortFunc(waiting, func(a, b card) int { return order(a.Lamport, a.id, b.Lamport, b.id) })
	complete, hidden := map[seal.ID]uint64{}, map[seal.ID]bool{}
	followed := map[seal.ID]bool{}
	for _, c := range waiting { // what a right one follows has a smaller lamport
		top, known := uint64(0), true
		for _, dep := range c.deps {
			lamport, ok := complete[dep]
			known = known && ok
			top = max(top, lamport)
		}
		switch {
		case !known:
			continue
		case c.Lamport != top+1:
			result.bad[c.id] = fmt.Sprintf("its place is %d where %d follows", c.Lamport, top+1)
			continue
		}
		complete[c.id] = c.Lamport
		if c.hidden && (c.Field != FieldCreated || !used) {
			hidden[c.id] = true // nothing new builds on it
			continue
		}
		for _, dep := range c.deps {
			followed[dep] = true
		}
		result.take(c)
	}
	for id := range complete {
		if !followed[id] && !hidden[id] {
			result.heads = append(result.heads, id)
		}
	}
	slices.SortFunc(result.heads, seal.ID.Compare)
	return result
}

// take applies a complete operation; they come by (lamport, id), so that the last
// one counts.
func (r *cards) take(c card) {
	won := naming{Lamport: c.Lamport, Writer: c.id}
	switch c.Field {
	case FieldCreated:
		r.made, r.author, r.createdMs = true, c.person, c.hintMs
		r.title, r.folder = won, won
		r.title.Text, r.folder.Text = c.Title, c.Folder
	case FieldTitle:
		r.title = won
		r.title.Text = c.Title
	case FieldFolder:
		r.folder = won
		r.folder.Text = c.Folder
	case FieldTrashed:
		r.trashed = won
		if c.Trashed {
			r.trashed.Text = inTrash
		}
	}
	if later(c.hintMs, c.person, r.changedMs, r.changedBy) {
		r.changedMs, r.changedBy = c.hintMs, c.person
	}
}

// topOf is the greatest lamport of some of the operations.
func topOf(all []card, ids []seal.ID) (top uint64) {
	for _, c := range all {
		if slices.Contains(ids, c.id) {
			top = max(top, c.Lamport)
		}
	}
	return top
}

// inTrash is the text of a naming that puts a document into the trash.
const inTrash = "1"

// order compares places: lamport, then id.
func order(lamport uint64, id seal.ID, other uint64, otherID seal.ID) int {
	switch {
	case lamport < other:
		return -1
	case lamport > other:
		return 1
	}
	return id.Compare(otherID)
}

// later reports whether a time, then a person, comes after another.
func later(ms int64, by seal.ID, otherMs int64, other seal.ID) bool {
	return ms > otherMs || ms == otherMs && by.Compare(other) > 0
}
