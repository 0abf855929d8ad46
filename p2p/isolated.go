package p2p

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	ma "github.com/multiformats/go-multiaddr"
)

// ErrIsolated reports an address outside of the own subnets in isolated mode.
var ErrIsolated = errors.New("isolated: only the own local networks are reached")

// subnetsFor is how long the own subnets are taken as known.
const subnetsFor = 2 * time.Second

// subnets are the own networks.
type subnets struct {
	mu     sync.Mutex
	read   time.Time      // guarded by mu
	known  []netip.Prefix // guarded by mu; the private ones
	public []netip.Prefix // guarded by mu; those with public addresses
}

// own lists the private and link-local subnets of this machine's interfaces, as
// the machine's own address with the length of the prefix. Loopback is one.
func (s *subnets) own() []netip.Prefix {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh()
	return s.known
}

// refresh reads the interfaces again when it is time. The caller holds the lock.
func (s *subnets) refresh() {
	if time.Since(s.read) < subnetsFor {
		return
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return
	}
	s.read, s.known, s.public = time.Now(), privateSubnets(addrs), publicSubnets(addrs)
}

// beside reports whether a public address is one of this machine or of a network that one
// of its interfaces is in.
func (s *subnets) beside(ip netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh()
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(s.public, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// has reports whether an address lies in one of the own subnets.
func (s *subnets) has(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(s.own(), func(p netip.Prefix) bool { return p.Contains(ip) })
}

// A prefix that is shorter than these is no local network but a provider's way to give out
// addresses: of such an interface only the own address counts.
const (
	shortestLAN4 = 16
	shortestLAN6 = 48
)

// publicSubnets keeps the networks with public addresses.
func publicSubnets(addrs []net.Addr) []netip.Prefix {
	var all []netip.Prefix
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || p.Addr().Is4In6() {
			continue
		}
		ip := p.Addr()
		if !ip.IsGlobalUnicast() || ip.IsPrivate() {
			continue
		}
		if shortest := map[bool]int{true: shortestLAN4, false: shortestLAN6}[ip.Is4()]; p.Bits() < shortest {
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		all = append(all, p)
	}
	return all
}

// privateSubnets keeps what a router on the way to somewhere else cannot be part
// of: loopback, link-local and private subnets.
func privateSubnets(addrs []net.Addr) []netip.Prefix {
	var all []netip.Prefix
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		ip := p.Addr().Unmap()
		if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			if !p.Addr().Is4In6() {
				all = append(all, netip.PrefixFrom(ip, p.Bits()))
			}
		}
	}
	return all
}

// reachable reports whether an address may be dialled, or may dial us: in
// isolated mode only in the own subnets. Names are refused before they are
// looked up, because the question would leave the network.
func (n *Node) reachable(a ma.Multiaddr) bool {
	if !n.cfg.Isolated {
		return true
	}
	ip := addrOf(a)
	return ip.IsValid() && n.subnets.has(ip)
}

// isolation is what a host in isolated mode is made of, in place of relays, hole
// punching and AutoNAT (W66).
func (n *Node) isolation() []libp2p.Option {
	return []libp2p.Option{
		libp2p.DisableRelay(),
		libp2p.MultiaddrResolver(noNames{}),
		libp2p.QUICReuse(quicreuse.NewConnManager, quicreuse.OverrideListenUDP(n.listenUDP)),
	}
}

// noNames looks nothing up.
type noNames struct{}

func (noNames) ResolveDNSAddr(context.Context, peer.ID, ma.Multiaddr, int, int) ([]ma.Multiaddr, error) {
	return nil, ErrIsolated
}

func (noNames) ResolveDNSComponent(context.Context, ma.Multiaddr, int) ([]ma.Multiaddr, error) {
	return nil, ErrIsolated
}

func (n *Node) listenUDP(network string, addr *net.UDPAddr) (net.PacketConn, error) {
	c, err := net.ListenUDP(network, addr)
	if err != nil {
		return nil, err
	}
	return fenced{c, &n.subnets}, nil
}

// fenced is a socket for the own subnets: what comes from elsewhere is not seen,
// so that not even a refusal is answered, and nothing is sent elsewhere. It hides
// what else a UDP socket can do, because that goes past the fence.
type fenced struct {
	socket *net.UDPConn
	inside *subnets
}

// ReadFrom implements net.PacketConn.
func (f fenced) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := f.socket.ReadFromUDPAddrPort(b)
		if err != nil {
			return n, nil, err
		}
		if f.inside.has(from.Addr()) {
			return n, net.UDPAddrFromAddrPort(netip.AddrPortFrom(from.Addr().Unmap(), from.Port())), nil
		}
	}
}

// WriteTo implements net.PacketConn. What may not leave counts as sent, as any
// packet that is lost on the way.
func (f fenced) WriteTo(b []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, fmt.Errorf("send to %T: %w", to, ErrIsolated)
	}
	if !f.inside.has(udp.AddrPort().Addr()) {
		return len(b), nil
	}
	return f.socket.WriteTo(b, to)
}

