package tunnel

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// end is an address of this machine behind which the peer is (W73).
type end struct {
	socket *net.UDPConn
	user   atomic.Pointer[netip.AddrPort] // who sends from here; nil: nobody yet
	wg     sync.WaitGroup
}

func newEnd() (*end, error) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	return &end{socket: socket}, nil
}

func (e *end) addr() netip.AddrPort { return e.socket.LocalAddr().(*net.UDPAddr).AddrPort() }

// run gives out what the user sends, until close.
func (e *end) run(out func(packet []byte)) {
	buffer := make([]byte, MaxPacket+1)
	for {
		n, from, err := e.socket.ReadFromUDPAddrPort(buffer)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue // Windows says here that the user has closed its socket
		}
		if n == 0 || n > MaxPacket || !e.mine(from) {
			continue
		}
		out(append([]byte(nil), buffer[:n]...))
	}
}

// mine tells whether a sender is the user: the first one on this machine.
func (e *end) mine(from netip.AddrPort) bool {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if !from.Addr().IsLoopback() {
		return false
	}
	if e.user.Load() == nil {
		e.user.CompareAndSwap(nil, &from)
	}
	return *e.user.Load() == from
}

// deliver gives a packet of the peer to the user, if there is one.
func (e *end) deliver(packet []byte) {
	if to := e.user.Load(); to != nil {
		_, _ = e.socket.WriteToUDPAddrPort(packet, *to) // UDP: what is not taken is lost
	}
}

// close ends run and waits for it.
func (e *end) close() {
	_ = e.socket.Close()
	e.wg.Wait()
}
