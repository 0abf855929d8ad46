package p2p

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	ma "github.com/multiformats/go-multiaddr"
)

// openGate lets everybody in as the test says.
type openGate struct{ member, lobby bool }

func (g openGate) Member(PeerID) bool { return g.member }
func (g openGate) Lobby() bool        { return g.lobby }

// somePeer returns the id of node number i.
func somePeer(t testing.TB, i byte) (PeerID, peer.ID) {
	t.Helper()
	n := New(Config{Seed: [32]byte{i, 1}})
	return n.ID(), n.id
}

func TestW3HandshakesAreLimited(t *testing.T) {
	count := func(l interface{ Allow(netip.Addr) bool }, addr func(i int) netip.Addr, tries int) int {
		allowed := 0
		for i := range tries {
			if l.Allow(addr(i)) {
				allowed++
			}
		}
		return allowed
	}
	same := func(text string) func(int) netip.Addr {
		return func(int) netip.Addr { return netip.MustParseAddr(text) }
	}
	synctest.Test(t, func(t *testing.T) {
		l := capsOf(false).accept.limiter(1)
		if got := count(l, same("192.0.2.7"), 100); got != acceptSubnetBurst {
			t.Errorf("%d handshakes of one address at once, want %d", got, acceptSubnetBurst)
		}
		time.Sleep(time.Second)
		if got := count(l, same("192.0.2.7"), 100); got != acceptPerSubnet {
			t.Errorf("%d handshakes of one address in a second, want %d", got, acceptPerSubnet)
		}
		inNet := func(i int) netip.Addr {
			return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 1, 1, 1, byte(i), 15: byte(i)})
		}
		if got := count(l, inNet, 100); got != acceptSubnetBurst {
			t.Errorf("%d handshakes of one IPv6 /56 at once, want %d", got, acceptSubnetBurst)
		}
		time.Sleep(time.Minute)
		many := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, byte(i / 256), byte(i)}) }
		if got := count(l, many, 1000); got != acceptBurst {
			t.Errorf("%d handshakes of many addresses at once, want %d", got, acceptBurst)
		}
		time.Sleep(time.Second)
		if got := count(l, many, 1000); got != acceptPerSecond {
			t.Errorf("%d handshakes of many addresses in a second, want %d", got, acceptPerSecond)
		}
		for _, loop := range []string{"127.0.0.1", "::1"} {
			if got := count(l, same(loop), 1000); got != 1000 {
				t.Errorf("%d handshakes of %s, want all", got, loop)
			}
		}
	})
}

func TestW7ConnectionsAreLimited(t *testing.T) {
	open := func(t *testing.T, superPeer bool, tries int, p func(i int) peer.ID) int {
		rm, err := capsOf(superPeer).resourceManager()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rm.Close() }()
		loopback := ma.StringCast("/ip4/127.0.0.1/udp/4001/quic-v1")
		opened := 0
		for i := range tries {
			scope, err := rm.OpenConnection(network.DirInbound, false, loopback)
			if err != nil {
				continue
			}
			if err := scope.SetPeer(p(i)); err != nil {
				scope.Done()
				continue
			}
			opened++
		}
		return opened
	}
	_, one := somePeer(t, 1)
	if got := open(t, false, 20, func(int) peer.ID { return one }); got != peerConns {
		t.Errorf("one peer has %d connections, want %d", got, peerConns)
	}
	many := func(i int) peer.ID {
		_, p := somePeer(t, byte(i/4))
		return p
	}
	if got := open(t, false, 200, many); got != 64 {
		t.Errorf("%d connections in all, want 64", got)
	}
	if got := open(t, true, 900, many); got != 768 {
		t.Errorf("%d connections of a super-peer in all, want 768", got)
	}
}

