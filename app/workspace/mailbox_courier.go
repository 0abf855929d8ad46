package workspace

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// courier carries the objects of one workspace to one super-peer and back. While a
// mailbox is open one goroutine reads and another one uploads, and each owns its
// part; in between both belong to the goroutine that runs the courier.
type courier struct {
	w    *Workspace
	peer seal.ID
	code objectCode
	net  SuperPeers

	reading
	uploading
	publishing
	doors
	stocking
	contact
	readable atomic.Pointer[readable]

	mu   sync.Mutex
	row  courierRow // guarded by mu; as it is stored or will be
	kept bool       // guarded by mu; the stored row is the same

	saving sync.Mutex // an older row is not stored over a newer one
}

// secretCourier names the stored row of a super-peer: behind it stands its peer
// key, which is no secret.
const secretCourier = "super-peer/"

// courierReader grows whenever this program learns to read something that it had
// to leave at a super-peer before: then everything there is looked at again.
const courierReader = 1

// maxCursors bounds the cursors that are kept. A tag beyond it is read from its
// beginning after a restart, which fetches nothing twice.
const maxCursors = 4000

// courierRow is what a courier knows across restarts (rule K25).
type courierRow struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Reader  uint
	Store   [16]byte    // for which the rest is true
	Cursors []tagCursor // sorted
	Heads   []seal.ID   // of the log entries that are there
	List    seal.ID     // names the content of the access list published last
	ListMs  int64       // and when
	Skipped []skipped   // sorted
	Stores  []int64     // when it had another store lately, Unix milliseconds
	Given   courtesies
}

// tagCursor says that everything up to N under a tag was read.
type tagCursor struct {
	_   struct{} `cbor:",toarray"`
	Tag Tag
	N   uint64
}

func newCourier(w *Workspace, peer seal.ID, net SuperPeers) *courier {
	c := &courier{w: w, peer: peer, code: newObjectCode(w.id, w.keys.log()), net: net}
	c.reading.init()
	c.uploading.init()
	c.contact.init()
	return c
}

func (c *courier) secret() string { return secretCourier + c.peer.String() }

// load reads what is known of the super-peer. A row that cannot be read counts as
// none: then everything there is compared again.
func (c *courier) load(ctx context.Context) error {
	raw, found, err := c.w.storage.Secret(ctx, c.w.id, c.secret())
	if err != nil {
		return fmt.Errorf("read what is known of super-peer %s: %w", c.peer.Short(), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !found {
		return nil
	}
	if row, err := seal.Decode[courierRow](raw); err == nil && row.V == 1 {
		c.row, c.kept = row, true
	}
	if c.row.Reader != courierReader {
		c.row.Reader, c.row.Cursors, c.row.Skipped, c.kept = courierReader, nil, nil, false
	}
	c.resume(c.row.Cursors)
	return nil
}

// adopt forgets what is known when the super-peer has another store: what it had
// acknowledged is not there, and its numbers mean something else.
func (c *courier) adopt(ctx context.Context, store [16]byte) error {
	c.mu.Lock()
	same := c.row.Store == store && c.row.V == 1
	c.mu.Unlock()
	if same {
		return nil
	}
	row, err := c.newRow(store, time.Now())
	if err != nil {
		return err
	}
	err = c.w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		if err := c.w.custody.lost(ctx, c.peer, after); err != nil {
			return err
		}
		return c.put(ctx, row)
	})
	if err != nil {
		return fmt.Errorf("note the store of super-peer %s: %w", c.peer.Short(), err)
	}
	c.mu.Lock()
	c.row, c.kept = row, true
	c.mu.Unlock()
	c.resume(nil)
	c.forgetDoors()
	return nil
}

// How often a super-peer may have another store before it is left alone (rule K27):
// each time, everything is uploaded again.
const (
	maxStores  = 3
	storesTime = 24 * time.Hour
)

// errManyStores reports a super-peer that does not keep what it acknowledged.
var errManyStores = errors.New("the super-peer has another store again and again")

