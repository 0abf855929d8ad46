package sync

import (
	"context"
	"slices"
	"time"

	"parvis/p2p"
)

// Gossip carries envelopes to members that nobody connected to them wrote. It
// may lose and repeat everything. gossip.Mesh is one.
type Gossip interface {
	// Start joins the topics; r hears what others publish, until Stop.
	Start(ctx context.Context, r GossipReceiver) error
	Stop()
	// Update looks at the topics again, after the log changed.
	Update()
	// Publish sends an envelope of a space, Announce only its position.
	Publish(space [16]byte, envelope []byte)
	Announce(p Position)
}

// GossipReceiver hears what came by gossip.
type GossipReceiver interface {
	Gossiped(from p2p.PeerID, envelopes [][]byte)
	Announced(p Position)
}

// Pace of gossip.
const (
	gossipLinger = time.Minute // it goes on after the mesh is complete again
	gossipBurst  = 32          // own envelopes published at once; beyond, only the last position
	gossipMax    = 64 << 10    // bytes of an envelope; larger ones are announced
)

// gossiping decides when gossip runs and what is published. It is owned by the
// goroutine that runs it; wake may be used by all.
type gossiping struct {
	wake    chan struct{}
	running bool
	since   time.Time // since when the mesh is as it is: complete or not
	whole   bool
	told    []Position // own chains, as far as published
	heads   [][32]byte // of the log, at the last Update
}

// review says that links or positions changed.
func (g *gossiping) review() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// run follows the links until ctx ends.
func (g *gossiping) run(ctx context.Context, s *Syncer) {
	g.whole = true
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(until(g.turn(ctx, s, time.Now())))
		select {
		case <-ctx.Done():
			if g.running {
				s.cfg.Gossip.Stop()
			}
			return
		case <-g.wake:
		case <-timer.C:
		}
	}
}

// turn starts or stops gossip, publishes what is new, and returns when to look again.
func (g *gossiping) turn(ctx context.Context, s *Syncer, now time.Time) (again time.Time) {
	graph := s.picture.graph()
	whole, audience := meshed(graph, s.cfg.Self)
	if whole != g.whole || g.since.IsZero() {
		g.whole, g.since = whole, now
	}
	switch due := g.since.Add(s.cfg.GossipAfter); {
	case !whole && !g.running && now.Before(due):
		again = due
	case !whole && !g.running:
		if err := s.cfg.Gossip.Start(ctx, s); err != nil {
			s.log.Warn("start gossip", "err", err)
			return now.Add(gossipLinger)
		}
		g.running = true
		g.told = s.own()
		s.picture.gossiping(true)
	case whole && g.running && now.Before(g.since.Add(gossipLinger)):
		again = g.since.Add(gossipLinger)
	case whole && g.running:
		g.running = false
		s.picture.gossiping(false)
		s.cfg.Gossip.Stop()
	}
	if g.running {
		if heads := s.picture.view.Load().Heads; !slices.Equal(heads, g.heads) {
			g.heads = heads
			s.cfg.Gossip.Update()
		}
		own := s.own()
		if audience {
			g.publish(ctx, s, own)
		}
		g.told = own
	}
	return again
}

// publish sends the own envelopes written since the last time.
func (g *gossiping) publish(ctx context.Context, s *Syncer, own []Position) {
	view := s.picture.view.Load()
	for _, p := range own {
		last := seqOf(g.told, p.Feed)
		switch {
		case p.Seq <= last:
			continue
		case p.Seq-last > gossipBurst:
			s.cfg.Gossip.Announce(p)
			continue
		}
		// Ask for this chain alone.
		theirs := Have{Heads: view.Heads}
		for _, q := range view.Feeds {
			if q.Feed == p.Feed {
				q = Position{Feed: p.Feed, Seq: last}
			} else {
				q.Seq = beyond
			}
			if q.Seq > 0 {
				theirs.Feeds = append(theirs.Feeds, q)
			}
		}
		b, _, err := s.cfg.Replica.Missing(ctx, s.cfg.Hub.net.ID(), theirs, gossipBurst, gossipBurst*gossipMax)
		if err != nil {
			s.log.Warn("read own envelopes", "err", err)
			return
		}
		large := len(b.Envelopes) == 0
		for _, e := range b.Envelopes {
			if len(e) > gossipMax {
				large = true
				continue
			}
			s.cfg.Gossip.Publish(p.Feed.Space, e)
		}
		if large {
			s.cfg.Gossip.Announce(p)
		}
	}
}

// own are the ends of the chains written here.
func (s *Syncer) own() []Position { return written(s.picture.view.Load().Feeds, s.cfg.Self) }

// written are the ends of the chains of a device.
func written(feeds []Position, device [32]byte) (out []Position) {
	for _, p := range feeds {
		if p.Feed.Device == device {
			out = append(out, p)
		}
	}
	return out
}

// meshed looks at the known links. whole: everybody known is connected to
// everybody known. audience: somebody is known to whom we are not connected.
func meshed(graph map[[32]byte][][32]byte, self [32]byte) (whole, audience bool) {
	all := map[[32]byte]bool{}
	for d, links := range graph {
		all[d] = true
		for _, l := range links {
			all[l] = true
		}
	}
	whole = true
	for d, links := range graph {
		for other := range all {
			if other != d && !slices.Contains(links, other) {
				whole = false
				audience = audience || d == self
			}
		}
	}
	return whole, audience
}

// Gossiped stores envelopes that came by gossip.
func (s *Syncer) Gossiped(from p2p.PeerID, envelopes [][]byte) {
	defer s.rescue(from, func() { s.cfg.Hub.net.Penalise(from, pointsMalformed, "gossip that cannot be handled") })
	err := s.cfg.Replica.Receive(s.ctx, from, Batch{Envelopes: envelopes})
	if err != nil && s.ctx.Err() == nil {
		// The one who hands it on need not be the one who made it wrong: no points.
		s.log.Debug("gossiped envelopes", "from", from.Short(), "err", err)
	}
	if err := s.picture.refresh(s.ctx); err != nil && s.ctx.Err() == nil {
		s.log.Warn("read what is here", "err", err)
	}
}

// Announced notes that gossip does not carry an envelope.
func (s *Syncer) Announced(p Position) {
	for _, v := range s.serving() {
		v.mu.Lock()
		if len(v.source.feeds) < 2*MaxFeeds {
			v.source.Announced(p.Feed, p.Seq)
		}
		v.mu.Unlock()
		v.signal()
	}
}
