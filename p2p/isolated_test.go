package p2p

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"
)

func TestW66OnlyOwnPrivateSubnetsCount(t *testing.T) {
	var addrs []net.Addr
	for _, text := range []string{"127.0.0.1/8", "192.168.1.2/24", "11.0.0.2/24", "169.254.7.7/16", "100.64.1.1/10", "fe80::1/64", "fd00::1/64", "2001:db8::1/64"} {
		ip, subnet, err := net.ParseCIDR(text)
		if err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, &net.IPNet{IP: ip, Mask: subnet.Mask})
	}
	s := subnets{read: time.Now().Add(time.Hour), known: privateSubnets(addrs)}
	for text, want := range map[string]bool{
		"192.168.1.77": true, "192.168.2.77": false, "127.0.0.9": true, "169.254.1.1": true, "10.0.0.1": false,
		"11.0.0.3": false, "100.64.1.2": false, "::ffff:192.168.1.9": true,
		"fe80::99%eth0": true, "fd00::5": true, "fd01::5": false, "2001:db8::2": false,
	} {
		if got := s.has(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestW66ListenersAreOnOwnAddresses(t *testing.T) {
	own := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("192.168.1.2/24"), netip.MustParsePrefix("fd00::1/64"), netip.MustParsePrefix("fe80::1/64")}
	got := listenInside([]string{"/ip4/0.0.0.0/udp/4001/quic-v1", "/ip6/::/tcp/0", "/ip4/192.168.1.2/tcp/5", "/ip4/11.0.0.2/tcp/5", "rubbish"}, own)
	want := []string{"/ip4/127.0.0.1/udp/4001/quic-v1", "/ip4/192.168.1.2/udp/4001/quic-v1", "/ip6/fd00::1/tcp/0", "/ip4/192.168.1.2/tcp/5"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// listening is a listener that only notes.
type listening struct{ addrs []ma.Multiaddr }

func (l *listening) Listen(m ...ma.Multiaddr) error  { l.addrs = append(l.addrs, m...); return nil }
func (l *listening) ListenAddresses() []ma.Multiaddr { return slices.Clone(l.addrs) }
func (l *listening) ListenClose(gone ...ma.Multiaddr) {
	l.addrs = slices.DeleteFunc(l.addrs, func(m ma.Multiaddr) bool { return slices.ContainsFunc(gone, m.Equal) })
}

func TestW66ListenersFollowTheAddresses(t *testing.T) {
	n := New(Config{Isolated: true, Listen: []string{"/ip4/0.0.0.0/udp/7/quic-v1", "/ip4/0.0.0.0/tcp/7"}})
	l := &listening{}
	for _, c := range []struct{ own, want []string }{
		{[]string{"127.0.0.1/8"}, []string{"/ip4/127.0.0.1/udp/7/quic-v1", "/ip4/127.0.0.1/tcp/7"}},
		{[]string{"127.0.0.1/8", "192.168.1.2/24"}, []string{"/ip4/127.0.0.1/udp/7/quic-v1", "/ip4/127.0.0.1/tcp/7", "/ip4/192.168.1.2/udp/7/quic-v1", "/ip4/192.168.1.2/tcp/7"}},
		{[]string{"127.0.0.1/8", "10.0.0.2/8"}, []string{"/ip4/127.0.0.1/udp/7/quic-v1", "/ip4/127.0.0.1/tcp/7", "/ip4/10.0.0.2/udp/7/quic-v1", "/ip4/10.0.0.2/tcp/7"}},
	} {
		var own []netip.Prefix
		for _, text := range c.own {
			own = append(own, netip.MustParsePrefix(text))
		}
		n.relisten(l, own)
		var got []string
		for _, m := range l.addrs {
			got = append(got, m.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("own %v: listens on %v", c.own, got)
		}
	}
}

func TestW66TheFenceLetsNothingThrough(t *testing.T) {
	open, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Close() }()
	inside := &subnets{read: time.Now().Add(time.Hour)} // not even loopback
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	f := fenced{socket, inside}
	defer func() { _ = f.Close() }()
	if n, err := f.WriteTo([]byte("outward"), open.LocalAddr()); n != 7 || err != nil {
		t.Errorf("a packet that may not leave: %d, %v", n, err)
	}
	if _, err := open.WriteTo([]byte("inward"), f.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	inside.mu.Lock()
	inside.known = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	inside.mu.Unlock()
	var b [16]byte
	_ = f.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := f.WriteTo([]byte("now"), open.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	_ = open.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, _, err := open.ReadFrom(b[:]); err != nil || string(b[:n]) != "now" {
		t.Errorf("the first packet is %q, %v", b[:n], err)
	}
	// What lies in the socket's buffer is judged when it is read.
	if n, from, err := f.ReadFrom(b[:]); err != nil || string(b[:n]) != "inward" || from.String() != open.LocalAddr().String() {
		t.Errorf("read %q from %v, %v", b[:n], from, err)
	}
	inside.mu.Lock()
	inside.known = nil
	inside.mu.Unlock()
	if _, err := open.WriteTo([]byte("inward"), f.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	_ = f.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if n, _, err := f.ReadFrom(b[:]); err == nil {
		t.Errorf("read %q through the fence", b[:n])
	}
}

func TestW66IsolatedNodesTalkAndReachNobodyElse(t *testing.T) {
	start := func(seed byte) *Node {
		n := New(Config{Isolated: true, Seed: [32]byte{seed}, Listen: []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}, Gate: everybody{}})
		if err := n.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = n.Close() })
		return n
	}
	a, b := start(1), start(2)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, addr := range []string{"/ip4/11.0.0.1/udp/443/quic-v1", "/ip4/11.0.0.1/tcp/443", "/dns4/example.org/tcp/443"} {
		if cause, err := a.Probe(ctx, b.ID(), addr); cause != CauseIsolated || !errors.Is(err, ErrIsolated) {
			t.Errorf("probe %s: %q %v", addr, cause, err)
		}
		if err := a.Connect(ctx, b.ID(), []string{addr}); err == nil {
			t.Errorf("connected to %s", addr)
		}
	}
	if err := a.Connect(ctx, b.ID(), b.Addrs()); err != nil {
		t.Fatalf("on the own network: %v", err)
	}
	if p := a.Peers(); len(p) != 1 || p[0].Path != PathLAN {
		t.Errorf("peers %v", p)
	}
}

type everybody struct{}

func (everybody) Member(PeerID) bool { return true }
func (everybody) Lobby() bool        { return false }

func TestPublicAddressesOfOwnNetworksAreNear(t *testing.T) {
	var addrs []net.Addr
	for _, text := range []string{"192.168.1.2/24", "11.1.2.3/24", "12.1.2.3/8", "2a00:1:2:3::5/64", "2a01::5/32", "fe80::1/64"} {
		ip, subnet, err := net.ParseCIDR(text)
		if err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, &net.IPNet{IP: ip, Mask: subnet.Mask})
	}
	s := subnets{read: time.Now().Add(time.Hour), public: publicSubnets(addrs)}
	for text, want := range map[string]bool{
		"11.1.2.3": true, "11.1.2.200": true, "11.1.3.1": false, "12.1.2.3": true, "12.1.2.4": false, "::ffff:11.1.2.9": true,
		"2a00:1:2:3::9": true, "2a00:1:2:4::9": false, "2a01::5": true, "2a01::6": false, "192.168.1.3": false,
	} {
		if got := s.beside(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s is near: %v, want %v", text, got, want)
		}
	}
	if s.beside(netip.Addr{}) {
		t.Error("no address is near")
	}
}

func TestIsolatedModeNamesThePublicAddressesItLeavesOut(t *testing.T) {
	public := []netip.Prefix{netip.MustParsePrefix("11.1.2.3/24"), netip.MustParsePrefix("2a00::5/64")}
	for name, c := range map[string]struct{ listen, want []string }{
		"every interface": {DefaultListen(), []string{"11.1.2.3", "2a00::5"}},
		"one family":      {[]string{"/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"}, []string{"11.1.2.3"}},
		"by name":         {[]string{"/ip6/2a00::5/tcp/1"}, []string{"2a00::5"}},
		"a private one":   {[]string{"/ip4/192.168.1.2/tcp/1"}, nil},
		"no address":      {[]string{"foo"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := leftOut(c.listen, public); !slices.Equal(got, c.want) {
				t.Errorf("leaves out %v, want %v", got, c.want)
			}
		})
	}
}
