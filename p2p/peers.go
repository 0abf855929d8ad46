package p2p

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
)

// Peer is a connected member.
type Peer struct {
	ID    PeerID
	Addr  string        // multiaddr of its best connection
	Path  string        // PathLAN, PathDirect, PathPunched, PathRelayed or PathSuperPeer
	RTT   time.Duration // smoothed round trip; 0 until measured
	Since time.Time     // its oldest open connection
}

const (
	rttEvery   = time.Minute      // at most one measurement per peer and minute
	rttTimeout = 10 * time.Second //
)

// roundTrips remembers when each peer was measured. Nothing is measured while
// nobody asks.
type roundTrips struct {
	mu   sync.Mutex
	last map[peer.ID]time.Time // guarded by mu
}

// Peers lists the connected members by id. It starts a measurement of the
// round trip where the last one is older than a minute; a later call shows it.
func (n *Node) Peers() []Peer {
	run := n.host.Load()
	if run == nil {
		return nil
	}
	var all []Peer
	for _, pid := range run.Network().Peers() {
		id := textOf(pid)
		if !n.presence.has(id) {
			continue
		}
		p, ok := n.describe(run.Network().ConnsToPeer(pid))
		if !ok {
			continue
		}
		p.RTT = run.Peerstore().LatencyEWMA(pid)
		n.measure(run, pid)
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b Peer) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return all
}

// Speaks reports whether a connected peer said that it serves a protocol.
func (n *Node) Speaks(p PeerID, id string) bool {
	run := n.host.Load()
	pid, err := p.decode()
	if run == nil || err != nil {
		return false
	}
	spoken, err := run.Peerstore().SupportsProtocols(pid, protocol.ID(id))
	return err == nil && len(spoken) > 0
}

// measure sends one ping in the background, at most one per peer and minute.
func (n *Node) measure(run *hosted, pid peer.ID) {
	now := time.Now()
	n.rtt.mu.Lock()
	if n.rtt.last == nil || len(n.rtt.last) > 4096 {
		n.rtt.last = make(map[peer.ID]time.Time)
	}
	due := now.Sub(n.rtt.last[pid]) >= rttEvery
	if due {
		n.rtt.last[pid] = now
	}
	n.rtt.mu.Unlock()
	if !due || !n.begin(run) {
		return
	}
	go func() {
		defer n.wg.Done()
		_, _ = n.ping(run.ctx, run, pid)
	}()
}

// Ping measures the round trip to a connected peer now.
func (n *Node) Ping(ctx context.Context, p PeerID) (time.Duration, error) {
	run := n.host.Load()
	if run == nil {
		return 0, ErrNotStarted
	}
	pid, err := p.decode()
	if err != nil {
		return 0, err
	}
	return n.ping(ctx, run, pid)
}

func (n *Node) ping(ctx context.Context, run *hosted, pid peer.ID) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(network.WithNoDial(ctx, "ping"), rttTimeout)
	defer cancel()
	r, ok := <-ping.Ping(ctx, run.Host, pid) // it records the round trip itself
	if !ok {
		return 0, fmt.Errorf("ping %s: %w", textOf(pid).Short(), context.Cause(ctx))
	}
	if r.Error != nil {
		return 0, fmt.Errorf("ping %s: %w", textOf(pid).Short(), r.Error)
	}
	return r.RTT, nil
}

// begin books background work of a running node; wg.Done ends it. It fails
// while Close waits, so that Add never races with Wait.
func (n *Node) begin(run *hosted) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.host.Load() != run {
		return false
	}
	n.wg.Add(1)
	return true
}
