package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// parcel is what was fetched, unsealed.
type parcel struct {
	Received
	raws    map[seal.ID][]byte // what is in it, blobs excepted
	refused map[string]bool    // of that, what can never be stored
	blobs   map[seal.ID]bool
	done    map[seal.ID]bool // with which nothing more is to be done
	bad     int              // how many objects do not open
}

// take opens, checks and stores fetched objects and moves the cursor over what is
// settled by that.
func (c *courier) take(ctx context.Context, t tagged, k *cursor, batch []*segment) error {
	objects, err := c.lacking(ctx, t, batch)
	if err != nil {
		return err
	}
	p := c.unpack(t, objects)
	if p.bad > 0 {
		c.damaged(p.bad)
	}
	for received, again := p.Received, len(objects) > 0; again; received = (Received{}) {
		bad, err := c.w.receive(ctx, received)
		if err != nil {
			return fmt.Errorf("take from super-peer %s: %w", c.peer.Short(), err)
		}
		if len(bad) > 0 {
			c.w.logger.Warn("a member put something invalid at a super-peer", "super-peer", c.peer.Short(), "err", errors.Join(bad...))
		}
		for _, one := range bad {
			if r, ok := errors.AsType[*refused](one); ok {
				p.refused[string(r.raw)] = true
			}
		}
		// What came before its predecessors fits now.
		again = len(received.Envelopes) > 0 && c.w.waiting.any()
	}
	return c.settle(ctx, t, k, batch, p)
}

// lacking are the fetched objects that have not come another way meanwhile, as they
// do while this device also hears of them from a colleague: to look is much less work
// than to check a signature.
func (c *courier) lacking(ctx context.Context, t tagged, batch []*segment) ([]Object, error) {
	var objects []Object
	for _, s := range batch {
		objects = append(objects, s.objects...)
	}
	if t.isLog() || len(objects) == 0 || !c.w.presence.any() {
		return objects, nil
	}
	for _, s := range batch {
		places, err := c.w.storage.Places(ctx, c.w.id, s.want)
		if err != nil {
			return nil, err
		}
		for id, place := range places {
			s.known[id] = place
		}
		s.want = slices.DeleteFunc(s.want, func(id seal.ID) bool { _, here := places[id]; return here })
	}
	return slices.DeleteFunc(objects, func(o Object) bool {
		return slices.ContainsFunc(batch, func(s *segment) bool { _, here := s.known[o.ID]; return here })
	}), nil
}

// any reports whether a device is connected.
func (p *presence) any() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, online := range p.online {
		if online {
			return true
		}
	}
	return false
}

// unpack unseals objects on all cores. Whatever does not open is worth nothing. What
// opens was put there by somebody who has the log key: of a kind that is not known
// or does not belong there, it is left behind, and the super-peer is not to blame.
func (c *courier) unpack(t tagged, objects []Object) (p parcel) {
	type opened struct {
		kind byte
		raw  []byte
		err  error
	}
	all := make([]opened, len(objects))
	spread(len(objects), func(i int) {
		all[i].kind, all[i].raw, all[i].err = c.code.open(t.tag, objects[i])
	})
	p.done, p.blobs = map[seal.ID]bool{}, map[seal.ID]bool{}
	p.raws, p.refused = map[seal.ID][]byte{}, map[string]bool{}
	for i, o := range all {
		id := objects[i].ID
		switch {
		case o.err == nil && t.isLog() && o.kind == objectEntry:
			p.Entries, p.raws[id] = append(p.Entries, o.raw), o.raw
		case o.err == nil && t.isLog() && o.kind == objectBlob:
			p.Blobs, p.blobs[id] = append(p.Blobs, o.raw), true
		case o.err == nil && !t.isLog() && o.kind == objectEnvelope:
			p.Envelopes, p.raws[id] = append(p.Envelopes, o.raw), o.raw
		case o.err == nil:
			c.w.logger.Info("an object of an unknown kind at a super-peer", "super-peer", c.peer.Short(), "kind", o.kind)
			p.done[id] = true
		default:
			p.done[id] = true
			p.bad++
		}
	}
	return p
}