// Close implements net.PacketConn.
func (f fenced) Close() error { return f.socket.Close() }

// LocalAddr implements net.PacketConn.
func (f fenced) LocalAddr() net.Addr { return f.socket.LocalAddr() }

// SetDeadline implements net.PacketConn.
func (f fenced) SetDeadline(t time.Time) error { return f.socket.SetDeadline(t) }

// SetReadDeadline implements net.PacketConn.
func (f fenced) SetReadDeadline(t time.Time) error { return f.socket.SetReadDeadline(t) }

// SetWriteDeadline implements net.PacketConn.
func (f fenced) SetWriteDeadline(t time.Time) error { return f.socket.SetWriteDeadline(t) }

// SetReadBuffer lets QUIC ask for a larger buffer.
func (f fenced) SetReadBuffer(bytes int) error { return f.socket.SetReadBuffer(bytes) }

// SetWriteBuffer lets QUIC ask for a larger buffer.
func (f fenced) SetWriteBuffer(bytes int) error { return f.socket.SetWriteBuffer(bytes) }

// listenInside turns the listen addresses into those on the own subnets: where
// one names every interface, each own address takes its place; one on another
// network is left out.
func listenInside(texts []string, own []netip.Prefix) []string {
	var all []string
	for _, t := range texts {
		m, err := ma.NewMultiaddr(t)
		if err != nil || len(m) < 2 {
			continue
		}
		ip := addrOf(m)
		for _, p := range own {
			if p.Addr().Is4() != ip.Is4() || p.Addr().IsLinkLocalUnicast() && p.Addr().Is6() {
				continue // a link-local IPv6 address is none without its interface
			}
			if ip.IsUnspecified() || ip == p.Addr() {
				family, rest, _ := strings.Cut(strings.TrimPrefix(t, "/"), "/")
				_, rest, _ = strings.Cut(rest, "/")
				if at := "/" + family + "/" + p.Addr().String() + "/" + rest; !slices.Contains(all, at) {
					all = append(all, at)
				}
			}
		}
	}
	return all
}

// leftOut are the own public addresses that were asked to be listened on and are not.
func leftOut(texts []string, public []netip.Prefix) []string {
	var all []string
	for _, t := range texts {
		m, err := ma.NewMultiaddr(t)
		if err != nil {
			continue
		}
		for _, p := range public {
			ip := addrOf(m)
			asked := ip == p.Addr() || ip.IsUnspecified() && ip.Is4() == p.Addr().Is4()
			if own := p.Addr().String(); asked && !slices.Contains(all, own) {
				all = append(all, own)
			}
		}
	}
	return all
}

// sayLeftOut tells whoever runs the node at which of its addresses isolated mode hears nobody.
func (n *Node) sayLeftOut(texts []string) {
	n.subnets.mu.Lock()
	n.subnets.refresh()
	out := leftOut(texts, n.subnets.public)
	n.subnets.mu.Unlock()
	if len(out) > 0 {
		n.log.Warn("isolated mode: public addresses are left out, also where they are those of the local network; give the computers private addresses as well, or switch isolated mode off", "addrs", out)
	}
}

// relistenEvery is how often isolated mode looks for other own addresses.
const relistenEvery = 3 * time.Second

// followSubnets listens on the own addresses of now, until the node closes. The
// other mode listens on every interface and needs no such thing.
func (n *Node) followSubnets(run *hosted) {
	network, ok := run.Network().(listener)
	if !ok {
		return
	}
	tick := time.NewTicker(relistenEvery)
	defer tick.Stop()
	for {
		select {
		case <-run.ctx.Done():
			return
		case <-tick.C:
		}
		n.relisten(network, n.subnets.own())
	}
}

// listener is the part of a host's network that relisten uses.
type listener interface {
	Listen(...ma.Multiaddr) error
	ListenAddresses() []ma.Multiaddr
	ListenClose(...ma.Multiaddr)
}

// relisten closes what listens on addresses that are gone and opens what is new.
func (n *Node) relisten(network listener, own []netip.Prefix) {
	open := make(map[netip.Addr]bool)
	for _, m := range network.ListenAddresses() {
		ip := addrOf(m)
		if slices.ContainsFunc(own, func(p netip.Prefix) bool { return p.Addr() == ip }) {
			open[ip] = true
		} else {
			network.ListenClose(m)
		}
	}
	texts := n.cfg.Listen
	if len(texts) == 0 {
		texts = DefaultListen()
	}
	own = slices.DeleteFunc(slices.Clone(own), func(p netip.Prefix) bool { return open[p.Addr()] })
	for _, t := range listenInside(texts, own) {
		m, err := ma.NewMultiaddr(t)
		if err == nil {
			err = network.Listen(m)
		}
		if err != nil {
			n.log.Debug("listen on a new address", "addr", t, "err", err)
		}
	}
}
