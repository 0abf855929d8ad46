package nat

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

// The protocols that pass.
const (
	tcp = 6
	udp = 17
)

// packet is one IPv4 packet.
type packet []byte

// valid reports whether it is a whole TCP or UDP packet that was not fragmented.
func (p packet) valid() bool {
	if len(p) < 20 || p[0]>>4 != 4 || int(p[0]&15)*4 < 20 || binary.BigEndian.Uint16(p[6:])&0x3fff != 0 {
		return false
	}
	switch p[9] {
	case tcp:
		return len(p) >= p.header()+20
	case udp:
		return len(p) >= p.header()+8
	}
	return false
}

func (p packet) header() int     { return int(p[0]&15) * 4 }
func (p packet) proto() byte     { return p[9] }
func (p packet) dst() netip.Addr { return netip.AddrFrom4([4]byte(p[16:20])) }

func (p packet) from() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(p[12:16])), binary.BigEndian.Uint16(p[p.header():]))
}

func (p packet) to() netip.AddrPort {
	return netip.AddrPortFrom(p.dst(), binary.BigEndian.Uint16(p[p.header()+2:]))
}

// opens reports whether it is the first packet of a TCP connection.
func (p packet) opens() bool { return p[9] == tcp && p[p.header()+13]&0x12 == 0x02 }

func (p packet) setFrom(a netip.AddrPort) { p.rewrite(12, p.header(), a) }
func (p packet) setTo(a netip.AddrPort)   { p.rewrite(16, p.header()+2, a) }

// rewrite puts an address and a port in their places and corrects the checksums.
func (p packet) rewrite(addr, port int, a netip.AddrPort) {
	check := p.header() + 6 // UDP
	if p.proto() == tcp {
		check = p.header() + 16
	}
	ip := a.Addr().As4()
	number := binary.BigEndian.AppendUint16(nil, a.Port())
	p.correct(10, p[addr:addr+4], ip[:])
	if p.proto() != udp || p[check] != 0 || p[check+1] != 0 { // UDP may go without
		p.correct(check, p[addr:addr+4], ip[:])
		p.correct(check, p[port:port+2], number)
	}
	copy(p[addr:], ip[:])
	copy(p[port:], number)
}

// correct updates the checksum at a place (RFC 1624).
func (p packet) correct(at int, before, after []byte) {
	sum := uint32(^binary.BigEndian.Uint16(p[at:]))
	for i := 0; i < len(before); i += 2 {
		sum += uint32(^binary.BigEndian.Uint16(before[i:]))
		sum += uint32(binary.BigEndian.Uint16(after[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(p[at:], ^uint16(sum))
}

// checksum is the sum over the parts, for tests of correct.
func checksum(parts ...[]byte) uint16 {
	var sum uint32
	for _, b := range parts {
		for i := 0; i < len(b); i++ {
			sum += uint32(b[i]) << (8 * (1 - i%2))
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// made builds a UDP packet.
func made(from, to string) packet {
	a, b := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	p := make(packet, 20+8+4)
	p[0], p[8], p[9] = 0x45, 64, udp
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	src, dst := a.Addr().As4(), b.Addr().As4()
	copy(p[12:], src[:])
	copy(p[16:], dst[:])
	binary.BigEndian.PutUint16(p[20:], a.Port())
	binary.BigEndian.PutUint16(p[22:], b.Port())
	binary.BigEndian.PutUint16(p[24:], 12)
	copy(p[28:], "text")
	binary.BigEndian.PutUint16(p[10:], checksum(p[:20]))
	binary.BigEndian.PutUint16(p[26:], checksum(p[12:20], []byte{0, udp, 0, 12}, p[20:]))
	return p
}

func TestChecksumsStayRight(t *testing.T) {
	p := made("192.168.1.2:4001", "11.0.0.1:443")
	p.setFrom(netip.MustParseAddrPort("11.0.9.9:61234"))
	p.setTo(netip.MustParseAddrPort("11.0.7.7:1"))
	if !p.valid() || p.from().String() != "11.0.9.9:61234" || p.to().String() != "11.0.7.7:1" {
		t.Fatalf("from %s to %s", p.from(), p.to())
	}
	if sum := checksum(p[:20]); sum != 0 {
		t.Errorf("header sum %x", sum)
	}
	if sum := checksum(p[12:20], []byte{0, udp, 0, 12}, p[20:]); sum != 0 {
		t.Errorf("UDP sum %x", sum)
	}
}
