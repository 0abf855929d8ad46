package tunnel

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

var talk = Call{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}

func anybody(p2p.PeerID, Call) bool { return true }

// pair is two connected members with tunnels; the first opens the streams.
func pair(t *testing.T, may func(p2p.PeerID, Call) bool) (nodes [2]*p2ptest.Node, all [2]*Tunnels) {
	t.Helper()
	both := p2ptest.Connected(t, 2)
	nodes = [2]*p2ptest.Node{both[0], both[1]}
	if nodes[0].ID() < nodes[1].ID() {
		nodes[0], nodes[1] = nodes[1], nodes[0]
	}
	for i, n := range nodes {
		all[i] = New(n.Node)
		all[i].Serve(may)
	}
	return nodes, all
}

// user is a program that uses an end.
type user struct {
	t    *testing.T
	conn *net.UDPConn
	end  netip.AddrPort
}

func newUser(t *testing.T, end netip.AddrPort) *user {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &user{t, conn, end}
}

// opened opens an end and a program that uses it.
func opened(t *testing.T, from *Tunnels, to p2p.PeerID, call Call) (u *user, closing func()) {
	t.Helper()
	at, closing, err := from.Open(to, call)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closing)
	return newUser(t, at), closing
}

func (u *user) send(packet []byte) {
	u.t.Helper()
	if _, err := u.conn.WriteToUDPAddrPort(packet, u.end); err != nil {
		u.t.Fatal(err)
	}
}

// next is the next packet that comes within a time; nil: none.
func (u *user) next(within time.Duration) []byte {
	u.t.Helper()
	_ = u.conn.SetReadDeadline(time.Now().Add(within))
	buffer := make([]byte, 4096)
	n, from, err := u.conn.ReadFromUDPAddrPort(buffer)
	if err != nil {
		return nil
	}
	if from != u.end {
		u.t.Errorf("a packet from %s, the end is %s", from, u.end)
	}
	return buffer[:n]
}

// meet sends from both until both have heard the other.
func meet(t *testing.T, a, b *user) time.Duration {
	t.Helper()
	begin := time.Now()
	for heard := [2]bool{}; !heard[0] || !heard[1]; {
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("they never met: %v", heard)
		}
		for i, u := range []*user{a, b} {
			u.send([]byte("hello"))
			heard[i] = u.next(20*time.Millisecond) != nil || heard[i]
		}
	}
	for _, u := range []*user{a, b} { // what is still on its way
		for u.next(100*time.Millisecond) != nil {
		}
	}
	return time.Since(begin)
}

func TestW70WhoComesFirstWaitsForTheOther(t *testing.T) {
	for first := range 2 {
		nodes, all := pair(t, anybody)
		u, _ := opened(t, all[first], nodes[1-first].ID(), talk)
		for range 5 { // nobody is there yet
			u.send([]byte("early"))
		}
		time.Sleep(300 * time.Millisecond) // for the stream to be there before the other end
		other, _ := opened(t, all[1-first], nodes[first].ID(), talk)
		t.Logf("met after %s", meet(t, u, other))
	}
	t.Run("W70 calls do not mix", func(t *testing.T) {
		nodes, all := pair(t, anybody)
		a, _ := opened(t, all[0], nodes[1].ID(), talk)
		b, _ := opened(t, all[1], nodes[0].ID(), talk)
		c, _ := opened(t, all[0], nodes[1].ID(), Call{9})
		d, _ := opened(t, all[1], nodes[0].ID(), Call{9})
		meet(t, a, b)
		meet(t, c, d)
		a.send([]byte("to b"))
		c.send([]byte("to d"))
		if x, y := b.next(5*time.Second), d.next(5*time.Second); string(x) != "to b" || string(y) != "to d" {
			t.Errorf("%q and %q", x, y)
		}
	})
	t.Run("W70 who is not in the call is not let in", func(t *testing.T) {
		nodes, all := pair(t, func(p2p.PeerID, Call) bool { return false })
		a, _ := opened(t, all[0], nodes[1].ID(), talk)
		b, _ := opened(t, all[1], nodes[0].ID(), talk)
		for range 20 { // as breaches, they would end the connection
			a.send([]byte("x"))
			b.send([]byte("x"))
			if a.next(50*time.Millisecond) != nil || b.next(time.Millisecond) != nil {
				t.Fatal("a packet came")
			}
		}
		if !nodes[0].Connected(nodes[1].ID()) {
			t.Error("it cost the connection")
		}
	})
	t.Run("W70 the smaller id opens nothing, nobody tunnels to himself", func(t *testing.T) {
		nodes, all := pair(t, anybody)
		_, _ = opened(t, all[0], nodes[1].ID(), talk)
		s := raw(t, nodes[1], nodes[0].ID(), helloOf(t, 1, talk))
		if ended(s) == nil {
			t.Error("it was accepted")
		}
		for peer, call := range map[p2p.PeerID]Call{nodes[0].ID(): talk, nodes[1].ID(): {}} {
			if _, _, err := all[0].Open(peer, call); err == nil {
				t.Errorf("opened %s %x", peer.Short(), call)
			}
		}
	})
}