// settle moves the cursor, and notes what the super-peer is known to hold by now.
func (c *courier) settle(ctx context.Context, t tagged, k *cursor, batch []*segment, p parcel) error {
	var refs []ObjectRef
	given := 0
	for _, s := range batch {
		refs = append(refs, s.refs...)
		given += len(s.objects) + len(s.refs) - len(s.want)
	}
	here, err := c.here(ctx, t, batch, refs)
	if err != nil {
		return err
	}
	for id, raw := range p.raws {
		if !here(id) {
			p.done[id] = p.refused[string(raw)] || !c.await(k, id, raw, t.isLog())
		}
	}
	c.move(k, refs, p, here)
	if k.lag > c.most {
		c.w.logger.Warn("objects at a super-peer build on what is not there", "super-peer", c.peer.Short(), "count", k.lag)
		c.skip(t.tag, k)
	}
	c.edit(func(r *courierRow) {
		if !c.comparesAnew() { // else what was read counts for nothing
			r.moveTo(t.tag, k.firm)
		}
	})
	if c.empty += len(refs); given > 0 {
		c.empty = 0
	}
	if c.empty > maxWithheld {
		c.empty = 0
		return errMisbehaves
	}
	return nil
}

// move takes the cursor over refs, and notes what waits for others of them.
func (c *courier) move(k *cursor, refs []ObjectRef, p parcel, here func(seal.ID) bool) {
	for _, ref := range refs {
		settled := here(ref.ID) || p.done[ref.ID]
		if p.blobs[ref.ID] && k.lag > 0 { // the entry that it belongs to may wait before it
			k.wait(ref.ID, c.waitsForLog())
		} else if p.blobs[ref.ID] {
			c.blobs.add(ref.ID)
			settled = true
		}
		if settled {
			delete(k.waits, ref.ID)
		}
		if k.lag == 0 && settled {
			k.firm = ref.N
		} else {
			k.lag++
		}
		k.at = ref.N
	}
}

// here looks which of the objects are stored on this device now, and notes that
// the super-peer has these too.
func (c *courier) here(ctx context.Context, t tagged, batch []*segment, refs []ObjectRef) (func(seal.ID) bool, error) {
	ids := idsOf(refs)
	if t.isLog() {
		var heads []seal.ID
		c.edit(func(r *courierRow) {
			heads = c.w.members.joined(r.Heads, ids)
			r.Heads = heads
		})
		stored := c.w.members.stored(ids)
		return func(id seal.ID) bool { return stored[id] || c.blobs.has(id) }, nil
	}
	var fetched []seal.ID
	for _, s := range batch {
		fetched = append(fetched, s.want...)
	}
	places, err := c.w.storage.Places(ctx, c.w.id, fetched)
	if err != nil {
		return nil, err
	}
	for _, s := range batch {
		for _, ref := range s.refs {
			if place, ok := s.known[ref.ID]; ok {
				places[ref.ID] = place
			}
		}
	}
	held, moved := c.w.custody.of(c.peer), feed.Vector{}
	for _, id := range ids {
		place, ok := places[id]
		chain := feed.FeedID{Space: place.Space, Device: place.Device}
		if ok && place.Seq == held[chain].Seq+1 {
			held[chain] = feed.Tail{Seq: place.Seq, ID: id}
			moved[chain] = held[chain]
		}
	}
	c.w.custody.kept(c.peer, moved)
	return func(id seal.ID) bool { _, ok := places[id]; return ok }, nil
}

// joined are the heads of a replica that has all that heads follow, and those of
// ids that build on nothing else.
func (m *membership) joined(heads, ids []seal.ID) []seal.ID {
	stored := m.stored(ids)
	for _, id := range ids {
		if !stored[id] {
			continue
		}
		m.mu.Lock()
		entry := m.log.Entry(id)
		fits := entry != nil && !m.log.Contains(heads, id)
		if fits {
			fits = !slices.ContainsFunc(entry.Parents, func(parent seal.ID) bool { return !m.log.Contains(heads, parent) })
		}
		m.mu.Unlock()
		if fits {
			heads = m.grown(heads, []seal.ID{id})
		}
	}
	return heads
}
