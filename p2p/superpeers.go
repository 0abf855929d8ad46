package p2p

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// What became of the place at a super-peer's relay.
const (
	RelayNone     = ""         // not asked for yet, or not connected
	RelayReserved = "reserved" // members reach this node through it
	RelayRefused  = "refused"  // it does not know us, is full, or is no relay
	RelayFailed   = "failed"   // it did not answer properly
)

// Why a relay has no place for us.
const (
	ReasonStranger = "stranger"  // its access list does not have this device
	ReasonFull     = "full"      // it has no place left
	ReasonNoRelay  = "no-relay"  // it is none
	ReasonClock    = "clock"     // its clock and ours are more than an hour apart
	ReasonNoAnswer = "no-answer" // it did not answer properly
)

// SuperPeer is how a super-peer of ours stands.
type SuperPeer struct {
	ID        PeerID
	Connected bool
	// Silent: it is connected, but did not answer for some seconds. Its machine
	// hangs or the line is cut, and what is sent there waits.
	Silent bool
	Relay  string // RelayNone, RelayReserved, RelayRefused or RelayFailed
	Reason string // why the relay refused or failed
	// Ahead is by how much its clock is ahead of ours, to a second; valid while
	// ClockKnown.
	Ahead      time.Duration
	ClockKnown bool
}

// attendants look after the super-peers (W60, W61): a place at the relay of each
// connected one, and a heartbeat.
type attendants struct {
	node  *Node
	known atomic.Pointer[map[PeerID]bool] // the keys of all, for those who may hold other locks

	mu        sync.Mutex
	all       map[PeerID]*attendant // every known super-peer; guarded by mu
	listeners []func()              // guarded by mu
	wake      chan struct{}
}

// attendant is one known super-peer. Its fields are guarded by attendants.mu.
type attendant struct {
	state SuperPeer
	leave context.CancelFunc // ends the care; nil while not connected
}

func (a *attendants) init(n *Node) {
	a.node = n
	a.all = make(map[PeerID]*attendant)
	a.wake = make(chan struct{}, 1)
	n.OnPeer(func(PeerID, bool) { a.follow() })
}

// start tells the listeners of changes until the node closes.
func (a *attendants) start(run *hosted) {
	a.node.wg.Go(func() {
		for {
			select {
			case <-run.ctx.Done():
				return
			case <-a.wake:
			}
			a.mu.Lock()
			listeners := slices.Clone(a.listeners)
			a.mu.Unlock()
			for _, f := range listeners {
				f()
			}
		}
	})
	a.follow()
}

// follow compares whom we care for with the super-peers that are known and
// connected now.
func (a *attendants) follow() {
	run := a.node.host.Load()
	if run == nil {
		return
	}
	wanted := make(map[PeerID]bool)
	if a.node.cfg.SuperPeers != nil {
		for _, p := range a.node.cfg.SuperPeers() {
			if p != a.node.ID() {
				wanted[p] = true
			}
		}
	}
	a.mu.Lock()
	before := a.known.Swap(&wanted)
	for p, at := range a.all {
		if !wanted[p] {
			at.stop()
			delete(a.all, p)
			a.changed()
		}
	}
	for p := range wanted {
		at := a.all[p]
		if at == nil {
			at = &attendant{state: SuperPeer{ID: p}}
			a.all[p] = at
			a.changed()
		}
		if connected := a.node.presence.has(p); connected != at.state.Connected {
			at.stop()
			at.state = SuperPeer{ID: p, Connected: connected}
			if connected {
				a.attend(run, at)
			}
			a.changed()
		}
	}
	a.mu.Unlock()
	if before == nil || !maps.Equal(*before, wanted) {
		a.node.presence.recheck()
	}
}

func (at *attendant) stop() {
	if at.leave != nil {
		at.leave()
		at.leave = nil
	}
}

// attend starts the care for a super-peer that is connected. The caller holds mu.
func (a *attendants) attend(run *hosted, at *attendant) {
	pid, err := at.state.ID.decode()
	if err != nil {
		return
	}
	ctx, leave := context.WithCancel(run.ctx)
	at.leave = leave
	cares := []func(context.Context, *hosted, peer.ID, *attendant){a.heartbeat}
	if !a.node.cfg.Isolated { // there, nobody is relayed
		cares = append(cares, a.reserve)
	}
	for _, care := range cares {
		if !a.node.begin(run) {
			leave()
			return
		}
		go func() {
			defer a.node.wg.Done()
			care(ctx, run, pid, at)
		}()
	}
}

// update changes what is known of a super-peer, while ctx, its care, goes on.
func (a *attendants) update(ctx context.Context, at *attendant, change func(s *SuperPeer)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	before := at.state
	change(&at.state)
	if before != at.state {
		a.changed()
	}
}

// changed wakes the listeners.
func (a *attendants) changed() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// has reports whether the peer is a super-peer of ours.
func (a *attendants) has(p PeerID) bool {
	known := a.known.Load()
	return known != nil && (*known)[p]
}

// forget ends all care when the node closes.
func (a *attendants) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for p, at := range a.all {
		at.stop()
		delete(a.all, p)
	}
	a.known.Store(nil)
}

// SuperPeers lists the super-peers of our workspaces by id.
func (n *Node) SuperPeers() []SuperPeer {
	n.attendants.mu.Lock()
	defer n.attendants.mu.Unlock()
	all := make([]SuperPeer, 0, len(n.attendants.all))
	for _, at := range n.attendants.all {
		all = append(all, at.state)
	}
	slices.SortFunc(all, func(x, y SuperPeer) int { return cmp.Compare(x.ID, y.ID) })
	return all
}

// OnSuperPeers registers a listener for changes of SuperPeers. Several changes
// may become one call; calls come one at a time.
func (n *Node) OnSuperPeers(f func()) {
	n.attendants.mu.Lock()
	defer n.attendants.mu.Unlock()
	n.attendants.listeners = append(n.attendants.listeners, f)
}
