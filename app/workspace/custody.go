package workspace

import (
	"context"
	"maps"
	"math"
	"sync"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// custody knows what other devices said they have stored.
type custody struct {
	w *Workspace

	telling sync.Mutex

	mu    sync.Mutex
	acks  map[seal.ID]feed.Vector          // guarded by mu; by acknowledging device
	dirty map[seal.ID]map[feed.FeedID]bool // guarded by mu; not in the storage yet
	told  map[feed.FeedID]CustodyChanged   // guarded by mu; the last watermark told
}

func newCustody(w *Workspace) *custody {
	return &custody{w: w, acks: map[seal.ID]feed.Vector{}, dirty: map[seal.ID]map[feed.FeedID]bool{}, told: map[feed.FeedID]CustodyChanged{}}
}

func (c *custody) load(ctx context.Context) error {
	stored, err := c.w.storage.Acks(ctx, c.w.id)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for device, tails := range stored {
		c.acks[device] = make(feed.Vector, len(tails))
		for _, t := range tails {
			c.acks[device][feed.FeedID{Space: t.Space, Device: t.Device}] = feed.Tail{Seq: t.Seq, ID: t.ID}
		}
	}
	return nil
}

// held notes what a device says it has, and tells the watermarks that moved.
func (c *custody) held(device seal.ID, theirs feed.Vector) {
	st := c.w.State()
	c.note(device, theirs, func(id feed.FeedID, tail feed.Tail) bool { return c.credible(st, device, id, tail) })
}

func (c *custody) note(device seal.ID, theirs feed.Vector, credible func(feed.FeedID, feed.Tail) bool) {
	c.telling.Lock() // the newest watermark is told last
	defer c.telling.Unlock()
	c.mu.Lock()
	if c.acks[device] == nil {
		c.acks[device] = feed.Vector{}
	}
	var moved []feed.FeedID
	for id, tail := range theirs {
		if tail.Seq <= c.acks[device][id].Seq || !credible(id, tail) {
			continue
		}
		c.acks[device][id] = tail
		if c.dirty[device] == nil {
			c.dirty[device] = map[feed.FeedID]bool{}
		}
		c.dirty[device][id] = true
		moved = append(moved, id)
	}
	c.mu.Unlock()
	for _, id := range moved {
		c.tell(id)
	}
}

// credible reports whether a claim can be true: the chain can exist, the device
// may read it, and nobody holds what we have not written.
func (c *custody) credible(st *member.State, device seal.ID, id feed.FeedID, tail feed.Tail) bool {
	if _, ok := st.Space(id.Space); !ok || tail.Seq > math.MaxInt64 || !st.CanRead(id.Space, device) {
		return false
	}
	if _, ok := st.Device(id.Device); !ok {
		return false
	}
	if id.Device != c.w.self.device {
		return true
	}
	end, high := c.w.feeds.end(id), c.w.feeds.highest(id)
	return tail.Seq < end.Seq || tail.Seq == end.Seq && tail.ID == end.ID || tail.Seq > end.Seq && tail.Seq <= high
}

// most is how much of a chain some active device has, of all persons but one.
func (c *custody) most(st *member.State, id feed.FeedID, but seal.ID) (seq uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range st.ActiveDevices() {
		if d.Person != but {
			seq = max(seq, c.acks[d.ID][id].Seq)
		}
	}
	return seq
}

// tell publishes the watermark of a chain when it moved.
func (c *custody) tell(id feed.FeedID) {
	held, delivered := c.watermark(id)
	mark := CustodyChanged{
		Workspace: c.w.id, Space: id.Space, Device: id.Device, Held: held, Delivered: delivered, BySuperPeer: c.atSuperPeers(id),
	}
	c.mu.Lock()
	changed := c.told[id] != mark
	c.told[id] = mark
	c.mu.Unlock()
	if changed {
		c.w.events.Custody.Publish(mark)
	}
}

// watermark is how far a chain is held by some other device that may read the
// space, or by a super-peer, and by every such device. The author of a chain holds
// what it wrote.
func (c *custody) watermark(id feed.FeedID) (held, delivered uint64) {
	st := c.w.State()
	if st == nil {
		return 0, 0
	}
	others := 0
	held, delivered = c.atSuperPeers(id), ^uint64(0)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, device := range st.Recipients(id.Space) {
		if device.ID == c.w.self.device || device.ID == id.Device {
			continue
		}
		others++
		seq := c.acks[device.ID][id].Seq
		held, delivered = max(held, seq), min(delivered, seq)
	}
	if others == 0 {
		delivered = 0
		if id.Device != c.w.self.device {
			delivered = ^uint64(0) // only the author and we may read it, and both have it
		}
	}
	return held, delivered
}

// Custody says how many other devices, and super-peers, have stored an envelope,
// and whether all active devices that may read it have.
func (w *Workspace) Custody(space seal.SpaceID, device seal.ID, seq uint64) (holders int, all bool) {
	st := w.State()
	if st == nil {
		return 0, false
	}
	id := feed.FeedID{Space: space, Device: device}
	others := 0
	w.custody.mu.Lock()
	defer w.custody.mu.Unlock()
	for _, d := range st.Recipients(space) {
		if d.ID == w.self.device {
			continue
		}
		others++
		if d.ID == device || w.custody.acks[d.ID][id].Seq >= seq {
			holders++
		}
	}
	all = others > 0 && holders == others
	for _, superPeer := range st.Relays() {
		if w.custody.acks[superPeer][id].Seq >= seq {
			holders++
		}
	}
	return holders, all
}

// Queued counts the own envelopes that wait for a first other device or super-peer.
// Where nobody else may read a space, nothing waits.
func (w *Workspace) Queued() int {
	st := w.State()
	if st == nil {
		return 0
	}
	queued := 0
	for id, tail := range w.feeds.vector() {
		if id.Device != w.self.device || len(st.Recipients(id.Space)) < 2 {
			continue
		}
		held, _ := w.custody.watermark(id)
		if tail.Seq > held {
			queued += int(tail.Seq - held)
		}
	}
	return queued
}

// flush stores acknowledgements that arrived since the last call. They are hints
// for the user; what a crash loses, the next connection says again.
func (c *custody) flush(ctx context.Context) error {
	c.mu.Lock()
	dirty := c.dirty
	c.dirty = map[seal.ID]map[feed.FeedID]bool{}
	c.mu.Unlock()
	if len(dirty) == 0 {
		return nil
	}
	err := c.w.storage.Write(ctx, func(ctx context.Context) error {
		for device, chains := range dirty {
			if err := c.w.storage.PutAcks(ctx, c.w.id, device, c.tails(device, chains)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil { // the next flush tries again
		c.mu.Lock()
		for device, chains := range dirty {
			if c.dirty[device] == nil {
				c.dirty[device] = map[feed.FeedID]bool{}
			}
			maps.Copy(c.dirty[device], chains)
		}
		c.mu.Unlock()
	}
	return err
}

// tails are the acknowledgements of some chains as they stand now: what was
// forgotten meanwhile is not among them.
func (c *custody) tails(device seal.ID, chains map[feed.FeedID]bool) []Tail {
	c.mu.Lock()
	defer c.mu.Unlock()
	tails := make([]Tail, 0, len(chains))
	for id := range chains {
		if tail, ok := c.acks[device][id]; ok {
			tails = append(tails, Tail{Space: id.Space, Device: id.Device, Seq: tail.Seq, ID: tail.ID})
		}
	}
	return tails
}
