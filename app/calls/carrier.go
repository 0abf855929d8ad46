package calls

import (
	"context"
	"slices"
	"sync"
	"time"

	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
)

const (
	maxCarriers  = media.MaxCarriers
	carrierPause = 5 * time.Second  // before a super-peer that was lost is entered again
	carrierProof = 10 * time.Second // a connection that was lost counts again only when it has held for so long
)

// Carriers are the super-peers that can carry the sound and pictures of a call.
type Carriers interface {
	// Offering are the hosts of those of a workspace that offer it and are connected.
	Offering(ws seal.ID) []seal.ID
	// Enter comes into the room of a call at one of them. take gets its signals, one at a
	// time, and must not block.
	Enter(ctx context.Context, host seal.ID, b Booking, take func(media.Signal)) (Visit, error)
}

// Booking is what a super-peer is told of a call and of this device in it.
type Booking struct {
	Workspace seal.ID
	Room      [16]byte // [call.Room]
	Tag       [8]byte  // [call.Tag]
}

// Visit is a place in a room at a super-peer.
type Visit interface {
	// Send gives it a signal and does not block.
	Send(s media.Signal)
	// Ended is closed when the visit is over.
	Ended() <-chan struct{}
	// Close leaves, and waits until no more signals come.
	Close()
}

// carriers are the super-peers whose rooms this device is in, or comes into (rule L44).
type carriers struct {
	mu     sync.Mutex
	places map[seal.ID]*place    // by what stands for them in the room; guarded by mu
	lost   map[seal.ID]time.Time // when a place or its connection was lost last; guarded by mu
}

// place is one of them. What changes is guarded by carriers.mu.
type place struct {
	host   seal.ID
	cancel context.CancelFunc
	visit  Visit     // nil: it is still being entered
	since  time.Time // of its media connection; zero: there is none
}

// standIn is what a super-peer is in the room of a call and among those who are chosen from:
// its tag, and zeros, which no key of a device ends with.
func standIn(tag [8]byte) (id seal.ID) {
	copy(id[:], tag[:])
	return id
}

// isCarrier tells a super-peer from a participant.
func isCarrier(id seal.ID) bool {
	return !id.IsZero() && id == standIn([8]byte(id[:8]))
}

// tagOf is what a participant or a super-peer is called in hints; zero: nobody.
func tagOf(id call.ID, who seal.ID) (tag [8]byte) {
	switch {
	case who.IsZero():
		return tag
	case isCarrier(who):
		return [8]byte(who[:8])
	}
	return call.Tag(id, who)
}

// between is a fault without the super-peer that it may name: what spoils the way to it, spoils
// the way to the participant.
func (f Fault) between(device seal.ID) Fault {
	if isCarrier(f.From) {
		f.From = device
	}
	if isCarrier(f.To) {
		f.To = device
	}
	if isCarrier(f.Whose) {
		f.Whose = seal.ID{}
	}
	return f
}

// tend enters the rooms of the super-peers that offer it, and leaves those of the others.
func (x *session) tend(ctx context.Context) {
	wanted := x.offering()
	now := x.service.config.Now()
	c := &x.ways.carriers
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, p := range c.places {
		if _, still := wanted[id]; !still {
			p.cancel()
		}
	}
	for id, host := range wanted {
		lost, before := c.lost[id]
		if c.places[id] != nil || before && now.Sub(lost) < carrierPause {
			continue
		}
		if c.places == nil {
			c.places = map[seal.ID]*place{}
		}
		ctx, cancel := context.WithCancel(ctx)
		p := &place{host: host, cancel: cancel}
		c.places[id] = p
		x.wg.Go(func() { x.stay(ctx, id, p) })
	}
}

