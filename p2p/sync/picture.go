package sync

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parvis/p2p"
)

// picture is what this device holds and who is connected to whom, for all
// streams of a workspace.
type picture struct {
	syncer *Syncer
	view   atomic.Pointer[View]       // never changed, only replaced
	links  atomic.Pointer[[][32]byte] // devices that we receive from, sorted

	late    atomic.Bool // the streams are woken soon
	reading sync.Mutex  // one refresh at a time, so that an older answer never wins

	mu      sync.Mutex
	from    [32]byte                // whose log entries are being stored; guarded by mu
	relayed bool                    // some were since the last refresh; guarded by mu
	theirs  map[[32]byte][][32]byte // links of connected devices; guarded by mu
}

func (p *picture) init(s *Syncer) {
	p.syncer = s
	p.view.Store(&View{Peers: map[[32]byte][]Position{}})
	p.links.Store(&[][32]byte{})
	p.theirs = map[[32]byte][][32]byte{}
}

// refresh reads what is committed and tells all streams if it changed.
func (p *picture) refresh(ctx context.Context) error {
	p.reading.Lock()
	have, err := p.syncer.cfg.Replica.Have(ctx)
	if err != nil {
		p.reading.Unlock()
		return fmt.Errorf("have: %w", err)
	}
	have.Feeds = sorted(have.Feeds)
	have.Heads = have.Heads[:min(len(have.Heads), MaxHeads)]
	old := p.view.Load()
	if equalHave(old.Have, have) {
		p.reading.Unlock()
		return nil
	}
	log := !slices.Equal(old.Heads, have.Heads)
	p.mu.Lock()
	v := *p.view.Load()
	v.Have = have
	if log {
		v.LogFrom = [32]byte{}
		if p.relayed {
			v.LogFrom = p.from
		}
		p.relayed = false
	}
	p.view.Store(&v)
	p.mu.Unlock()
	p.reading.Unlock()
	// What others wrote is for most streams no more than something to mention.
	slower := (crowd(len(*p.links.Load())) - 1) * shareGap
	if log || slower == 0 || !slices.Equal(written(old.Feeds, p.syncer.cfg.Self), written(have.Feeds, p.syncer.cfg.Self)) {
		p.syncer.signal()
	} else if !p.late.Swap(true) {
		time.AfterFunc(slower, func() {
			p.late.Store(false)
			p.syncer.signal()
		})
	}
	if log {
		p.syncer.recheck()
	}
	p.syncer.gossip.review()
	return nil
}

// receiving notes that log entries of a device are about to be stored.
func (p *picture) receiving(device [32]byte) {
	p.mu.Lock()
	p.from, p.relayed = device, true
	p.mu.Unlock()
}

// holds notes what a connected device said it holds; nil: it left.
func (p *picture) holds(device [32]byte, feeds []Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := *p.view.Load()
	v.Peers = maps.Clone(v.Peers)
	if feeds == nil {
		delete(v.Peers, device)
	} else {
		v.Peers[device] = feeds
	}
	p.view.Store(&v)
}

// gossiping notes whether gossip carries new envelopes.
func (p *picture) gossiping(on bool) {
	p.mu.Lock()
	v := *p.view.Load()
	v.Gossip = on
	p.view.Store(&v)
	p.mu.Unlock()
	p.syncer.signal()
}

// accepted notes that we receive from a device, or no longer.
func (p *picture) accepted(device [32]byte, yes bool) {
	p.mu.Lock()
	links := slices.DeleteFunc(slices.Clone(*p.links.Load()), func(d [32]byte) bool { return d == device })
	if yes && len(links) < MaxLinks {
		links = append(links, device)
		slices.SortFunc(links, func(a, b [32]byte) int { return slices.Compare(a[:], b[:]) })
	}
	p.links.Store(&links)
	p.mu.Unlock()
	p.syncer.signal()
	p.syncer.gossip.review()
}

// linked notes from whom a connected device receives; nil: it left.
func (p *picture) linked(device [32]byte, links [][32]byte) {
	p.mu.Lock()
	if links == nil {
		delete(p.theirs, device)
	} else {
		p.theirs[device] = links
	}
	p.mu.Unlock()
	p.syncer.gossip.review()
}

// graph is a copy of who receives from whom, ourselves included.
func (p *picture) graph() map[[32]byte][][32]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := maps.Clone(p.theirs)
	g[p.syncer.cfg.Self] = *p.links.Load()
	return g
}

// visible is what a peer may know of h.
func (s *Syncer) visible(p p2p.PeerID, h Have) Have {
	if s.cfg.Visible == nil {
		return h
	}
	feeds := make([]Position, 0, len(h.Feeds))
	yes, space := false, [16]byte{}
	for i, f := range h.Feeds { // sorted by space: ask once for each
		if i == 0 || f.Feed.Space != space {
			space = f.Feed.Space
			yes = s.cfg.Visible(p, space)
		}
		if yes {
			feeds = append(feeds, f)
		}
	}
	return Have{Heads: h.Heads, Feeds: feeds}
}
