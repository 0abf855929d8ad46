package media

import (
	"math/rand"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

var start = time.Unix(1_763_800_000, 0)

func after(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

func TestC20PacketsComeOutInOrderOrAreCounted(t *testing.T) {
	type arrival struct {
		seq uint16
		ms  int
	}
	tests := []struct {
		name     string
		arrivals []arrival
		until    int // ms of the last look
		out      []uint32
		lost     uint64
		missed   uint64
	}{
		{"in order", []arrival{{1, 0}, {2, 20}, {3, 40}}, 50, []uint32{1, 2, 3}, 0, 0},
		{"over the end of the numbers", []arrival{{65534, 0}, {65535, 1}, {0, 2}, {1, 3}}, 5, []uint32{65534, 65535, 0, 1}, 0, 0},
		{"overtaken", []arrival{{1, 0}, {3, 20}, {2, 25}}, 30, []uint32{1, 2, 3}, 0, 1},
		{"repaired in time", []arrival{{1, 0}, {3, 20}, {4, 40}, {2, 90}}, 95, []uint32{1, 2, 3, 4}, 0, 1},
		{"given up", []arrival{{1, 0}, {3, 20}}, 130, []uint32{1, 3}, 1, 1},
		{"repaired too late", []arrival{{1, 0}, {3, 20}, {4, 140}, {2, 150}}, 160, []uint32{1, 3, 4}, 1, 1},
		{"twice", []arrival{{1, 0}, {1, 1}, {2, 2}, {2, 3}}, 5, []uint32{1, 2}, 0, 0},
		{"two gaps, one repaired", []arrival{{1, 0}, {3, 10}, {5, 20}, {4, 30}}, 200, []uint32{1, 3, 4, 5}, 1, 2},
		{"a jump that no repair bridges", []arrival{{1, 0}, {10_001, 20}, {10_002, 21}}, 25, []uint32{1, 10_001, 10_002}, 9999, 9999},
		{"older than the first", []arrival{{5, 0}, {3, 1}, {6, 2}}, 5, []uint32{5, 6}, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := newOrder(50)
			var out []uint32
			lost := 0
			drain := func(ms int) {
				for {
					p, gone, ok := o.pop(after(ms), 100*time.Millisecond)
					lost += gone
					if !ok {
						return
					}
					out = append(out, p.ts)
				}
			}
			drain(0)
			for _, a := range test.arrivals {
				o.push(a.seq, packet{ts: uint32(a.seq)}, after(a.ms))
				drain(a.ms)
			}
			drain(test.until)
			if !slices.Equal(out, test.out) || o.lost != test.lost || uint64(lost) != test.lost || o.missed != test.missed {
				t.Errorf("got %v, lost %d (told %d), missed %d; want %v, %d, %d", out, o.lost, lost, o.missed, test.out, test.lost, test.missed)
			}
		})
	}
}

func TestC20NothingHeldGrowsWithoutEnd(t *testing.T) {
	o := newOrder(50)
	for seq := range 10_000 {
		if seq%3 != 1 {
			o.push(uint16(seq), packet{}, start)
		}
		for ok := true; ok; {
			_, _, ok = o.pop(start, time.Hour)
		}
		if len(o.held) > 51 || len(o.gaps) > 100 {
			t.Fatalf("%d packets held, %d gaps", len(o.held), len(o.gaps))
		}
	}
}

// Whatever arrives, what comes out is in order, and what went in is out, lost
// or late.
func TestC20OrderHoldsForAnyArrival(t *testing.T) {
	dice := rand.New(rand.NewSource(1))
	for range 300 {
		o := newOrder(100)
		last, out := int64(-1), 0
		seq := 0
		for step := range 500 {
			seq += 1 + dice.Intn(3)
			o.push(uint16(seq-dice.Intn(4)*dice.Intn(20)), packet{}, after(step*10))
			for {
				_, _, ok := o.pop(after(step*10), 60*time.Millisecond)
				if !ok {
					break
				}
				if o.next-1 <= last {
					t.Fatal("out of order")
				}
				last = o.next - 1
				out++
			}
		}
		if got := out + len(o.held); uint64(got) != o.arrived {
			t.Fatalf("%d came out or are held, %d arrived", got, o.arrived)
		}
	}
}

func TestC21MissingPacketsAreAskedForOncePerRoundTrip(t *testing.T) {
	o := newOrder(50)
	o.push(10, packet{}, after(0))
	o.push(13, packet{}, after(0))
	rtt := 100 * time.Millisecond
	want := map[int][]uint16{9: {}, 10: {11, 12}, 100: {}, 134: {}, 135: {11, 12}}
	for _, ms := range []int{9, 10, 100, 134, 135} {
		if got := o.asks(after(ms), rtt); !slices.Equal(got, want[ms]) {
			t.Errorf("after %d ms asked for %v, want %v", ms, got, want[ms])
		}
	}
	o.push(11, packet{}, after(140))
	asked := 0
	for ms := 140; ms < 5000; ms += 10 {
		asked += len(o.asks(after(ms), rtt))
	}
	if asked != askMax-2 {
		t.Errorf("asked %d more times for a packet that never comes, want %d", asked, askMax-2)
	}
}

func vp8Packet(first, key, end bool, ts uint32, rest ...byte) packet {
	head := byte(0)
	if first {
		head = 0x10
	}
	body := byte(1)
	if key {
		body = 0
	}
	return packet{ts: ts, end: end, payload: append([]byte{head, body}, rest...)}
}

func TestC22FramesAreHandedOutOnlyWhole(t *testing.T) {
	type step struct {
		p    packet
		lost int
		out  bool
	}
	tests := []struct {
		name  string
		steps []step
		bad   uint64
	}{
		{"key and delta", []step{{vp8Packet(true, true, true, 1), 0, true}, {vp8Packet(true, false, true, 2), 0, true}}, 0},
		{"in two packets", []step{{vp8Packet(true, true, false, 1), 0, false}, {vp8Packet(false, false, true, 1), 0, true}}, 0},
		{"begins in the middle", []step{{vp8Packet(false, false, true, 1), 0, false}, {vp8Packet(true, false, true, 2), 0, false}, {vp8Packet(true, true, true, 3), 0, true}}, 0},
		{"loses its middle", []step{
			{vp8Packet(true, true, true, 1), 0, true}, {vp8Packet(true, false, false, 2), 0, false}, {vp8Packet(false, false, true, 2), 1, false},
			{vp8Packet(true, false, true, 3), 0, false}, {vp8Packet(true, true, true, 4), 0, true},
		}, 2},
		{"loses its end", []step{{vp8Packet(true, true, false, 1), 0, false}, {vp8Packet(true, true, true, 2), 1, true}}, 1},
		{"ends nowhere", []step{{vp8Packet(true, true, false, 1), 0, false}, {vp8Packet(true, true, true, 2), 0, true}}, 1},
		{"changes its time", []step{{vp8Packet(true, true, false, 1), 0, false}, {vp8Packet(false, true, true, 2), 0, false}}, 1},
		{"is no VP8", []step{{packet{ts: 1, end: true, payload: []byte{0x80}}, 0, false}}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := newAssembler(videoTrack)
			for i, s := range test.steps {
				if _, ok := a.add(s.p, s.lost); ok != s.out {
					t.Errorf("step %d: frame %v, want %v", i, ok, s.out)
				}
			}
			if a.bad != test.bad {
				t.Errorf("%d bad, want %d", a.bad, test.bad)
			}
		})
	}
}

