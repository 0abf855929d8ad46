package media

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/net/ipv4"
)

const (
	outboxMost = 32     // packets that leave together
	runMost    = 60_000 // bytes that the kernel cuts
	udpSegment = 0x67   // UDP_SEGMENT of linux/udp.h
	cutSize    = 2      // its value
	sizeofInt  = 4      // of the headers of control messages
)

// outbox lets the packets of one turn of a sender leave by one system call. Between hold
// and flush all that is written to the sockets of the connection waits in it; at
// other times it goes at once.
type outbox struct {
	mu    sync.Mutex // held while packets leave
	held  bool
	list  []boxed
	bytes []byte // of the list, one packet after the other
	runs  []run
	calls []ipv4.Message // of one call
	marks []byte
}

// boxed is a packet that waits.
type boxed struct {
	from *socket
	to   netip.AddrPort
	end  int // in bytes
}

// run is packets to one address that the kernel can cut out of one: all are of one size,
// but the last, which may be shorter.
type run struct {
	from       *socket
	to         netip.AddrPort
	start, end int
	size       int // of a packet
}

func newOutbox() *outbox { return &outbox{} }

// hold lets what is written wait until flush.
func (b *outbox) hold() {
	b.mu.Lock()
	b.held = true
	b.mu.Unlock()
}

// flush sends what waits.
func (b *outbox) flush() {
	b.mu.Lock()
	b.held = false
	b.send()
	b.mu.Unlock()
}

// take keeps a packet; false: it has to go at once.
func (b *outbox) take(from *socket, p []byte, to netip.AddrPort) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.held {
		return false
	}
	b.bytes = append(b.bytes, p...)
	b.list = append(b.list, boxed{from, to, len(b.bytes)})
	if len(b.list) >= outboxMost {
		b.send()
	}
	return true
}

// send empties the box. The caller holds mu.
func (b *outbox) send() {
	b.cut()
	for rest := b.runs; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].from == rest[0].from {
			n++
		}
		b.sendFrom(rest[0].from, rest[:n])
		rest = rest[n:]
	}
	clear(b.runs)
	clear(b.list)
	b.list, b.bytes, b.runs = b.list[:0], b.bytes[:0], b.runs[:0]
}

// cut makes runs of the packets that wait.
func (b *outbox) cut() {
	start, closed := 0, true
	for _, p := range b.list {
		size := p.end - start
		if !closed {
			last := &b.runs[len(b.runs)-1]
			if last.from == p.from && last.to == p.to && size > 0 && size <= last.size && p.end-last.start <= runMost && !p.from.plain {
				last.end, closed = p.end, size < last.size
				start = p.end
				continue
			}
		}
		b.runs = append(b.runs, run{p.from, p.to, start, p.end, size})
		start, closed = p.end, false
	}
}

// sendFrom sends runs from one socket. What fails is lost, as packets are, and stops nothing else.
func (b *outbox) sendFrom(s *socket, runs []run) {
	if len(runs) == 1 && runs[0].packets() == 1 {
		_, _ = s.WriteToUDPAddrPort(b.bytes[runs[0].start:runs[0].end], runs[0].to)
		return
	}
	if len(runs) == 1 {
		b.marks = appendSegment(b.marks[:0], runs[0].size)
		if _, _, err := s.WriteMsgUDPAddrPort(b.bytes[runs[0].start:runs[0].end], b.marks, runs[0].to); err != nil {
			b.each(s, runs[0], err)
		}
		return
	}
	b.calls, b.marks = b.calls[:0], b.marks[:0]
	for _, r := range runs {
		m := ipv4.Message{Buffers: [][]byte{b.bytes[r.start:r.end]}, Addr: s.address(r.to)}
		if r.packets() > 1 {
			at := len(b.marks)
			b.marks = appendSegment(b.marks, r.size)
			m.OOB = b.marks[at:]
		}
		b.calls = append(b.calls, m)
	}
	for len(runs) > 0 {
		n, err := s.many.WriteBatch(b.calls[len(b.calls)-len(runs):], 0)
		runs = runs[max(n, 0):]
		switch {
		case err == nil && n > 0:
			continue
		case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded):
			return
		case len(runs) == 0:
			return
		}
		if runs[0].packets() > 1 {
			b.each(s, runs[0], err)
		}
		runs = runs[1:]
	}
}

// each sends the packets of a run that failed one by one. Where the way out cannot cut, it
// is not asked to again.
func (b *outbox) each(s *socket, r run, err error) {
	if uncut := []error{syscall.EIO, syscall.EINVAL, syscall.EMSGSIZE, syscall.EOPNOTSUPP}; slices.ContainsFunc(uncut, func(e error) bool { return errors.Is(err, e) }) {
		s.plain = true
	}
	for p := range slices.Chunk(b.bytes[r.start:r.end], r.size) {
		_, _ = s.WriteToUDPAddrPort(p, r.to)
	}
}

func (r *run) packets() int { return max((r.end-r.start+r.size-1)/max(r.size, 1), 1) }

// appendSegment appends the control message that lets the kernel cut.
func appendSegment(b []byte, size int) []byte {
	at, head := len(b), syscall.CmsgLen(0)
	b = append(b, make([]byte, syscall.CmsgSpace(cutSize))...)
	m := b[at:]
	if head-2*sizeofInt == 8 {
		binary.NativeEndian.PutUint64(m, uint64(syscall.CmsgLen(cutSize)))
	} else {
		binary.NativeEndian.PutUint32(m, uint32(syscall.CmsgLen(cutSize)))
	}
	binary.NativeEndian.PutUint32(m[head-2*sizeofInt:], syscall.IPPROTO_UDP)
	binary.NativeEndian.PutUint32(m[head-sizeofInt:], udpSegment)
	binary.NativeEndian.PutUint16(m[head:], uint16(size))
	return b
}
