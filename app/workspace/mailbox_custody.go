package workspace

import (
	"context"
	"maps"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// kept notes what a super-peer has stored durably. What the caller names is
// stored here too, so that there is nothing to doubt about the chains.
func (c *custody) kept(superPeer seal.ID, tails feed.Vector) {
	c.note(superPeer, tails, func(feed.FeedID, feed.Tail) bool { return true })
}

// lost forgets, inside a transaction, all that a super-peer had acknowledged: it
// has another store now. In memory it is forgotten at once, so that no flush writes
// it again behind this; should the transaction fail, too little is believed.
func (c *custody) lost(ctx context.Context, superPeer seal.ID, after *afterCommit) error {
	c.mu.Lock()
	known := c.acks[superPeer]
	delete(c.acks, superPeer)
	delete(c.dirty, superPeer)
	c.mu.Unlock()
	var zeroed []Tail
	for id := range known {
		zeroed = append(zeroed, Tail{Space: id.Space, Device: id.Device})
	}
	if len(zeroed) > 0 {
		if err := c.w.storage.PutAcks(ctx, c.w.id, superPeer, zeroed); err != nil {
			return err
		}
	}
	after.add(func() {
		c.telling.Lock()
		defer c.telling.Unlock()
		for id := range known {
			c.tell(id)
		}
		if len(known) > 0 {
			c.w.events.SuperPeers.Publish(SuperPeersChanged{Workspace: c.w.id, Lost: true})
		}
	})
	return nil
}

// of copies what a device or super-peer said it has.
func (c *custody) of(holder seal.ID) feed.Vector {
	c.mu.Lock()
	defer c.mu.Unlock()
	copied := make(feed.Vector, len(c.acks[holder]))
	maps.Copy(copied, c.acks[holder])
	return copied
}

// atSuperPeers is how far some super-peer of the workspace holds a chain.
func (c *custody) atSuperPeers(id feed.FeedID) (held uint64) {
	st := c.w.State()
	if st == nil {
		return 0
	}
	superPeers := st.Relays()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, superPeer := range superPeers {
		held = max(held, c.acks[superPeer][id].Seq)
	}
	return held
}

// HeldBySuperPeer reports whether a super-peer has stored an envelope.
func (w *Workspace) HeldBySuperPeer(space seal.SpaceID, device seal.ID, seq uint64) bool {
	return w.custody.atSuperPeers(feed.FeedID{Space: space, Device: device}) >= seq
}

// AtSuperPeer counts the own envelopes that a super-peer keeps for devices that
// have not got them yet. Where nobody else may read a space, there are none.
func (w *Workspace) AtSuperPeer() (count int) {
	st := w.State()
	if st == nil || len(st.Relays()) == 0 {
		return 0
	}
	for id := range w.feeds.vector() {
		if id.Device != w.self.device || len(st.Recipients(id.Space)) < 2 {
			continue
		}
		_, delivered := w.custody.watermark(id)
		if held := w.custody.atSuperPeers(id); held > delivered {
			count += int(held - delivered)
		}
	}
	return count
}

// aloneAt counts the envelopes that a super-peer alone keeps for others, as far as this
// device knows: own ones that no other device and no other super-peer has acknowledged,
// and what lies there that this device has not read yet.
func (w *Workspace) aloneAt(superPeer seal.ID) (count int) {
	st := w.State()
	if st == nil {
		return 0
	}
	there, superPeers := w.custody.of(superPeer), st.Relays()
	for id := range w.feeds.vector() {
		space, known := st.Space(id.Space)
		recipients := st.Recipients(id.Space)
		if id.Device != w.self.device || !known || space.Kind == member.SpaceSelf || len(recipients) < 2 {
			continue
		}
		if elsewhere := w.custody.elsewhere(id, superPeer, superPeers, recipients); there[id].Seq > elsewhere {
			count += int(there[id].Seq - elsewhere)
		}
	}
	if c := w.couriers.of(superPeer); c != nil && c.seen().state == SuperPeerConnected {
		count += int(min(c.behind(), maxBehind))
	}
	return count
}

// elsewhere is how far a chain is held by some other device that may read it, or by a
// super-peer other than one.
func (c *custody) elsewhere(id feed.FeedID, one seal.ID, superPeers []seal.ID, recipients []member.Device) (held uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, superPeer := range superPeers {
		if superPeer != one {
			held = max(held, c.acks[superPeer][id].Seq)
		}
	}
	for _, device := range recipients {
		if device.ID != c.w.self.device {
			held = max(held, c.acks[device.ID][id].Seq)
		}
	}
	return held
}
