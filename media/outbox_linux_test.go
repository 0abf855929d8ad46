package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// boxed sockets of this machine, by IP version.
var families = map[string]string{"udp4": "127.0.0.1", "udp6": "::1"}

func boxedSocket(t testing.TB, box *outbox, network string) (*socket, netip.AddrPort) {
	t.Helper()
	c, err := (&boxedNet{box: box}).ListenUDP(network, &net.UDPAddr{IP: net.ParseIP(families[network])})
	if err != nil {
		t.Skip("no", network)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*socket), c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// receive reads n packets.
func receive(t rapid.TB, s *socket, n int) (list [][]byte, from []netip.AddrPort) {
	t.Helper()
	if err := s.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, receiveMost)
	for range n {
		size, source, err := s.ReadFromAddrPort(buf)
		if err != nil {
			t.Fatalf("after %d of %d packets: %v", len(list), n, err)
		}
		list, from = append(list, bytes.Clone(buf[:size])), append(from, source)
	}
	return list, from
}

func numbered(number, size int) []byte {
	p := bytes.Repeat([]byte{byte(number)}, max(size, 4))
	binary.BigEndian.PutUint32(p, uint32(number))
	return p
}

func TestC41PacketsOfAnySizesAndAddressesArriveWholeAndInOrder(t *testing.T) {
	for network := range families {
		t.Run(network, func(t *testing.T) {
			box := newOutbox()
			var from, to [3]*socket
			var source, target [3]netip.AddrPort
			for i := range to {
				from[i], source[i] = boxedSocket(t, box, network)
				to[i], target[i] = boxedSocket(t, newOutbox(), network)
				to[i].reads = i * joinAfter / 2 // the last one gets joined packets from the start
			}
			rapid.Check(t, func(t *rapid.T) {
				var want [3][][]byte
				var senders [3][]netip.AddrPort
				s, at, size := 0, 0, 1000
				box.hold()
				for n := range rapid.IntRange(1, 2*outboxMost+5).Draw(t, "packets") {
					if rapid.IntRange(0, 3).Draw(t, "change") == 0 {
						s, at = rapid.IntRange(0, 2).Draw(t, "from"), rapid.IntRange(0, 2).Draw(t, "to")
						size = rapid.SampledFrom([]int{4, 5, 400, 1000, 1180, 1200}).Draw(t, "size")
					}
					p := numbered(n, size)
					if wrote, err := from[s].WriteToAddrPort(p, target[at]); wrote != len(p) || err != nil {
						t.Fatal(wrote, err)
					}
					clear(p) // the library uses its memory again
					want[at], senders[at] = append(want[at], numbered(n, size)), append(senders[at], source[s])
				}
				box.flush()
				for i := range want {
					got, senderOf := receive(t, to[i], len(want[i]))
					if !slices.EqualFunc(got, want[i], bytes.Equal) || !slices.Equal(senderOf, senders[i]) {
						t.Fatalf("to %d came other packets than were sent", i)
					}
				}
			})
		})
	}
}

func TestC41NothingWaitsOutsideOfATurn(t *testing.T) {
	box := newOutbox()
	s, _ := boxedSocket(t, box, "udp4")
	to, target := boxedSocket(t, newOutbox(), "udp4")
	write := func(n int) {
		if _, err := s.WriteToAddrPort(numbered(n, 100), target); err != nil {
			t.Fatal(err)
		}
	}
	write(0)
	receive(t, to, 1)
	box.hold()
	for n := range outboxMost { // more do not wait
		write(n)
	}
	receive(t, to, outboxMost)
	write(1)
	if len(box.list) != 1 {
		t.Fatalf("%d packets wait, want the last one", len(box.list))
	}
	box.flush()
	receive(t, to, 1)
	write(2)
	receive(t, to, 1)
	if len(box.list)+len(box.bytes)+len(box.runs) != 0 {
		t.Error("something is left after all went")
	}
}