// newRow is what is known of a super-peer that has another store. What was uploaded
// there for others today counts on.
func (c *courier) newRow(store [16]byte, now time.Time) (courierRow, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row := courierRow{V: 1, Reader: courierReader, Store: store, Given: c.row.Given}
	if c.row.V != 1 {
		return row, nil
	}
	row.Stores = slices.DeleteFunc(slices.Clone(c.row.Stores), func(ms int64) bool {
		return now.Sub(time.UnixMilli(ms)).Abs() > storesTime
	})
	if len(row.Stores) >= maxStores {
		return row, errManyStores
	}
	row.Stores = append(row.Stores, now.UnixMilli())
	return row, nil
}

func (c *courier) put(ctx context.Context, row courierRow) error {
	raw, err := seal.Encode(row)
	if err != nil {
		return err
	}
	return c.w.storage.PutSecret(ctx, c.w.id, c.secret(), raw)
}

// save keeps what changed. A crash before it costs a comparison, nothing else.
func (c *courier) save(ctx context.Context) error {
	c.saving.Lock()
	defer c.saving.Unlock()
	c.mu.Lock()
	row, kept := c.row, c.kept
	c.mu.Unlock()
	if kept || row.V == 0 {
		return nil
	}
	if err := c.w.storage.Write(ctx, func(ctx context.Context) error { return c.put(ctx, row) }); err != nil {
		return fmt.Errorf("note what was read at super-peer %s: %w", c.peer.Short(), err)
	}
	c.mu.Lock()
	c.kept = row.sameAs(c.row)
	c.mu.Unlock()
	return nil
}

// forgetCursors makes the couriers that will run compare everything at the
// super-peers anew, because something was lost here.
func forgetCursors(ctx context.Context, storage Storage, ws seal.ID) error {
	return storage.Write(ctx, func(ctx context.Context) error {
		rows, err := storage.Secrets(ctx, ws, secretCourier)
		if err != nil {
			return err
		}
		for name, raw := range rows {
			row, err := seal.Decode[courierRow](raw)
			if err != nil || len(row.Cursors) == 0 && len(row.Skipped) == 0 {
				continue
			}
			row.Cursors, row.Skipped = nil, nil
			if raw, err = seal.Encode(row); err != nil {
				return err
			}
			if err := storage.PutSecret(ctx, ws, name, raw); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r courierRow) sameAs(other courierRow) bool {
	a, errA := seal.Encode(r)
	b, errB := seal.Encode(other)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// edit changes the row; the next save keeps it.
func (c *courier) edit(change func(*courierRow)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.row)
	c.kept = false
}

func (c *courier) heads() []seal.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.row.Heads
}

// moveTo notes that everything up to n under a tag is settled.
func (r *courierRow) moveTo(tag Tag, n uint64) {
	at, found := slices.BinarySearchFunc(r.Cursors, tag, func(c tagCursor, tag Tag) int { return bytes.Compare(c.Tag[:], tag[:]) })
	cursors := slices.Clone(r.Cursors) // a save may be encoding the old ones
	if found {
		cursors[at].N = n
	} else if len(cursors) < maxCursors {
		cursors = slices.Insert(cursors, at, tagCursor{Tag: tag, N: n})
	}
	r.Cursors = cursors
}

// tagged is a space and its tag.
type tagged struct {
	tag   Tag
	space seal.SpaceID // zero: the membership log
}

func (t tagged) isLog() bool { return t.space.IsZero() }

// readable are the tags that a device reads in a membership state.
type readable struct {
	state *member.State
	tags  []tagged
}

// tags are what this device reads, in the order in which it is read: the log, by
// which everything else is judged, the main space, the others.
func (c *courier) tags() []tagged {
	st := c.w.State()
	known := c.readable.Load()
	if known == nil || known.state != st {
		known = &readable{st, c.tagsIn(st)}
		c.readable.Store(known)
	}
	return known.tags
}

func (c *courier) tagsIn(st *member.State) []tagged {
	all := []tagged{{tag: c.code.tag(seal.SpaceID{})}}
	if st == nil {
		return all
	}
	var spaces []member.Space
	for _, space := range st.Spaces() {
		if st.CanRead(space.ID, c.w.self.device) {
			spaces = append(spaces, space)
		}
	}
	slices.SortFunc(spaces, func(a, b member.Space) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), a.ID.Compare(b.ID))
	})
	for _, space := range spaces {
		all = append(all, tagged{tag: c.code.tag(space.ID), space: space.ID})
	}
	return all
}

// jittered is a time ±20 %, so that many devices do not come back at once.
func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*float64(seal.Random(1)[0])/255))
}