func TestC22AFrameWithoutEndIsBounded(t *testing.T) {
	a := newAssembler(videoTrack)
	a.add(vp8Packet(true, true, false, 1), 0)
	big := make([]byte, 60_000)
	for range 100 {
		a.add(packet{ts: 1, payload: big}, 0)
		if a.size > MaxFrame+len(big) {
			t.Fatalf("%d bytes gathered", a.size)
		}
	}
}

func TestC23TimesSurvive(t *testing.T) {
	for _, test := range []struct {
		name string
		rate uint32
		step uint64
	}{{"sound", audioRate, 20_000}, {"pictures", videoRate, 66_667}} {
		t.Run(test.name, func(t *testing.T) {
			c := clock{rate: test.rate}
			at := uint64(1_763_800_000_000_007)
			c.mark(rtpTime(at, test.rate), at)
			for range 200_000 { // more than an hour; the timestamps of video wrap after 13 hours
				at += test.step
				got := c.time(rtpTime(at, test.rate))
				if off := int64(got - at); off > 25 || off < -25 {
					t.Fatalf("off by %d µs", off)
				}
			}
			if test.rate == audioRate && c.time(rtpTime(at, test.rate)) != at {
				t.Error("20 ms steps must be exact")
			}
		})
	}
}

func TestC24KeyFramesAreAskedForAtMostTwiceASecond(t *testing.T) {
	var k keyWishes
	asked := 0
	for ms := 0; ms < 3000; ms += 10 {
		k.ask(Video)
		k.ask(Audio)
		streams, next := k.due(after(ms))
		asked += len(streams)
		if len(streams) == 0 && next.IsZero() {
			t.Fatal("a wish is forgotten")
		}
	}
	if asked != 6 {
		t.Errorf("asked %d times in 3 s, want 6", asked)
	}
	k.ask(Small)
	if streams, _ := k.due(after(3000)); !slices.Contains(streams, Small) {
		t.Error("streams must not wait for each other")
	}
}

