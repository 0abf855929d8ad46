package docs

import (
	"context"
	"slices"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// maxTold bounds the bytes of changes that one batch tells of one document; beyond
// it the replicas open it again.
const maxTold = 8 << 20

// changes is what one batch did, collected inside the transaction and told after
// the commit.
type changes struct {
	bad      map[seal.ID]string
	tips     map[*tip]bool
	told     []Changes
	reloads  []doc.ID
	mentions []Mentioned
	pictures []picture
	locals   []ownFact
	size     int // bytes in told
}

func newChanges() *changes {
	return &changes{bad: map[seal.ID]string{}, tips: map[*tip]bool{}}
}

// ownFact is what this device alone remembers now of a document.
type ownFact struct {
	id    doc.ID
	local Local
}

// picture is a document as it stands after a commit.
type picture struct {
	row     DocRow
	content docContent
	counts  Counts
	place   uint64
	version uint64
}

func (c *changes) reload(id doc.ID) {
	if !slices.Contains(c.reloads, id) {
		c.reloads = append(c.reloads, id)
	}
}

// arrived notes changes that became complete, for the replicas that are open here.
func (c *changes) arrived(ctx context.Context, t *tip, settled []*entry, own bool) error {
	if !t.v.leases.watched(t.row.ID) || slices.Contains(c.reloads, t.row.ID) {
		return nil
	}
	done := slices.DeleteFunc(slices.Clone(settled), func(e *entry) bool { return e.row.State != Complete })
	slices.SortFunc(done, func(a, b *entry) int { return int(a.row.Place) - int(b.row.Place) })
	for _, e := range done {
		data, err := t.v.bytesOf(ctx, e.row)
		if err != nil {
			c.reload(t.row.ID)
			return nil
		}
		if c.size += len(data); c.size > maxTold {
			c.reload(t.row.ID)
			return nil
		}
		_, device := t.v.team.Self()
		c.tell(Changes{
			Workspace: t.v.ws, ID: t.row.ID, Own: own && e.actor.Device == device, Session: e.actor.Session, Changes: [][]byte{data},
			Actors: map[doc.Actor]Author{e.actor.Actor: {e.actor.Person, e.actor.Device}},
		})
	}
	return nil
}

// tell adds changes to what is told, together with those before where they are of
// the same document and origin.
func (c *changes) tell(n Changes) {
	if !n.Own {
		n.Session = 0
	}
	if len(c.told) > 0 {
		last := &c.told[len(c.told)-1]
		if last.ID == n.ID && last.Own == n.Own && last.Session == n.Session {
			last.Changes = append(last.Changes, n.Changes...)
			for actor, author := range n.Actors {
				last.Actors[actor] = author
			}
			return
		}
	}
	c.told = append(c.told, n)
}

// takePictures copies the touched documents for the readers.
func (c *changes) takePictures(ctx context.Context, v *view) error {
	if len(c.tips) == 0 {
		return nil
	}
	version := v.version.Add(1)
	for t := range c.tips {
		if !t.counted {
			counts, err := v.storage().Counts(ctx, v.ws, t.row.N)
			if err != nil {
				return err
			}
			t.counts, t.counted = counts[t.row.N], true
		}
		c.pictures = append(c.pictures, picture{row: t.row, content: t.content, counts: t.counts, place: t.place, version: version})
	}
	slices.SortFunc(c.pictures, func(a, b picture) int { return int(a.row.N - b.row.N) })
	return nil
}