func TestW8PenaltiesDecayAndBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p penalties
		add := func(id PeerID, times, points int) (out bool) {
			for range times {
				out = p.add(id, points)
			}
			return out
		}
		if add("a", 9, 10) {
			t.Error("90 points were enough")
		}
		time.Sleep(penaltyWindow)
		if add("a", 9, 10) {
			t.Error("points older than ten minutes counted")
		}
		want := firstBackOff
		for range 7 {
			if !add("a", 1, 100) {
				t.Fatal("100 points were not enough")
			}
			if !p.blocked("a") {
				t.Error("not shut out")
			}
			time.Sleep(want - time.Second)
			if !p.blocked("a") {
				t.Errorf("shut out for less than %s", want)
			}
			time.Sleep(time.Second)
			if p.blocked("a") {
				t.Errorf("shut out for more than %s", want)
			}
			want = min(2*want, longestBackOff)
		}
		time.Sleep(forgetAfter + time.Second)
		add("a", 1, 100)
		time.Sleep(firstBackOff)
		if p.blocked("a") {
			t.Error("a day without points did not reset the back-off")
		}
		if p.blocked("b") {
			t.Error("a peer without points is shut out")
		}
		for i := range 3 * maxPenalised {
			p.add(PeerID(rune('A'+i)), 1)
		}
		if len(p.peers) > maxPenalised {
			t.Errorf("%d peers remembered", len(p.peers))
		}
	})
}

// lobbyConn is a connection of a stranger.
type lobbyConn struct {
	network.Conn
	peer   peer.ID
	closed bool
}

func (c *lobbyConn) RemotePeer() peer.ID { return c.peer }
func (c *lobbyConn) IsClosed() bool      { return c.closed }

func TestW6AVisitLastsTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Config{Gate: openGate{lobby: true}})
		_, p := somePeer(t, 1)
		if !n.lobby.enter(&lobbyConn{peer: p}) {
			t.Fatal("not let in")
		}
		second := &lobbyConn{peer: p}
		if !n.lobby.enter(second) || n.lobby.enter(&lobbyConn{peer: p}) {
			t.Error("not exactly two connections of one stranger are allowed")
		}
		second.closed = true
		if !n.lobby.enter(&lobbyConn{peer: p}) {
			t.Error("a closed connection still counts")
		}
		time.Sleep(lobbyTime - time.Second)
		if !n.lobby.holds(p) {
			t.Error("the visit ended early")
		}
		time.Sleep(2 * time.Second)
		if n.lobby.holds(p) {
			t.Error("the visit did not end")
		}
	})
}

// silentStream records its deadline; nothing comes from it.
type silentStream struct {
	network.Stream
	conn     *lobbyConn
	deadline time.Time
	reset    bool
}

func (s *silentStream) Conn() network.Conn                { return s.conn }
func (s *silentStream) Protocol() protocol.ID             { return "/test" }
func (s *silentStream) SetReadDeadline(t time.Time) error { s.deadline = t; return nil }
func (s *silentStream) Reset() error                      { s.reset = true; return nil }
func (s *silentStream) Close() error                      { return nil }

func TestW9TheFirstByteHasTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Config{Gate: openGate{member: true}})
		_, p := somePeer(t, 1)
		s := &silentStream{conn: &lobbyConn{peer: p}}
		served := false
		h := handling{serve: func(context.Context, Stream) { served = true }}
		n.receive(&hosted{ctx: t.Context()}, s, h)
		if want := time.Now().Add(10 * time.Second); !s.deadline.Equal(want) || !served {
			t.Errorf("deadline %s, want %s", s.deadline, want)
		}
		n.cfg.Gate = openGate{}
		served = false
		n.receive(&hosted{ctx: t.Context()}, s, h)
		if served || !s.reset {
			t.Error("a stranger was served")
		}
	})
}

func TestW10OnlyTLSIsSpokenAndNothingIsTold(t *testing.T) {
	a := New(Config{Seed: [32]byte{1}, Gate: openGate{member: true}, Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	b := New(Config{Seed: [32]byte{2}, Gate: openGate{member: true}, Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	for _, n := range []*Node{a, b} {
		if err := n.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = n.Close() })
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := a.Connect(ctx, b.ID(), b.Addrs()); err != nil {
		t.Fatal(err)
	}
	run := a.host.Load()
	for _, c := range run.Network().ConnsToPeer(b.id) {
		if got := c.ConnState().Security; got != libp2ptls.ID {
			t.Errorf("security %s, want TLS", got)
		}
	}
	agent, err := run.Peerstore().Get(b.id, "AgentVersion")
	if err != nil || agent != userAgent {
		t.Errorf("user agent %v, %v", agent, err)
	}
	protocols, err := run.Peerstore().GetProtocols(b.id)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range protocols {
		switch p {
		case "/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0", "/libp2p/circuit/relay/0.2.0/stop",
			"/libp2p/autonat/2/dial-back", "/libp2p/autonat/2/dial-request", "/libp2p/dcutr":
		default:
			t.Errorf("unexpected protocol %s", p)
		}
	}
}
