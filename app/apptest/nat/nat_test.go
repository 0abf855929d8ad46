package nat

import (
	"net/netip"
	"sync"
	"testing"
)

// kind is how a NAT maps and filters (RFC 4787), and what its firewall lets out.
type kind struct {
	name      string
	symmetric bool // another outside port for every destination
	filter    filter
	lets      func(p packet) bool // what may leave; nil: everything
}

// filter is who may answer to a mapping.
type filter int

const (
	anybody   filter = iota // full cone
	contacted               // addresses that were written to
	exactly                 // addresses and ports that were written to
)

// The kinds that homes, hotels and offices have.
var (
	fullCone       = kind{name: "full cone"}
	restricted     = kind{name: "restricted cone", filter: contacted}
	portRestricted = kind{name: "port-restricted", filter: exactly}
	symmetric      = kind{name: "symmetric", symmetric: true, filter: exactly}
	noUDP          = kind{name: "UDP blocked", filter: exactly, lets: func(p packet) bool { return p.proto() == tcp }}
	only443        = kind{name: "only TCP 443", filter: exactly, lets: func(p packet) bool { return p.proto() == tcp && p.to().Port() == 443 }}
	nothing        = kind{name: "nothing out", filter: exactly, lets: func(packet) bool { return false }}
)

// nat translates for one network. It is safe for several goroutines.
type nat struct {
	kind
	outside netip.Addr

	mu   sync.Mutex
	next uint16                 // guarded by mu
	out  map[inner]*mapping     // guarded by mu
	in   map[outerPort]*mapping // guarded by mu
}

// inner is what gets a mapping of its own: an inside endpoint, and for a
// symmetric NAT its destination too.
type inner struct {
	proto    byte
	from, to netip.AddrPort
}

type outerPort struct {
	proto byte
	port  uint16
}

type mapping struct {
	inside  netip.AddrPort
	outside netip.AddrPort
	hosts   map[netip.Addr]bool
	peers   map[netip.AddrPort]bool
}

func newNAT(k kind, outside netip.Addr) *nat {
	// Ports are not kept, and two NATs do not count alike.
	return &nat{kind: k, outside: outside, next: 20000 + 97*uint16(outside.As4()[3]), out: map[inner]*mapping{}, in: map[outerPort]*mapping{}}
}

// leave translates a packet on its way out and reports whether it may go.
func (n *nat) leave(p packet) bool {
	if n.lets != nil && !n.lets(p) {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	key := inner{proto: p.proto(), from: p.from()}
	if n.symmetric {
		key.to = p.to()
	}
	m := n.out[key]
	if m == nil {
		n.next += 7
		m = &mapping{inside: p.from(), outside: netip.AddrPortFrom(n.outside, n.next), hosts: map[netip.Addr]bool{}, peers: map[netip.AddrPort]bool{}}
		n.out[key] = m
		n.in[outerPort{p.proto(), n.next}] = m
	}
	m.hosts[p.dst()] = true
	m.peers[p.to()] = true
	p.setFrom(m.outside)
	return true
}

// enter translates a packet on its way in and reports whether it may come.
func (n *nat) enter(p packet) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := n.in[outerPort{p.proto(), p.to().Port()}]
	if m == nil {
		return false
	}
	switch n.filter {
	case contacted:
		if !m.hosts[p.from().Addr()] {
			return false
		}
	case exactly:
		if !m.peers[p.from()] {
			return false
		}
	}
	p.setTo(m.inside)
	return true
}

func TestTheKindsDifferAsTheirNamesSay(t *testing.T) {
	const inside, server, other, otherPort = "192.168.1.2:4001", "11.0.0.1:443", "11.0.0.9:443", "11.0.0.1:444"
	for _, c := range []struct {
		kind      kind
		same      bool // the outside port towards another server
		stranger  bool // somebody never written to may answer
		otherPort bool // another port of the server may answer
	}{
		{fullCone, true, true, true},
		{restricted, true, false, true},
		{portRestricted, true, false, false},
		{symmetric, false, false, false},
	} {
		n := newNAT(c.kind, netip.MustParseAddr("11.0.9.9"))
		leave := func(to string) string {
			p := made(inside, to)
			if !n.leave(p) {
				t.Fatalf("%s: nothing leaves", c.kind.name)
			}
			return p.from().String()
		}
		enter := func(from, to string) bool {
			p := made(from, to)
			return n.enter(p) && p.to().String() == inside
		}
		seen := leave(server)
		if !enter(server, seen) {
			t.Errorf("%s: the server cannot answer", c.kind.name)
		}
		if got := enter(other, seen); got != c.stranger {
			t.Errorf("%s: a stranger: %v", c.kind.name, got)
		}
		if got := enter(otherPort, seen); got != c.otherPort {
			t.Errorf("%s: another port: %v", c.kind.name, got)
		}
		if got := leave(other) == seen; got != c.same {
			t.Errorf("%s: the same outside port: %v", c.kind.name, got)
		}
		if enter(server, "11.0.9.9:1") {
			t.Errorf("%s: a port without mapping", c.kind.name)
		}
	}
	if newNAT(noUDP, netip.MustParseAddr("11.0.9.9")).leave(made(inside, server)) {
		t.Error("UDP leaves though it is blocked")
	}
}
