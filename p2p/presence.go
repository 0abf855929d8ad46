package p2p

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	ma "github.com/multiformats/go-multiaddr"
)

// presence knows which members are connected. A connection counts once the
// other side has told who it is over it (identify), because before that its
// gate may still close it (W4). Listeners hear of every change, in order.
type presence struct {
	node *Node

	mu            sync.Mutex
	conns         map[peer.ID]map[network.Conn]bool // identified; guarded by mu
	seen          map[network.Conn]Sighting         // of those that are direct; guarded by mu
	reported      map[PeerID]string                 // connected members and their paths; guarded by mu
	listeners     []func(PeerID, bool)              // guarded by mu
	pathListeners []func(PeerID, string)            // guarded by mu
	queue         []presenceChange                  // not yet told; guarded by mu
	changed       chan struct{}                     // closed and replaced at every change; guarded by mu
	wake          chan struct{}
}

// presenceChange is a peer that came (before is empty), went (after is empty) or
// is reached otherwise.
type presenceChange struct {
	peer          PeerID
	before, after string // paths
}

func (p *presence) init(n *Node) {
	p.node = n
	p.conns = make(map[peer.ID]map[network.Conn]bool)
	p.seen = make(map[network.Conn]Sighting)
	p.reported = make(map[PeerID]string)
	p.changed = make(chan struct{})
	p.wake = make(chan struct{}, 1)
}

// start listens to the host until it closes.
func (p *presence) start(run *hosted) error {
	sub, err := run.EventBus().Subscribe([]any{
		new(event.EvtPeerIdentificationCompleted),
		new(event.EvtPeerIdentificationFailed),
		new(event.EvtLocalAddressesUpdated),
	}, eventbus.Name("parvis"), eventbus.BufSize(256))
	if err != nil {
		return fmt.Errorf("subscribe to host events: %w", err)
	}
	run.Network().Notify(&network.NotifyBundle{DisconnectedF: func(_ network.Network, c network.Conn) { p.closed(c) }})
	p.node.wg.Go(func() {
		defer func() { _ = sub.Close() }()
		for {
			select {
			case <-run.ctx.Done():
				return
			case e := <-sub.Out():
				p.event(e)
			}
		}
	})
	p.node.wg.Go(func() { p.tell(run.ctx) })
	return nil
}

func (p *presence) event(e any) {
	switch e := e.(type) {
	case event.EvtPeerIdentificationCompleted:
		p.identified(e.Conn, e.ObservedAddr)
	case event.EvtPeerIdentificationFailed:
		p.mu.Lock()
		p.signal()
		p.mu.Unlock()
	case event.EvtLocalAddressesUpdated:
		p.node.mu.Lock()
		listeners := p.node.onAddrs
		p.node.mu.Unlock()
		for _, f := range listeners {
			f()
		}
	}
}

func (p *presence) identified(c network.Conn, observed ma.Multiaddr) {
	pid := c.RemotePeer()
	member := p.node.allowed(textOf(pid))
	p.mu.Lock()
	if c.IsClosed() {
		p.mu.Unlock()
		return
	}
	if p.conns[pid] == nil {
		p.conns[pid] = make(map[network.Conn]bool)
	}
	older := slices.DeleteFunc(slices.Collect(maps.Keys(p.conns[pid])), func(o network.Conn) bool { return o == c })
	p.conns[pid][c] = true
	if s, ok := p.node.sightingOf(c, observed); ok {
		p.seen[c] = s
	}
	p.settle(pid, member)
	p.mu.Unlock()
	if run := p.node.host.Load(); run != nil && len(older) > 0 {
		p.node.probe(run, older)
		if direct, relayed := p.split(pid); len(relayed) > 1 || direct > 0 && len(relayed) > 0 {
			p.node.retire(run, pid)
		}
	}
}

// sightings are those of connected members.
func (p *presence) sightings() []Sighting {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Sighting
	for _, s := range p.seen {
		if p.reported[s.By] != "" {
			all = append(all, s)
		}
	}
	return all
}

// split counts the identified direct connections of a peer and lists the relayed
// ones.
func (p *presence) split(pid peer.ID) (direct int, relayed []network.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns[pid] {
		switch {
		case c.IsClosed():
		case isCircuit(c.RemoteMultiaddr()):
			relayed = append(relayed, c)
		default:
			direct++
		}
	}
	return direct, relayed
}

func (p *presence) closed(c network.Conn) {
	p.node.punches.forget(c)
	pid := c.RemotePeer()
	member := p.node.allowed(textOf(pid))
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.seen, c)
	if p.conns[pid] != nil {
		delete(p.conns[pid], c)
		if len(p.conns[pid]) == 0 {
			delete(p.conns, pid)
		}
	}
	p.settle(pid, member)
}

// recheck reports strangers that became members and members that are none now.
func (p *presence) recheck() {
	p.mu.Lock()
	all := make([]peer.ID, 0, len(p.conns))
	for pid := range p.conns {
		all = append(all, pid)
	}
	p.mu.Unlock()
	for _, pid := range all {
		p.recheckPeer(pid)
	}
}

// recheckPeer reports what changed about one peer otherwise than by a connection.
func (p *presence) recheckPeer(pid peer.ID) {
	member := p.node.allowed(textOf(pid))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle(pid, member)
}

// settle queues what listeners have to hear. The caller holds mu.
func (p *presence) settle(pid peer.ID, member bool) {
	id := textOf(pid)
	path := ""
	if member && len(p.conns[pid]) > 0 {
		best, ok := p.node.describe(slices.Collect(maps.Keys(p.conns[pid])))
		if path = best.Path; !ok {
			path = p.reported[id] // all are closing: closed tells when they are gone
		}
	}
	if before := p.reported[id]; path != before {
		if path != "" {
			p.reported[id] = path
		} else {
			delete(p.reported, id)
		}
		p.queue = append(p.queue, presenceChange{id, before, path})
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
	p.signal()
}

// signal wakes those who await. The caller holds mu.
func (p *presence) signal() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// tell calls the listeners outside of all locks, one change after the other.
func (p *presence) tell(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		for {
			p.mu.Lock()
			queue, listeners, paths := p.queue, p.listeners, p.pathListeners
			p.queue = nil
			p.mu.Unlock()
			if len(queue) == 0 {
				break
			}
			for _, c := range queue {
				if (c.before == "") != (c.after == "") {
					for _, f := range listeners {
						f(c.peer, c.after != "")
					}
				}
				if c.after != "" {
					for _, f := range paths {
						f(c.peer, c.after)
					}
				}
			}
		}
	}
}

func (p *presence) has(id PeerID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reported[id] != ""
}

// await returns nil once the peer is connected and ErrRefused once it has no
// connection left.
func (p *presence) await(ctx context.Context, run *hosted, id PeerID) error {
	pid, err := id.decode()
	if err != nil {
		return err
	}
	for {
		p.mu.Lock()
		has, changed := p.reported[id] != "", p.changed
		p.mu.Unlock()
		if has {
			return nil
		}
		if len(run.Network().ConnsToPeer(pid)) == 0 {
			return ErrRefused
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-run.ctx.Done():
			return ErrNotStarted
		}
	}
}

// OnPeer registers a listener for members: connected is true when the first
// connection is usable and false when the last one is gone. Calls come one at a
// time and in order; a listener must not block.
func (n *Node) OnPeer(f func(p PeerID, connected bool)) {
	n.presence.mu.Lock()
	defer n.presence.mu.Unlock()
	n.presence.listeners = append(n.presence.listeners, f)
}