func helloOf(t testing.TB, v uint, call Call) []byte {
	t.Helper()
	body, err := wire.Encode(hello{V: v, Call: call})
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte{byte(len(body))}, body...)
}

// raw opens a stream by hand.
func raw(t *testing.T, from *p2ptest.Node, to p2p.PeerID, text []byte) p2p.Stream {
	t.Helper()
	s, err := from.Open(t.Context(), to, Protocol)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Reset() })
	if _, err := s.Write(text); err != nil {
		t.Fatal(err)
	}
	return s
}

// ended waits until the other side ends the stream.
func ended(s p2p.Stream) error {
	_ = s.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, err := io.Copy(io.Discard, s)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return nil
	}
	if err == nil {
		err = io.EOF
	}
	return err
}

func TestW71PacketsComeAsTheyAre(t *testing.T) {
	nodes, all := pair(t, anybody)
	a, _ := opened(t, all[0], nodes[1].ID(), talk)
	b, _ := opened(t, all[1], nodes[0].ID(), talk)
	meet(t, a, b)
	for _, size := range []int{1, 2, 100, 1130, MaxPacket} {
		packet := make([]byte, size)
		_, _ = rand.Read(packet)
		a.send(packet)
		if got := b.next(5 * time.Second); !bytes.Equal(got, packet) {
			t.Errorf("of %d bytes %d came", size, len(got))
		}
		b.send(packet)
		if got := a.next(5 * time.Second); !bytes.Equal(got, packet) {
			t.Errorf("back: of %d bytes %d came", size, len(got))
		}
	}
	for _, size := range []int{0, MaxPacket + 1, 3000} {
		a.send(make([]byte, size))
		a.send([]byte("next"))
		if got := b.next(5 * time.Second); string(got) != "next" {
			t.Errorf("a packet of %d bytes came as %d", size, len(got))
		}
	}
	t.Run("W71 the hello", func(t *testing.T) {
		good := p2ptest.Golden(t, "tunnel-hello", helloOf(t, 1, talk)[1:])
		if got, err := decodeHello(good); err != nil || got != talk {
			t.Errorf("%x, %v", got, err)
		}
		for what, bad := range map[string][]byte{
			"another version": helloOf(t, 2, talk)[1:], "no call": helloOf(t, 1, Call{})[1:], "more": append(bytes.Clone(good), 0), "short": good[:10], "nothing": {},
		} {
			if _, err := decodeHello(bad); !wire.IsFault(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	t.Run("W71 a length over the limit allocates nothing", func(t *testing.T) {
		r := newRecords(bytes.NewReader([]byte{0x05, 0xdd, 0, 0}))
		if _, _, err := r.next(); !errors.Is(err, wire.ErrTooLarge) {
			t.Error(err)
		}
		r = newRecords(bytes.NewReader([]byte{0x05, 0xdc, 0, 0}))
		if _, _, err := r.next(); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	})
}

func TestW72TheOldestMakeRoom(t *testing.T) {
	start := time.Now()
	var q queue
	for i := range 1000 {
		q.push(binary.BigEndian.AppendUint32(make([]byte, 996), uint32(i)), start)
		if q.bytes > maxQueued {
			t.Fatalf("%d bytes wait", q.bytes)
		}
	}
	if q.dropped != 1000-maxQueued/1002 {
		t.Errorf("%d were dropped", q.dropped)
	}
	next := func(now time.Time) (numbers []uint32) {
		r := newRecords(bytes.NewReader(q.take(nil, now)))
		for {
			p, _, err := r.next()
			if err != nil {
				return numbers
			}
			numbers = append(numbers, binary.BigEndian.Uint32(p[996:]))
		}
	}
	first := next(start)
	if len(first) != maxBatch/1002 || first[0] != 1000-maxQueued/1002 {
		t.Errorf("first came %v", first)
	}
	q.push(binary.BigEndian.AppendUint32(make([]byte, 996), 7777), start.Add(maxAge))
	if late := next(start.Add(maxAge + 1)); len(late) != 1 || late[0] != 7777 {
		t.Errorf("too old ones came: %v", late)
	}
	if q.bytes != 0 || len(q.waiting) != 0 {
		t.Errorf("%d bytes, %d packets left", q.bytes, len(q.waiting))
	}
}

func TestW72ASlowLineIsNotFilled(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	var w window
	for now := 0; w.open(at(now)); now++ {
		w.wrote(maxBatch, at(0))
		if w.sent > 2*maxFlight {
			t.Fatal("no end")
		}
	}
	if w.sent != maxFlight {
		t.Errorf("%d bytes under way", w.sent)
	}
	for _, bad := range []uint64{maxFlight + 1, 1 << 63} {
		if err := w.report(bad, at(40)); !wire.IsFault(err) {
			t.Errorf("report of %d: %v", bad, err)
		}
	}
	if err := w.report(maxFlight, at(40)); err != nil || !w.open(at(1000)) {
		t.Errorf("all is reported: %v, open %t", err, w.open(at(1000)))
	}
	if err := w.report(5, at(41)); !wire.IsFault(err) {
		t.Errorf("less than before: %v", err)
	}
	w.wrote(1, at(100))
	for ms, want := range map[int]bool{101: true, 100 + 80 + 150: true, 100 + 80 + 151: false} {
		if w.open(at(ms)) != want {
			t.Errorf("after %d ms open is %t", ms-100, !want)
		}
	}
	if err := w.report(maxFlight+1, at(500)); err != nil || w.trip != 40*time.Millisecond {
		t.Errorf("%v, the quickest took %s", err, w.trip)
	}
}

// TestW72APeerThatDoesNotRead sends to a side that takes nothing for a second.
func TestW72APeerThatDoesNotRead(t *testing.T) {
	nodes, all := pair(t, anybody)
	b, _ := opened(t, all[1], nodes[0].ID(), talk)
	s := raw(t, nodes[0], nodes[1].ID(), helloOf(t, 1, talk))
	if _, err := s.Write(appendPacket(nil, []byte("hello"))); err != nil {
		t.Fatal(err)
	}
	for b.send([]byte("hello")); b.next(50*time.Millisecond) == nil; b.send([]byte("hello")) {
		if _, err := s.Write(appendPacket(nil, []byte("hello"))); err != nil {
			t.Fatal(err)
		}
	}
	packet := make([]byte, 1200)
	for range 1000 {
		b.send(packet)
		time.Sleep(time.Millisecond) // as an encoder would
	}
	all[1].mu.Lock()
	l := all[1].lines[key{nodes[0].ID(), talk}]
	all[1].mu.Unlock()
	l.mu.Lock()
	under, waiting, dropped := l.flow.window.sent-l.flow.window.reported, l.queue.bytes, l.queue.dropped
	oldest := time.Since(l.queue.waiting[0].at)
	l.mu.Unlock()
	t.Logf("%d bytes under way, %d wait since %s, %d packets dropped", under, waiting, oldest, dropped)
	if under > maxFlight+maxBatch || waiting > maxQueued || dropped == 0 || oldest > 2*maxAge {
		t.Errorf("%d bytes under way, %d wait since %s, %d packets dropped", under, waiting, oldest, dropped)
	}
}

func TestW7FourStreamsOfAPeer(t *testing.T) {
	nodes, _ := pair(t, anybody)
	for i := range byte(4) { // they wait for the other end
		raw(t, nodes[0], nodes[1].ID(), helloOf(t, 1, Call{i + 1}))
	}
	if s, err := nodes[0].Open(t.Context(), nodes[1].ID(), Protocol); err == nil && ended(s) == nil {
		t.Error("a fifth one")
	}
}

// TestW72PacketsAreNotHeldBack sends as a call does, and measures what the tunnel adds.
func TestW72PacketsAreNotHeldBack(t *testing.T) {
	nodes, all := pair(t, anybody)
	a, _ := opened(t, all[0], nodes[1].ID(), talk)
	b, _ := opened(t, all[1], nodes[0].ID(), talk)
	meet(t, a, b)
	const packets = 1000
	begin := time.Now()
	go func() {
		for range packets {
			packet := binary.BigEndian.AppendUint64(make([]byte, 1000), uint64(time.Since(begin)))
			_, _ = a.conn.WriteToUDPAddrPort(packet, a.end)
			time.Sleep(2 * time.Millisecond) // as an encoder would
		}
	}()
	var took []time.Duration
	for len(took) < packets {
		p := b.next(2 * time.Second)
		if p == nil {
			break
		}
		took = append(took, time.Since(begin)-time.Duration(binary.BigEndian.Uint64(p[1000:])))
	}
	slices.Sort(took)
	if len(took) < packets*95/100 {
		t.Fatalf("%d of %d packets came", len(took), packets)
	}
	t.Logf("%d of %d packets came, half of them within %s, 99 of 100 within %s", len(took), packets, took[len(took)/2], took[len(took)*99/100])
	if half := took[len(took)/2]; half > 50*time.Millisecond {
		t.Errorf("half of the packets took more than %s", half)
	}
}

func TestW73OnlyTheFirstLocalSenderIsHeard(t *testing.T) {
	nodes, all := pair(t, anybody)
	a, _ := opened(t, all[0], nodes[1].ID(), talk)
	b, _ := opened(t, all[1], nodes[0].ID(), talk)
	if !strings.HasPrefix(a.end.String(), "127.0.0.1:") {
		t.Errorf("the end is at %s", a.end)
	}
	meet(t, a, b)
	stranger := newUser(t, a.end)
	stranger.send([]byte("stranger"))
	a.send([]byte("a"))
	if got := b.next(5 * time.Second); string(got) != "a" {
		t.Errorf("%q came", got)
	}
	b.send([]byte("b"))
	if got := a.next(5 * time.Second); string(got) != "b" {
		t.Errorf("%q came", got)
	}
	if got := stranger.next(50 * time.Millisecond); got != nil {
		t.Errorf("the stranger got %q", got)
	}
	t.Run("W73 only from this machine", func(t *testing.T) {
		var e end
		if e.mine(netip.MustParseAddrPort("192.168.1.2:4000")) || e.user.Load() != nil {
			t.Error("another machine is heard")
		}
		if !e.mine(netip.MustParseAddrPort("[::ffff:127.0.0.1]:4000")) || !e.mine(netip.MustParseAddrPort("127.0.0.1:4000")) || e.mine(netip.MustParseAddrPort("127.0.0.1:4001")) {
			t.Error("the first is not the only one")
		}
	})
}

func TestW74ALostStreamIsOpenedAnew(t *testing.T) {
	nodes, all := pair(t, anybody)
	a, _ := opened(t, all[0], nodes[1].ID(), talk)
	b, _ := opened(t, all[1], nodes[0].ID(), talk)
	meet(t, a, b)
	nodes[0].Disconnect(nodes[1].ID())
	a.send([]byte("lost"))
	for nodes[0].Connected(nodes[1].ID()) || nodes[1].Connected(nodes[0].ID()) {
		time.Sleep(10 * time.Millisecond) // until both know
	}
	p2ptest.Connect(t, nodes[1], nodes[0])
	t.Logf("back after %s", meet(t, a, b))

	t.Run("W74 the newest end is used", func(t *testing.T) {
		for side := range 2 {
			newer, closing := opened(t, all[side], nodes[1-side].ID(), talk)
			older, other := a, b
			if side == 1 {
				older, other = b, a
			}
			meet(t, newer, other)
			older.send([]byte("old"))
			newer.send([]byte("new"))
			if got := other.next(5 * time.Second); string(got) != "new" {
				t.Errorf("%q came", got)
			}
			other.send([]byte("answer"))
			if got := newer.next(5 * time.Second); string(got) != "answer" {
				t.Errorf("%q came", got)
			}
			closing()
			meet(t, older, other)
		}
	})
}

func TestW74ClosingLeavesNothing(t *testing.T) {
	nodes, all := pair(t, anybody)
	var before int
	for i := range 5 {
		a, endA := opened(t, all[0], nodes[1].ID(), talk)
		b, endB := opened(t, all[1], nodes[0].ID(), talk)
		meet(t, a, b)
		endA()
		endA() // again
		endB()
		for _, tunnels := range all {
			tunnels.mu.Lock()
			left := len(tunnels.lines)
			tunnels.mu.Unlock()
			if left != 0 {
				t.Fatal("a line is left")
			}
		}
		if i == 0 {
			before = settled(0)
		}
	}
	if after := settled(before); after > before+3 {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

// settled waits until there are at most so many goroutines, or no fewer for a second.
func settled(most int) int {
	least := runtime.NumGoroutine()
	for calm := 0; calm < 20 && least > most; calm++ {
		time.Sleep(50 * time.Millisecond) // what ends by itself is told by nothing
		if n := runtime.NumGoroutine(); n < least {
			least, calm = n, 0
		}
	}
	return least
}

func TestW75ABreachCosts(t *testing.T) {
	for what, text := range map[string][]byte{
		"a hello of another version":  helloOf(t, 2, talk),
		"a hello that is too long":    {0xff, 0x01},
		"a packet that is too long":   append(helloOf(t, 1, talk), 0x05, 0xdd),
		"a report of more than there": appendReport(helloOf(t, 1, talk), 1<<40),
	} {
		t.Run("W75 "+what, func(t *testing.T) {
			nodes, all := pair(t, anybody)
			_, _ = opened(t, all[1], nodes[0].ID(), talk)
			gone := make(chan struct{}, 1)
			nodes[1].OnPeer(func(_ p2p.PeerID, connected bool) {
				if !connected {
					gone <- struct{}{}
				}
			})
			for range 10 {
				s, err := nodes[0].Open(t.Context(), nodes[1].ID(), Protocol)
				if err != nil {
					break
				}
				_, _ = s.Write(text)
				if ended(s) == nil {
					t.Fatal("the stream goes on")
				}
				_ = s.Reset()
			}
			select {
			case <-gone:
			case <-time.After(20 * time.Second):
				t.Error("ten breaches did not end the connection")
			}
		})
	}
}

func TestW70MembersOnly(t *testing.T) {
	nodes, all := pair(t, anybody)
	_, _ = opened(t, all[1], nodes[0].ID(), talk)
	stranger := p2ptest.Start(t)
	stranger.Gate.Allow(nodes[1].ID())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := stranger.Connect(ctx, nodes[1].ID(), nodes[1].Addrs()); err == nil {
		if s, err := stranger.Open(ctx, nodes[1].ID(), Protocol); err == nil && ended(s) == nil {
			t.Error("a stranger has a stream")
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add(appendReport(appendPacket(nil, []byte("packet")), 8))
	f.Add([]byte{0x05, 0xdd})
	f.Add(helloOf(f, 1, talk))
	f.Fuzz(func(t *testing.T, data []byte) {
		if call, err := decodeHello(data); err == nil && call == (Call{}) {
			t.Error("a hello for no call")
		}
		w := window{sent: 1 << 20}
		in := newRecords(bytes.NewReader(data))
		for {
			packet, report, err := in.next()
			if err != nil {
				return
			}
			if packet != nil && (len(packet) == 0 || len(packet) > MaxPacket) {
				t.Errorf("a packet of %d bytes", len(packet))
			}
			if packet == nil && w.report(report, time.Now()) == nil && w.reported > w.sent {
				t.Error("more reported than sent")
			}
		}
	})
}
