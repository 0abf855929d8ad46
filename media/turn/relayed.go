package turn

import (
	"encoding/binary"
	"errors"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/pion/turn/v5"

	"parvis/crdt/seal"
)

const portTries = 32

var (
	errGone   = errors.New("credentials that were taken back")
	errNoPort = errors.New("no port is free")
	errNoTCP  = errors.New("UDP only is relayed")
)

// generator opens the relayed addresses of guests.
type generator struct{ server *Server }

// Validate implements [turn.RelayAddressGenerator].
func (generator) Validate() error { return nil }

// AllocatePacketConn implements [turn.RelayAddressGenerator].
func (g generator) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	s := g.server
	network := "udp4"
	if s.public.Addr().Is6() {
		network = "udp6"
	}
	if c.Network != "udp" && c.Network != network {
		return nil, nil, errNoPort // the other family is not reached here
	}
	conn, err := listenBetween(network, s.config.MinPort, s.config.MaxPort)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[c.UserID]
	if u == nil || len(u.relayed) >= MaxAllocations {
		_ = conn.Close()
		return nil, nil, errGone
	}
	r := &relayed{PacketConn: conn, server: s, user: u}
	port := conn.LocalAddr().(*net.UDPAddr).Port
	u.relayed[r], s.ports[port] = true, true
	return r, &net.UDPAddr{IP: s.public.Addr().AsSlice(), Port: port}, nil
}

// AllocateListener implements [turn.RelayAddressGenerator].
func (generator) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errNoTCP
}

// AllocateConn implements [turn.RelayAddressGenerator].
func (generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errNoTCP }

// listenBetween takes a port that nobody can guess, so that packets to who had it before
// rarely find anybody.
func listenBetween(network string, low, high uint16) (net.PacketConn, error) {
	if low == 0 || high < low {
		return net.ListenPacket(network, ":0")
	}
	for range portTries {
		port := int(low) + int(binary.BigEndian.Uint32(seal.Random(4)))%(int(high)-int(low)+1)
		if conn, err := net.ListenPacket(network, ":"+strconv.Itoa(port)); err == nil {
			return conn, nil
		}
	}
	return nil, errNoPort
}

// relayed is one relayed address of a guest. What is more than a guest may have relayed is
// lost, as on a line that carries no more.
type relayed struct {
	net.PacketConn
	server *Server
	user   *user
}

// ReadFrom implements [net.PacketConn].
func (r *relayed) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, addr, err := r.PacketConn.ReadFrom(p)
		if err != nil || r.user.in.take(time.Now(), n) {
			return n, addr, err
		}
	}
}

// WriteTo implements [net.PacketConn]. What is for this machine goes to other guests only.
func (r *relayed) WriteTo(p []byte, to net.Addr) (int, error) {
	if !r.user.out.take(time.Now(), len(p)) || !r.server.mayWrite(to) {
		return len(p), nil
	}
	return r.PacketConn.WriteTo(p, to)
}

func (s *Server) mayWrite(to net.Addr) bool {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return false
	}
	if s.config.Loopback || udp.AddrPort().Addr().Unmap() != s.public.Addr() {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ports[udp.Port]
}

// Close implements [net.PacketConn].
func (r *relayed) Close() error {
	r.server.mu.Lock()
	if r.user.relayed[r] {
		delete(r.user.relayed, r)
		delete(r.server.ports, r.LocalAddr().(*net.UDPAddr).Port)
	}
	r.server.mu.Unlock()
	return r.PacketConn.Close()
}

// meter says how much may pass. The zero value is full. Safe for concurrent use.
type meter struct {
	mu     sync.Mutex
	spent  float64   // of Burst; guarded by mu
	filled time.Time // guarded by mu
}

func (m *meter) take(now time.Time, n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spent = max(0, m.spent-Rate*max(0, now.Sub(m.filled).Seconds()))
	m.filled = now
	if m.spent+float64(n) > Burst {
		return false
	}
	m.spent += float64(n)
	return true
}
