package p2p_test

import (
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
)

// superPeer is a relay for everybody, with nothing else of a super-peer.
type superPeer struct {
	host.Host
}

func startSuperPeer(t *testing.T, options ...relay.Option) superPeer {
	t.Helper()
	h, err := libp2p.New(libp2p.NoTransports, libp2p.Transport(libp2pquic.NewTransport), libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(libp2ptls.ID, libp2ptls.New), libp2p.ListenAddrStrings("/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"),
		libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	if _, err := relay.New(h, options...); err != nil {
		t.Fatal(err)
	}
	return superPeer{h}
}

func (s superPeer) id() p2p.PeerID { return p2p.PeerID(s.ID().String()) }

func (s superPeer) addrs() []string {
	var all []string
	for _, a := range s.Addrs() {
		all = append(all, a.String())
	}
	return all
}

// team is n members that know some super-peers and nothing of each other's
// addresses.
func team(t *testing.T, n int, supers ...superPeer) []*p2ptest.Node {
	t.Helper()
	var ids []p2p.PeerID
	for _, s := range supers {
		ids = append(ids, s.id())
	}
	nodes := make([]*p2ptest.Node, n)
	for i := range nodes {
		nodes[i] = p2ptest.StartWith(t, p2p.Config{
			SuperPeers: func() []p2p.PeerID { return ids },
			Via:        func(p2p.PeerID) []p2p.PeerID { return ids },
		})
		nodes[i].Gate.Allow(ids...)
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

// stands waits until what a node says of its super-peer is as wanted.
func stands(t *testing.T, n *p2ptest.Node, s superPeer, what string, want func(p2p.SuperPeer) bool) {
	t.Helper()
	changed := make(chan struct{}, 1)
	n.OnSuperPeers(func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	limit := time.After(20 * time.Second)
	for {
		for _, at := range n.SuperPeers() {
			if at.ID == s.id() && want(at) {
				return
			}
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("never %s: %+v", what, n.SuperPeers())
		}
	}
}

func reserved(s p2p.SuperPeer) bool { return s.Connected && s.Relay == p2p.RelayReserved }

// attached connects each node with the super-peer and waits for its place there.
func attached(t *testing.T, s superPeer, nodes ...*p2ptest.Node) {
	t.Helper()
	for _, n := range nodes {
		if err := n.Connect(testContext(t), s.id(), s.addrs()); err != nil {
			t.Fatal(err)
		}
		stands(t, n, s, "reserved", reserved)
	}
}

func pathTo(n *p2ptest.Node, p p2p.PeerID) string {
	for _, peer := range n.Peers() {
		if peer.ID == p {
			return peer.Path
		}
	}
	return ""
}

func TestW60MembersMeetThroughASuperPeer(t *testing.T) {
	s := startSuperPeer(t)
	nodes := team(t, 2, s)
	a, b := nodes[0], nodes[1]
	b.Handle(echo, serveEcho)
	met := make(chan bool, 4)
	b.OnPeer(func(p p2p.PeerID, connected bool) {
		if p == a.ID() {
			met <- connected
		}
	})
	attached(t, s, a, b)
	if at := a.SuperPeers()[0]; !at.ClockKnown || at.Ahead.Abs() > 2*time.Second {
		t.Errorf("the clock of a super-peer on this machine: %+v", at)
	}
	if err := a.Connect(testContext(t), b.ID(), nil); err != nil {
		t.Fatalf("through the super-peer: %v", err)
	}
	if got, err := roundTrip(testContext(t), a, b.ID(), echo, "hello"); err != nil || got != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
	if connected := <-met; !connected || !b.Connected(a.ID()) {
		t.Error("the other side was told of no connection")
	}
	if path := pathTo(a, b.ID()); path != p2p.PathRelayed {
		t.Errorf("path %q", path)
	}
	if path := pathTo(b, a.ID()); path != p2p.PathRelayed {
		t.Errorf("path of the other side %q", path)
	}
	if path := pathTo(a, s.id()); path != p2p.PathSuperPeer {
		t.Errorf("path of the super-peer %q", path)
	}
	if !a.Relayed(b.ID()) || a.Relayed(s.id()) {
		t.Error("who is relayed is wrong")
	}
}

func TestW60ARefusedPlaceHasAReason(t *testing.T) {
	full := relay.DefaultResources()
	full.MaxReservations = 1
	for name, c := range map[string]struct {
		options []relay.Option
		places  int
		want    string
	}{
		"access list": {[]relay.Option{relay.WithACL(nobody{})}, 0, p2p.ReasonStranger},
		"full":        {[]relay.Option{relay.WithResources(full)}, 1, p2p.ReasonFull},
	} {
		t.Run(name, func(t *testing.T) {
			s := startSuperPeer(t, c.options...)
			nodes := team(t, c.places+1, s)
			attached(t, s, nodes[:c.places]...)
			last := nodes[c.places]
			if err := last.Connect(testContext(t), s.id(), s.addrs()); err != nil {
				t.Fatal(err)
			}
			stands(t, last, s, "refused", func(at p2p.SuperPeer) bool { return at.Relay == p2p.RelayRefused && at.Reason == c.want })
		})
	}
}

type nobody struct{}

func (nobody) AllowReserve(peer.ID, multiaddr.Multiaddr) bool          { return false }
func (nobody) AllowConnect(peer.ID, multiaddr.Multiaddr, peer.ID) bool { return false }

func TestW61ASilentSuperPeerIsNoticedWithin5Seconds(t *testing.T) {
	s := startSuperPeer(t)
	var hangs atomic.Bool
	s.SetStreamHandler(ping.ID, func(stream network.Stream) {
		go func() { // what the machine would answer, were it not cut off
			for {
				var b [ping.PingSize]byte
				if _, err := io.ReadFull(stream, b[:]); err != nil || hangs.Load() {
					return
				}
				if _, err := stream.Write(b[:]); err != nil {
					return
				}
			}
		}()
	})
	a := team(t, 1, s)[0]
	attached(t, s, a)
	hangs.Store(true)
	begin := time.Now()
	stands(t, a, s, "silent", func(at p2p.SuperPeer) bool { return at.Connected && at.Silent })
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("noticed after %s", took)
	}
	hangs.Store(false)
	stands(t, a, s, "back", func(at p2p.SuperPeer) bool { return at.Connected && !at.Silent })
	hangs.Store(true)
	stands(t, a, s, "disconnected", func(at p2p.SuperPeer) bool { return !at.Connected && at.Relay == p2p.RelayNone })
}

func TestW62OnlyOwnSuperPeersRelay(t *testing.T) {
	ours, other := startSuperPeer(t), startSuperPeer(t)
	nodes := team(t, 1, ours, other)
	a := nodes[0]
	attached(t, other, a)
	// For c the other relay is a member like any other.
	c := team(t, 1, ours)[0]
	c.Gate.Allow(other.id(), a.ID())
	a.Gate.Allow(c.ID())
	if err := c.Connect(testContext(t), other.id(), other.addrs()); err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(testContext(t), a.ID(), []string{"/p2p/" + string(other.id()) + "/p2p-circuit"}); err == nil {
		t.Error("dialled through a relay that is none of ours")
	}
	if len(c.SuperPeers()) != 1 || c.SuperPeers()[0].ID != ours.id() {
		t.Errorf("super-peers %v", c.SuperPeers())
	}
}

func TestW63DirectTakesOverFromRelayed(t *testing.T) {
	s := startSuperPeer(t)
	nodes := team(t, 2, s)
	a, b := nodes[0], nodes[1]
	paths := make(chan string, 8)
	a.OnPath(func(p p2p.PeerID, path string) {
		if p == b.ID() {
			paths <- path
		}
	})
	var lost atomic.Bool
	a.OnPeer(func(p p2p.PeerID, connected bool) {
		if p == b.ID() && !connected {
			lost.Store(true)
		}
	})
	attached(t, s, a, b)
	if err := a.Connect(testContext(t), b.ID(), nil); err != nil {
		t.Fatal(err)
	}
	if path := <-paths; path != p2p.PathRelayed {
		t.Fatalf("path %q", path)
	}
	b.Handle(echo, serveEcho)
	old, err := a.Open(testContext(t), b.ID(), echo)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := a.Upgrade(testContext(t), b.ID(), b.Addrs()); err != nil {
		t.Fatal(err)
	}
	if path := <-paths; path != p2p.PathLAN {
		t.Fatalf("path %q", path)
	}
	// The old stream ends with its connection, so that its owner opens it anew.
	_ = old.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.ReadAll(old); err == nil {
		t.Error("the stream over the relay ended kindly")
	}
	if got, err := roundTrip(testContext(t), a, b.ID(), echo, "again"); err != nil || got != "again" {
		t.Errorf("got %q, %v", got, err)
	}
	if a.Relayed(b.ID()) || slices.Contains([]string{pathTo(a, b.ID()), pathTo(b, a.ID())}, p2p.PathRelayed) {
		t.Error("still relayed")
	}
	if lost.Load() {
		t.Error("the change of path looked like a loss")
	}
}

func TestW63OfTwoRelayedConnectionsOneStays(t *testing.T) {
	super := p2ptest.StartWith(t, p2p.Config{SuperPeer: true, Relay: true})
	ids := []p2p.PeerID{super.ID()}
	nodes := make([]*p2ptest.Node, 2)
	for i := range nodes {
		nodes[i] = p2ptest.StartWith(t, p2p.Config{SuperPeers: func() []p2p.PeerID { return ids }, Via: func(p2p.PeerID) []p2p.PeerID { return ids }})
		nodes[i].Gate.Allow(super.ID())
		super.Gate.Allow(nodes[i].ID())
	}
	a, b := nodes[0], nodes[1]
	a.Gate.Allow(b.ID())
	b.Gate.Allow(a.ID())
	for _, n := range nodes {
		if err := n.Connect(testContext(t), super.ID(), super.Addrs()); err != nil {
			t.Fatal(err)
		}
		for changed := reservations(n); !reserved(n.SuperPeers()[0]); {
			<-changed
		}
	}
	failed := make(chan error, 2)
	go func() { failed <- a.Connect(testContext(t), b.ID(), nil) }()
	go func() { failed <- b.Connect(testContext(t), a.ID(), nil) }()
	for range 2 {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(20 * time.Second)
	for super.RelayStats().Circuits != 1 {
		if time.Now().After(deadline) {
			t.Fatalf("%d circuits", super.RelayStats().Circuits)
		}
		time.Sleep(20 * time.Millisecond) // the relay tells nobody
	}
	if !a.Connected(b.ID()) || !b.Connected(a.ID()) {
		t.Error("they lost each other")
	}
}