func TestC25AGateLetsOnlyDecodableFramesThrough(t *testing.T) {
	key := func(s Stream) Frame { return Frame{Stream: s, Key: true} }
	delta := func(s Stream) Frame { return Frame{Stream: s} }
	var g gate
	expect := func(f Frame, want bool) {
		t.Helper()
		if got := g.pass(f, start); got != want {
			t.Errorf("%v key=%v passes: %v, want %v", f.Stream, f.Key, got, want)
		}
	}
	expect(key(Video), false)
	g.set(Video, false)
	expect(delta(Video), false)
	if g.missing(start) != Video {
		t.Error("a key frame of the large layer is needed")
	}
	expect(key(Video), true)
	expect(delta(Video), true)
	expect(key(Small), false)
	g.set(Small, false)
	expect(delta(Video), true) // until the small layer can be decoded
	expect(delta(Small), false)
	expect(key(Small), true)
	expect(delta(Video), false)
	expect(delta(Small), true)
	g.set(Video, true)
	expect(delta(Small), false)
	expect(key(Video), true)
	g.broken()
	expect(delta(Video), false)
	expect(key(Video), true)
	g.set(0, false)
	expect(key(Video), false)
	expect(delta(Video), false)
	if g.missing(start) != 0 {
		t.Error("nothing is needed when nothing is sent")
	}

	g.set(Screen, false)
	g.pace(2 * time.Second)
	expect(key(Screen), true)
	expect(delta(Screen), false)
	expect(key(Screen), false)
	if g.missing(after(1999)) != 0 || g.missing(after(2000)) != Screen {
		t.Error("a slow screen needs a key frame each interval")
	}
	g.pace(0)
	expect(delta(Screen), false)
	expect(key(Screen), true)
	expect(delta(Screen), true)
}

