package nat

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"parvis/p2p"
)

// sniffer notes what leaves a computer for somewhere else than its own network.
type sniffer struct {
	home netip.Prefix

	mu      sync.Mutex
	all     int             // guarded by mu
	outside map[string]bool // guarded by mu; what went where
}

// sniff listens to everything that leaves a computer.
func sniff(c *computer, home string) *sniffer {
	s := &sniffer{home: netip.MustParsePrefix(home), outside: map[string]bool{}}
	hear := s.hear
	c.seen.Store(&hear)
	return s
}

func (s *sniffer) hear(p packet) {
	var to netip.Addr
	switch {
	case len(p) >= 20 && p[0]>>4 == 4:
		to = p.dst()
	case len(p) >= 40 && p[0]>>4 == 6:
		to = netip.AddrFrom16([16]byte(p[24:40]))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all++
	// What is sent to link-local groups no router passes on.
	if s.home.Contains(to) || to.IsLinkLocalMulticast() || to.IsLinkLocalUnicast() || to.IsInterfaceLocalMulticast() {
		return
	}
	s.outside[fmt.Sprintf("%s protocol %d", to, p[9])] = true
}

func (s *sniffer) seen() (all int, outside []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for what := range s.outside {
		outside = append(outside, what)
	}
	return s.all, outside
}

// TestNothingLeavesAnIsolatedNode has everything that could tempt a node to send
// something out: a default route, members and a super-peer outside, names, and
// strangers that call.
func TestNothingLeavesAnIsolatedNode(t *testing.T) {
	t.Parallel()
	for _, isolated := range []bool{true, false} { // false shows that the sniffer would see it
		t.Run(fmt.Sprintf("isolated %v", isolated), func(t *testing.T) {
			w := newWorld(t)
			super, outside := w.computer(server), w.computer("11.0.3.1")
			home := w.router(fullCone, "11.0.1.1", "192.168.1.0/24")
			left, right := home.computer("192.168.1.2"), home.computer("192.168.1.3")
			ears := sniff(left, "192.168.1.0/24")
			people := []known{left.as(false), right.as(false), outside.as(false)}
			super.run(t, settings{SuperPeer: true, Known: people})
			outside.run(t, settings{Known: append(people[:2:2], super.as(true))})
			right.run(t, settings{Known: people[:1], Isolated: true, MDNS: true})
			named := people[2]
			named.Addrs = append(named.Addrs, "/dns4/parvis.example.org/tcp/443", "/ip4/192.168.2.2/tcp/4001", "/ip4/10.9.9.9/udp/4001/quic-v1")
			a := left.run(t, settings{Known: []known{people[1], named, super.as(true)}, Isolated: isolated, MDNS: true})
			a.until("the neighbour is there", func(l line) bool { return l.Event == "path" && l.Peer == people[1].ID && l.Path == p2p.PathLAN })
			if got := a.ask(request{Do: "say", Peer: people[1].ID, Text: "hello"}); got.Answer != "hello" {
				t.Errorf("the echo: %+v", got)
			}
			// Strangers call while the node dials again and again.
			end := time.After(8 * time.Second)
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for calling := true; calling; {
				select {
				case <-tick.C:
					left.carry(made("11.0.9.9:4001", "192.168.1.2:4001"))
					left.carry(made("10.9.9.9:5353", "192.168.1.2:5353"))
				case <-end:
					calling = false
				}
			}
			all, out := ears.seen()
			t.Logf("%d packets left the computer, outside: %v", all, out)
			if all < 20 {
				t.Errorf("only %d packets: the sniffer is deaf", all)
			}
			if isolated && len(out) > 0 {
				t.Errorf("left the network: %v", out)
			}
			if !isolated && len(out) < 3 {
				t.Errorf("without isolation only %v", out)
			}
		})
	}
}
