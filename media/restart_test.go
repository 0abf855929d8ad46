package media

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/media/mediatest"
)

func TestC13ALostConnectionIsRestarted(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	a, b := h.add(1), h.add(2)
	up, down := h.slow(b, mediatest.Shape{}, a)
	meet(a, b)
	a.feed(camera)
	b.feed(camera)
	h.connected(20*time.Second, a, b)
	h.wait("sound", 10*time.Second, func() bool { return a.from(b).count[Audio] > 10 && b.from(a).count[Audio] > 10 })
	up.Cut(true)
	down.Cut(true)
	h.wait("both to notice", 6*time.Second, func() bool {
		return a.stat(b).State != Connected && b.stat(a).State != Connected
	})
	h.wait("the offering side to try again", 15*time.Second, func() bool { return len(h.signals(Offer)) > 1 })
	up.Cut(false)
	down.Cut(false)
	before := [2]int{a.from(b).count[Audio], b.from(a).count[Audio]}
	h.wait("sound again", 30*time.Second, func() bool {
		return a.from(b).count[Audio] > before[0]+10 && b.from(a).count[Audio] > before[1]+10
	})
	for _, s := range h.signals(Offer) {
		if s.from != b.id {
			t.Error("the side that answers offered")
		}
	}
}

// tunnelEnds is a way between two UDP addresses of this machine.
type tunnelEnds struct {
	conns [2]*net.UDPConn
	mu    sync.Mutex
	from  [2]netip.AddrPort // who uses the end; guarded by mu
	open  [2]int            // guarded by mu
	wg    sync.WaitGroup
}

func newTunnel(t *testing.T) *tunnelEnds {
	var ends tunnelEnds
	for i := range ends.conns {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		ends.conns[i] = conn
	}
	for i := range ends.conns {
		ends.wg.Go(func() {
			buffer := make([]byte, 2048)
			for {
				n, from, err := ends.conns[i].ReadFromUDPAddrPort(buffer)
				if err != nil {
					return
				}
				ends.mu.Lock()
				ends.from[i] = from
				to := ends.from[1-i]
				ends.mu.Unlock()
				if to.IsValid() {
					_, _ = ends.conns[1-i].WriteToUDPAddrPort(buffer[:n], to)
				}
			}
		})
	}
	t.Cleanup(func() {
		for _, conn := range ends.conns {
			_ = conn.Close()
		}
		ends.wg.Wait()
	})
	return &ends
}

func (e *tunnelEnds) end(i int) (netip.AddrPort, func(), error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open[i]++
	return e.conns[i].LocalAddr().(*net.UDPAddr).AddrPort(), func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.open[i]--
	}, nil
}

func TestC14ATunnelIsUsedWhenNothingElseWorks(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	ends := newTunnel(t)
	h.tamper = func(_, _ ID, s Signal) []Signal {
		if s.Kind == Candidate {
			return nil
		}
		return []Signal{s}
	}
	h.config = func(c *Config) {
		c.Loopback = false
		self := c.Self
		c.Tunnel = func(to ID) (netip.AddrPort, func(), error) {
			if self[3] < to[3] {
				return ends.end(0)
			}
			return ends.end(1)
		}
	}
	a, b := h.add(1), h.add(2)
	meet(a, b)
	a.feed(camera)
	b.feed(camera)
	h.connected(20*time.Second, a, b)
	h.wait("sound through the tunnel", 20*time.Second, func() bool {
		return a.from(b).count[Audio] > 20 && b.from(a).count[Audio] > 20 && a.stat(b).Path == "tunnel" && b.stat(a).Path == "tunnel"
	})
	for _, s := range h.signals(Candidate) {
		if strings.Contains(s.SDP, " 127.0.0.1 ") || strings.Contains(s.SDP, " ::1 ") {
			t.Errorf("a loopback candidate was told: %s", s.SDP)
		}
	}
	a.close()
	b.close()
	ends.mu.Lock()
	defer ends.mu.Unlock()
	if ends.open != [2]int{} {
		t.Errorf("%v ends of the tunnel left open", ends.open)
	}
}