func TestC26SoundNeverWaitsBehindPictures(t *testing.T) {
	s := newSender(&counters{}, func(Stream) {}, func() {})
	s.open = true
	for _, track := range s.tracks {
		track.stream = discard{}
	}
	s.choose(rungs[0], false, line{Estimate: 300_000}, 750_000, start)
	s.push(Frame{Stream: Video, Key: true, Data: make([]byte, 60_000)}, start)
	s.push(Frame{Stream: Audio, Data: make([]byte, 80)}, start)
	if track, packets, _ := s.due(start); track != audioTrack || len(packets) != 1 {
		t.Fatal("the sound must go first")
	}
	sent := 0
	for ms := 0; ms < 1000; ms++ {
		for {
			track, packets, _ := s.due(after(ms))
			if len(packets) == 0 {
				break
			}
			if track == audioTrack {
				t.Fatal("no sound is there")
			}
			sent += packets[0].size()
		}
	}
	if bits := 8 * sent; bits < 450_000 || bits > 800_000 { // 60 kB are 480 kbit; the pace is 750 kbit/s
		t.Errorf("sent %d bits in a second", bits)
	}
	// What waits is bounded: when the queue is too long, a key frame is needed.
	asked := 0
	s.needKey = func(Stream) { asked++ }
	for range 50 {
		s.push(Frame{Stream: Video, Data: make([]byte, 20_000)}, after(1000))
	}
	if asked == 0 || s.lanes[0].bytes > 250_000 {
		t.Errorf("%d bytes wait, %d key frames asked for", s.lanes[0].bytes, asked)
	}
	for range 500 {
		s.push(Frame{Stream: Audio, Data: []byte{1}}, after(1000))
	}
	if len(s.audio) > audioQueue {
		t.Errorf("%d audio frames wait", len(s.audio))
	}
}

func TestC27LossIsCountedFromReports(t *testing.T) {
	deltas := make([]*rtcp.RecvDelta, 6)
	for i := range deltas {
		deltas[i] = &rtcp.RecvDelta{Delta: 250}
	}
	fb := &rtcp.TransportLayerCC{PacketStatusCount: 10, RecvDeltas: deltas, PacketChunks: []rtcp.PacketStatusChunk{
		&rtcp.RunLengthChunk{PacketStatusSymbol: rtcp.TypeTCCPacketNotReceived, RunLength: 3},
		&rtcp.StatusVectorChunk{SymbolList: []uint16{1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0}},
	}}
	d := newDepartures()
	if all, missing := d.report(fb, start); all != 10 || missing != 4 {
		t.Errorf("%d of %d, want 4 of 10", missing, all)
	}
	var w window
	var c counters
	for s := range 6 {
		w.add(c.sample(after(1000 * s)))
		c.bytesIn.Add(12_500)
		c.bytesOut.Add(25_000)
		c.arrived.Add(100)
		c.missed.Add(5)
		c.reported.Add(50)
		c.notThere.Add(10)
	}
	if in, out := w.kbps(); in != 100 || out != 200 {
		t.Errorf("%d and %d kbit/s", in, out)
	}
	if in, out := w.loss(); in != 0.05 || out != 0.2 {
		t.Errorf("loss %v and %v", in, out)
	}
}

// discard is a network that takes everything.
type discard struct{}

func (discard) WriteRTP(*rtp.Header, []byte) (int, error) { return 0, nil }
func (discard) Write(b []byte) (int, error)               { return len(b), nil }

func TestC29ThePathIsNamedByTheRemoteAddress(t *testing.T) {
	tunnel := netip.MustParseAddrPort("127.0.0.1:4000")
	office := func(a netip.Addr) bool { return a == netip.MustParseAddr("203.0.113.7") }
	for remote, want := range map[string]string{
		"127.0.0.1:4000": "tunnel", "127.0.0.1:4001": "lan", "192.168.1.2:9": "lan", "[fe80::1]:9": "lan", "[::ffff:10.0.0.1]:9": "lan",
		"203.0.113.7:9": "lan", "203.0.113.8:9": "direct", "[2001:db8::1]:9": "direct",
	} {
		if got := pathOf(netip.MustParseAddrPort(remote), tunnel, office); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
	if got := pathOf(netip.MustParseAddrPort("203.0.113.7:9"), netip.AddrPort{}, nil); got != "direct" {
		t.Errorf("nobody knows the own networks: %s", got)
	}
	if got := pathOf(netip.AddrPort{}, tunnel, nil); got != "" {
		t.Errorf("no address: %s", got)
	}
}
