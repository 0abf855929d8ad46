// Package p2ptest starts real nodes on loopback for tests.
package p2ptest

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"parvis/p2p"
)

// Gate is a p2p.Gate that does what the test says. The zero value lets nobody in.
type Gate struct {
	mu      sync.Mutex
	members map[p2p.PeerID]bool // guarded by mu
	former  map[p2p.PeerID]bool // guarded by mu
	lobby   bool                // guarded by mu
}

// Allow makes the peers members.
func (g *Gate) Allow(peers ...p2p.PeerID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.members == nil {
		g.members = make(map[p2p.PeerID]bool)
	}
	for _, p := range peers {
		g.members[p] = true
	}
}

// Remove makes the peers strangers. The node notices at its next Recheck.
func (g *Gate) Remove(peers ...p2p.PeerID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range peers {
		delete(g.members, p)
	}
}

// SetLobby opens or closes the door to strangers.
func (g *Gate) SetLobby(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lobby = open
}

// Member implements p2p.Gate.
func (g *Gate) Member(p p2p.PeerID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.members[p]
}

// Lobby implements p2p.Gate.
func (g *Gate) Lobby() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lobby
}

// Part makes members former ones. The node notices at its next Recheck.
func (g *Gate) Part(peers ...p2p.PeerID) {
	g.Remove(peers...)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.former == nil {
		g.former = make(map[p2p.PeerID]bool)
	}
	for _, p := range peers {
		g.former[p] = true
	}
}

// Former implements p2p.Registrar.
func (g *Gate) Former(p p2p.PeerID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.former[p] && !g.members[p]
}

// Node is a running node with its gate.
type Node struct {
	*p2p.Node
	Gate *Gate
}

// Start runs one node with a fresh key until the test ends. Without listen
// addresses it listens on 127.0.0.1 with QUIC and TCP, on free ports.
func Start(t testing.TB, listen ...string) *Node {
	t.Helper()
	if len(listen) == 0 {
		listen = []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}
	}
	return start(t, p2p.Config{Listen: listen})
}

// StartMDNS runs one node that listens on every interface and may speak on the
// local network.
func StartMDNS(t testing.TB) *Node {
	t.Helper()
	return start(t, p2p.Config{MDNS: true})
}

// StartWith runs one node of this configuration, with a gate of its own and,
// unless the configuration has one, a fresh key. Without listen addresses it
// listens as Start does.
func StartWith(t testing.TB, cfg p2p.Config) *Node {
	t.Helper()
	if len(cfg.Listen) == 0 {
		cfg.Listen = []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}
	}
	return start(t, cfg)
}

func start(t testing.TB, cfg p2p.Config) *Node {
	t.Helper()
	if cfg.Seed == ([32]byte{}) {
		if _, err := rand.Read(cfg.Seed[:]); err != nil {
			t.Fatal(err)
		}
	}
	gate := &Gate{}
	cfg.Gate = gate
	n := p2p.New(cfg)
	if err := n.Start(context.Background()); err != nil {
		t.Fatalf("start node: %v", err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close node: %v", err)
		}
	})
	return &Node{Node: n, Gate: gate}
}

// Members starts n nodes that know each other as members; none is connected.
func Members(t testing.TB, n int) []*Node {
	t.Helper()
	nodes := make([]*Node, n)
	for i := range nodes {
		nodes[i] = Start(t)
	}
	for _, a := range nodes {
		for _, b := range nodes {
			if a != b {
				a.Gate.Allow(b.ID())
			}
		}
	}
	return nodes
}

// Connected starts n members, each connected with each other one.
func Connected(t testing.TB, n int) []*Node {
	t.Helper()
	nodes := Members(t, n)
	for i, a := range nodes {
		for _, b := range nodes[:i] {
			Connect(t, a, b)
		}
	}
	return nodes
}

// Connect connects a to b and waits until both know it.
func Connect(t testing.TB, a, b *Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	seen := make(chan struct{}, 16)
	b.OnPeer(func(p p2p.PeerID, connected bool) {
		if p == a.ID() && connected {
			select {
			case seen <- struct{}{}:
			default:
			}
		}
	})
	if err := a.Connect(ctx, b.ID(), b.Addrs()); err != nil {
		t.Fatalf("connect: %v", err)
	}
	if b.Connected(a.ID()) {
		return
	}
	select {
	case <-seen:
	case <-ctx.Done():
		t.Fatal("the other side never reported the connection")
	}
}