func TestC41WhatFailsIsLostAlone(t *testing.T) {
	box := newOutbox()
	s, _ := boxedSocket(t, box, "udp4")
	to, target := boxedSocket(t, newOutbox(), "udp4")
	bad := []netip.AddrPort{
		netip.MustParseAddrPort("255.255.255.255:9"), // not allowed
		netip.MustParseAddrPort("[2001:db8::1]:9"),   // not of this socket
		netip.MustParseAddrPort("127.0.0.1:0"),       // no port
	}
	for _, several := range []int{1, 3} {
		box.hold()
		for n, b := range bad {
			for range several {
				_, _ = s.WriteToAddrPort(numbered(99, 200), b)
			}
			for range several {
				_, _ = s.WriteToAddrPort(numbered(n, 200), target)
			}
		}
		box.flush()
		got, _ := receive(t, to, several*len(bad))
		for i, p := range got {
			if !bytes.Equal(p, numbered(i/several, 200)) {
				t.Errorf("packet %d is not the one that was sent", i)
			}
		}
	}
}

func TestC41WhereTheKernelCannotCutPacketsLeaveOneByOne(t *testing.T) {
	box := newOutbox()
	s, _ := boxedSocket(t, box, "udp4")
	to, target := boxedSocket(t, newOutbox(), "udp4")
	raw, err := s.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	// Packets without a checksum cannot be cut.
	if err := errors.Join(raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_NO_CHECK, 1) }), err); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		box.hold()
		for n := range 9 {
			_, _ = s.WriteToAddrPort(numbered(n, 300), target)
		}
		box.flush()
		got, _ := receive(t, to, 9)
		for n, p := range got {
			if !bytes.Equal(p, numbered(n, 300)) {
				t.Errorf("packet %d is not the one that was sent", n)
			}
		}
		if !s.plain {
			t.Error("the kernel is to be asked again")
		}
	}
}

func TestC41ClosingWhilePacketsWaitEndsThem(t *testing.T) {
	for name, end := range map[string]func(*socket) error{
		"closed":  func(s *socket) error { return s.Close() },
		"aborted": func(s *socket) error { return s.SetDeadline(time.Unix(1, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			box := newOutbox()
			s, _ := boxedSocket(t, box, "udp4")
			other, _ := boxedSocket(t, box, "udp4")
			to, target := boxedSocket(t, newOutbox(), "udp4")
			box.hold()
			for n := range 9 {
				_, _ = s.WriteToAddrPort(numbered(n, 100+n%2), target)
			}
			_, _ = other.WriteToAddrPort(numbered(77, 50), target)
			if err := end(s); err != nil {
				t.Fatal(err)
			}
			box.flush()
			if got, _ := receive(t, to, 1); !bytes.Equal(got[0], numbered(77, 50)) {
				t.Error("a packet of a socket that was ended came")
			}
			if _, err := s.WriteToAddrPort([]byte{1}, target); err == nil {
				t.Error("a socket that was ended sends")
			}
		})
	}
}

// The least buffers that there are: writers wait for room, readers lose nothing but packets.
func TestC41FullBuffersHoldUpNobodyForGood(t *testing.T) {
	for network := range families {
		t.Run(network, func(t *testing.T) {
			box := newOutbox()
			s, _ := boxedSocket(t, box, network)
			to, target := boxedSocket(t, newOutbox(), network)
			if err := errors.Join(s.SetWriteBuffer(1), to.SetReadBuffer(1)); err != nil {
				t.Fatal(err)
			}
			var writers sync.WaitGroup
			for w := range 4 {
				writers.Go(func() {
					for n := range 500 {
						if w < 2 && n%7 == 0 {
							box.hold()
						}
						_, _ = s.WriteToAddrPort(numbered(n, 1000+w), target)
						if w < 2 && n%7 == 6 {
							box.flush()
						}
					}
				})
			}
			writers.Wait()
			box.flush()
			if len(box.list) != 0 {
				t.Errorf("%d packets wait for good", len(box.list))
			}
			// What is left in the small buffer ends with the packet that is sent until it comes.
			buf := make([]byte, receiveMost)
			for {
				_, _ = s.WriteToAddrPort([]byte("last"), target)
				_ = to.SetReadDeadline(time.Now().Add(20 * time.Second))
				n, _, err := to.ReadFromAddrPort(buf)
				if err != nil {
					t.Fatal(err)
				}
				if string(buf[:n]) == "last" {
					return
				}
			}
		})
	}
}