// offering are the super-peers whose rooms this device wants to be in, at most a few, by
// what stands for them.
func (x *session) offering() map[seal.ID]seal.ID {
	all := x.service.config.Carriers
	if all == nil || len(x.view.others(x.key))+1 < serveFrom {
		return nil
	}
	wanted := map[seal.ID]seal.ID{}
	var ids []seal.ID
	for _, host := range all.Offering(x.view.ws) {
		id := standIn(call.CarrierTag(x.key.call, host))
		wanted[id] = host
		ids = append(ids, id)
	}
	slices.SortFunc(ids, seal.ID.Compare) // so that all choose the same few
	for _, id := range ids[min(len(ids), maxCarriers):] {
		delete(wanted, id)
	}
	return wanted
}

// stay is in the room of a super-peer until it ends.
func (x *session) stay(ctx context.Context, id seal.ID, p *place) {
	defer p.cancel()
	_, own := x.view.team.Self()
	booking := Booking{x.view.ws, call.Room(x.key.call), call.Tag(x.key.call, own)}
	visit, err := x.service.config.Carriers.Enter(ctx, p.host, booking, func(s media.Signal) {
		if err := x.room.Signal(media.ID(id), s); err != nil {
			x.service.config.Log.Debug("signal of a super-peer", "err", err)
		}
	})
	if err == nil {
		x.ways.carriers.enter(p, visit)
		x.room.JoinCarrier(media.ID(id))
		select {
		case <-visit.Ended():
		case <-ctx.Done():
		}
		x.room.Leave(media.ID(id))
		visit.Close()
	} else if ctx.Err() == nil {
		x.service.config.Log.Debug("enter a call at a super-peer", "host", p.host.Short(), "err", err)
	}
	x.ways.carriers.leave(id, ctx.Err() == nil, x.service.config.Now())
	x.changed()
}

func (c *carriers) enter(p *place, v Visit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.visit = v
}

// leave forgets a place, which was lost or is not wanted any more.
func (c *carriers) leave(id seal.ID, lost bool, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.places, id)
	if lost {
		c.lose(id, now)
	}
}

// lose notes that the way through a super-peer was lost. The caller holds mu.
func (c *carriers) lose(id seal.ID, now time.Time) {
	if c.lost == nil || len(c.lost) > 4*maxCarriers {
		c.lost = map[seal.ID]time.Time{}
	}
	c.lost[id] = now
}

// send brings a signal of the room to a super-peer, if it is for one.
func (c *carriers) send(to seal.ID, s media.Signal) (sent bool) {
	c.mu.Lock()
	p := c.places[to]
	var visit Visit
	if p != nil {
		visit = p.visit
	}
	c.mu.Unlock()
	if visit != nil {
		visit.Send(s)
	}
	return isCarrier(to)
}

// noticed takes the state of the connections.
func (c *carriers) noticed(stats []media.Stat, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range stats {
		p := c.places[seal.ID(s.ID)]
		switch {
		case p == nil:
		case s.State != media.Connected:
			if !p.since.IsZero() {
				c.lose(seal.ID(s.ID), now)
			}
			p.since = time.Time{}
		case p.since.IsZero():
			p.since = now
		}
	}
}

// reached are those that this device names: with which it has a connection, which has
// proved itself if one was lost before; and while it is new, also that through which others
// send and to which it is still connecting, because its coming is no reason to leave it.
func (c *carriers) reached(now time.Time, fresh bool, others []bid) (all []seal.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, p := range c.places {
		_, lost := c.lost[id]
		switch {
		case p.since.IsZero():
			if !fresh || lost || !slices.ContainsFunc(others, func(b bid) bool { return b.via == id }) {
				continue
			}
		case lost && now.Sub(p.since) < carrierProof:
			continue
		}
		all = append(all, id)
	}
	slices.SortFunc(all, seal.ID.Compare)
	return all
}

// host is that of a super-peer in whose room this device is.
func (c *carriers) host(id seal.ID) (host seal.ID, in bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.places[id]
	if p == nil {
		return seal.ID{}, false
	}
	return p.host, true
}

// has reports whether a host is that of one of them.
func (c *carriers) has(host seal.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.places {
		if p.host == host {
			return true
		}
	}
	return false
}
