package media

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
	"github.com/pion/webrtc/v4"
	"golang.org/x/net/ipv4"
)

const (
	joinAfter = 64      // packets after which a socket counts as in use
	joinMost  = 1 << 16 // bytes that come together
	udpJoin   = 0x68    // UDP_GRO of linux/udp.h
)

// attach lets the library make its sockets here.
func (b *outbox) attach(settings *webrtc.SettingEngine) error {
	std, err := stdnet.NewNet()
	settings.SetNet(&boxedNet{std, b})
	return err
}

type boxedNet struct {
	*stdnet.Net
	box *outbox
}

// ListenUDP is called by the library for each address of this machine.
func (n *boxedNet) ListenUDP(network string, at *net.UDPAddr) (transport.UDPConn, error) {
	c, err := net.ListenUDP(network, at)
	if err != nil {
		return nil, err
	}
	return &socket{UDPConn: c, many: ipv4.NewPacketConn(c), box: n.box}, nil
}

// socket is one of a connection, whose packets go through its outbox.
type socket struct {
	*net.UDPConn
	many  *ipv4.PacketConn
	box   *outbox
	plain bool         // its packets cannot be cut by the kernel; guarded by mu of the box
	last  *net.UDPAddr // guarded by mu of the box

	reads  int
	joined []byte // room for packets that came together; nil: they do not
	rest   []byte // of it, not yet handed out
	source netip.AddrPort
	cut    int
}

// ReadFromAddrPort is the library's way of reading without allocating. It has one reader.
func (s *socket) ReadFromAddrPort(p []byte) (int, netip.AddrPort, error) {
	if len(s.rest) > 0 {
		return s.next(p), s.source, nil
	}
	if s.reads++; s.reads == joinAfter {
		s.join()
	}
	if s.joined == nil {
		return s.ReadFromUDPAddrPort(p)
	}
	var control [64]byte
	n, m, _, from, err := s.ReadMsgUDPAddrPort(s.joined, control[:])
	if err != nil {
		return 0, from, err
	}
	s.rest, s.source, s.cut = s.joined[:n], from, segmentOf(control[:m])
	if s.cut <= 0 {
		s.cut = n
	}
	return s.next(p), from, nil
}

// next hands out the next packet of those that came together.
func (s *socket) next(p []byte) int {
	one := s.rest[:min(s.cut, len(s.rest))]
	s.rest = s.rest[len(one):]
	return copy(p, one)
}

// join lets the kernel hand over packets together that came together. It costs memory, so
// that only sockets do that are in use.
func (s *socket) join() {
	raw, err := s.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		if syscall.SetsockoptInt(int(fd), syscall.IPPROTO_UDP, udpJoin, 1) == nil {
			s.joined = make([]byte, joinMost)
		}
	})
}

// segmentOf is the size of the packets that came together; 0: there is one.
func segmentOf(control []byte) int {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		if m.Header.Level == syscall.IPPROTO_UDP && m.Header.Type == udpJoin && len(m.Data) >= sizeofInt {
			return int(int32(binary.NativeEndian.Uint32(m.Data)))
		}
	}
	return 0
}

// WriteToAddrPort is the library's way of writing without allocating.
func (s *socket) WriteToAddrPort(p []byte, to netip.AddrPort) (int, error) {
	if s.box.take(s, p, to) {
		return len(p), nil
	}
	return s.WriteToUDPAddrPort(p, to)
}

// address is the other form of an address. The caller holds mu of the box.
func (s *socket) address(to netip.AddrPort) *net.UDPAddr {
	if s.last == nil || s.last.AddrPort() != to {
		s.last = net.UDPAddrFromAddrPort(to)
	}
	return s.last
}
