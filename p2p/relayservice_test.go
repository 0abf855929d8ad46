package p2p

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
)

// relayGate knows teams: who is in one may meet the others in it.
type relayGate struct {
	mu    sync.Mutex
	teams map[PeerID]int // guarded by mu
}

func (g *relayGate) Member(p PeerID) bool { g.mu.Lock(); defer g.mu.Unlock(); return g.teams[p] != 0 }
func (g *relayGate) Lobby() bool          { return false }

func (g *relayGate) Together(a, b PeerID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.teams[a] == g.teams[b]
}

func (g *relayGate) join(p PeerID, team int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.teams[p] = team
}

func startRelayed(t *testing.T, seed byte, gate Gate, relay bool) *Node {
	t.Helper()
	n := New(Config{Seed: [32]byte{seed}, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Gate: gate, SuperPeer: relay, Relay: relay})
	if err := n.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func TestW15TheRelayIsForMembers(t *testing.T) {
	gate := &relayGate{teams: make(map[PeerID]int)}
	relay := startRelayed(t, 1, gate, true)
	gate.join(relay.ID(), 9)
	ana, ben, eve := startRelayed(t, 2, gate, false), startRelayed(t, 3, gate, false), startRelayed(t, 4, gate, false)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	connect := func(n *Node, team int) peer.AddrInfo {
		t.Helper()
		gate.join(n.ID(), team)
		if err := n.Connect(ctx, relay.ID(), relay.Addrs()); err != nil {
			t.Fatal(err)
		}
		return relay.host.Load().Peerstore().PeerInfo(relay.id)
	}
	info := connect(ana, 1)
	connect(ben, 1)
	connect(eve, 2)

	got, err := client.Reserve(ctx, ana.host.Load(), info)
	if err != nil {
		t.Fatal(err)
	}
	if got.LimitDuration != relayTime || got.LimitData != relayBytes || len(got.Addrs) == 0 {
		t.Errorf("%s and %d bytes at %v", got.LimitDuration, got.LimitData, got.Addrs)
	}
	if s := relay.RelayStats(); s.Reservations != 1 || s.Refused != 0 {
		t.Errorf("%+v", s)
	}
	service := relay.host.Load().relay
	for _, c := range []struct {
		from, to *Node
		want     bool
	}{{ben, ana, true}, {ana, ben, true}, {eve, ana, false}, {ana, eve, false}} {
		if got := service.AllowConnect(c.from.id, nil, c.to.id); got != c.want {
			t.Errorf("%s to %s: %v", c.from.ID().Short(), c.to.ID().Short(), got)
		}
	}
	t.Run("W15 who was removed has no place", func(t *testing.T) {
		gate.join(ben.ID(), 0)
		if service.AllowReserve(ben.id, nil) || service.AllowConnect(ana.id, nil, ben.id) {
			t.Error("it has")
		}
		gate.join(ben.ID(), 1)
		if !service.AllowReserve(ben.id, nil) {
			t.Error("it has none after coming back")
		}
	})
	t.Run("W15 a node that is no relay has none to give", func(t *testing.T) {
		if err := ana.Connect(ctx, ben.ID(), ben.Addrs()); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Reserve(ctx, ana.host.Load(), ben.host.Load().Peerstore().PeerInfo(ben.id)); err == nil {
			t.Error("it gave one")
		}
		if s := ben.RelayStats(); s != (RelayStats{}) {
			t.Errorf("%+v", s)
		}
	})
}

func TestW6ASuperPeersLobbyIsLarger(t *testing.T) {
	for superPeer, want := range map[bool]time.Duration{false: 4 * 10 * time.Minute, true: 16 * time.Minute} {
		if l := &New(Config{SuperPeer: superPeer}).lobby; time.Duration(l.strangers)*l.stay != want {
			t.Errorf("super-peer %v: %d strangers for %s", superPeer, l.strangers, l.stay)
		}
	}
}

func TestW3ASuperPeerTakesAWholeOffice(t *testing.T) {
	for superPeer, want := range map[bool]int{false: acceptSubnetBurst, true: 200} {
		l, taken := capsOf(superPeer).accept.limiter(1), 0
		for range 1000 {
			if l.Allow(netip.MustParseAddr("192.0.2.1")) {
				taken++
			}
		}
		if taken < want || taken > want+want/10 {
			t.Errorf("super-peer %v: %d connections of one address at once, want %d", superPeer, taken, want)
		}
	}
}
