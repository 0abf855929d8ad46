package media

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// tamperWith changes the offers of a hall.
func (h *hall) tamperWith(kind SignalKind, change func(Signal) Signal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tamper = func(_, _ ID, s Signal) []Signal {
		if s.Kind == kind {
			s = change(s)
		}
		return []Signal{s}
	}
}

func (h *hall) signals(kind SignalKind) (found []sent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sent {
		if s.Kind == kind {
			found = append(found, s)
		}
	}
	return found
}

func TestC8NoMediaFlowsUnderAnotherFingerprint(t *testing.T) {
	foreign := [32]byte{1, 2, 3}
	line := func(print [32]byte) string { return "a=fingerprint:sha-256 " + formatFingerprint(print) + "\r\n" }
	more := func(extra string) func(Signal) Signal {
		return func(s Signal) Signal {
			s.SDP = strings.Replace(s.SDP, line(s.Fingerprint), line(s.Fingerprint)+extra, 1)
			return s
		}
	}
	tests := []struct {
		name    string
		kind    SignalKind
		change  func(Signal) Signal
		refused bool // at once; else by the handshake
	}{
		{"signal and description differ", Offer, func(s Signal) Signal { s.Fingerprint = foreign; return s }, true},
		{"a second fingerprint", Offer, more(line(foreign)), true},
		{"a second fingerprint, md5", Offer, more("a=fingerprint:md5 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"), true},
		{"a second fingerprint in the answer", Answer, more(line(foreign)), true},
		{"another certificate's, in both places", Offer, func(s Signal) Signal {
			s.SDP = strings.Replace(s.SDP, formatFingerprint(s.Fingerprint), formatFingerprint(foreign), 1)
			s.Fingerprint = foreign
			return s
		}, false},
		{"another certificate's, in both places of the answer", Answer, func(s Signal) Signal {
			s.SDP = strings.Replace(s.SDP, formatFingerprint(s.Fingerprint), formatFingerprint(foreign), 1)
			s.Fingerprint = foreign
			return s
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t)
			h.tamperWith(test.kind, test.change)
			a, b := h.add(1), h.add(2)
			a.feed(camera)
			b.feed(camera)
			meet(a, b)
			h.wait("a refusal and another attempt", 30*time.Second, func() bool {
				seen := len(h.signals(Offer)) >= 2
				if test.refused {
					seen = seen && len(a.errors())+len(b.errors()) >= 2
				}
				return seen
			})
			for _, err := range append(a.errors(), b.errors()...) {
				if !errors.Is(err, ErrFingerprint) {
					t.Errorf("refused with %v", err)
				}
			}
			for _, g := range []got{a.from(b), b.from(a)} {
				if len(g.count) > 0 && g.count[Audio]+g.count[Video]+g.count[Small] > 0 {
					t.Error("media flowed")
				}
			}
		})
	}
}

func TestC8SwappedAndReplayedDescriptionsHaveNoEffect(t *testing.T) {
	h := newHall(t)
	a, b, c := h.add(1), h.add(2), h.add(3)
	for _, p := range []*party{a, b, c} {
		p.feed(camera)
	}
	meet(a, b)
	meet(a, c)
	meet(b, c)
	h.connected(20*time.Second, a, b, c)
	offers, answers := h.signals(Offer), h.signals(Answer)
	if len(offers) != 3 || len(answers) != 3 {
		t.Fatalf("%d offers, %d answers", len(offers), len(answers))
	}
	for i, s := range append(offers, answers...) {
		other := append(answers, offers...)[i]
		to := h.all[s.to].room
		if err := to.Signal(s.from, s.Signal); !errors.Is(err, ErrFingerprint) {
			t.Errorf("replayed: %v", err)
		}
		if err := to.Signal(s.from, Signal{Kind: s.Kind, SDP: s.SDP, Fingerprint: other.Fingerprint}); !errors.Is(err, ErrFingerprint) {
			t.Errorf("with the fingerprint of another: %v", err)
		}
	}
	if err := b.room.Signal(a.id, offers[0].Signal); !errors.Is(err, ErrSignal) {
		t.Errorf("an offer from the side that answers: %v", err)
	}
	before := map[[2]*party]int{}
	all := []*party{a, b, c}
	pairs(all, func(x, y *party) { before[[2]*party{x, y}] = x.from(y).count[Audio] })
	h.wait("sound as if nothing had been", 10*time.Second, func() bool {
		flows := true
		pairs(all, func(x, y *party) { flows = flows && x.from(y).count[Audio] > before[[2]*party{x, y}]+20 })
		return flows
	})
	if n := len(h.signals(Offer)); n != 3 {
		t.Errorf("%d offers; a replay made somebody start again", n)
	}
}

func TestC8AnAnswerToAnotherOfferIsDropped(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	var kept []Signal
	h.tamper = func(_, _ ID, s Signal) []Signal {
		if s.Kind == Answer && len(kept) == 0 {
			kept = append(kept, s) // the first answer comes after the second offer
			return nil
		}
		if s.Kind == Answer {
			return []Signal{kept[0], s}
		}
		return []Signal{s}
	}
	a, b := h.add(1), h.add(2)
	meet(a, b)
	h.connected(30*time.Second, a, b)
	if len(h.signals(Answer)) < 2 {
		t.Error("the first answer was not held back")
	}
}

func TestC15CandidatesMayComeBeforeTheirDescription(t *testing.T) {
	h := newHall(t)
	held := map[SignalKind]Signal{}
	early := 0
	h.tamper = func(_, _ ID, s Signal) []Signal {
		if s.Kind == Offer {
			held[Offer] = s
			return nil
		}
		if o, ok := held[Offer]; ok && s.Kind == Candidate {
			delete(held, Offer)
			early++
			return []Signal{s, o}
		}
		return []Signal{s}
	}
	a, b := h.add(1), h.add(2)
	a.feed(camera)
	meet(a, b)
	h.connected(20*time.Second, a, b)
	h.mu.Lock()
	if early == 0 {
		t.Error("no candidate came first")
	}
	h.mu.Unlock()
	for i := range 200 {
		line := fmt.Sprintf("candidate:1 1 udp 1 192.0.2.1 %d typ host ufrag abcdefgh", 1000+i)
		_ = a.room.Signal(b.id, Signal{Kind: Candidate, SDP: line})
	}
	p, count := a.peer(b), make(chan int)
	p.mailbox.post(func() { count <- len(p.link.early) })
	if n := <-count; n > maxCandidates {
		t.Errorf("%d candidates wait for a description", n)
	}
}

func TestC16OffersAndSignalsAreBounded(t *testing.T) {
	p := newPeer(&Room{cfg: Config{Log: libraryTestLog()}}, who{id: ID{1}}, false)
	taken := 0
	for i := range 100 {
		if p.door.admit([32]byte{byte(i), 1}, true, start) == nil {
			taken++
		}
	}
	if taken != offerBurst {
		t.Errorf("%d offers at once, want %d", taken, offerBurst)
	}
	if err := p.door.admit([32]byte{0, 1}, true, after(60_000)); !errors.Is(err, ErrFingerprint) {
		t.Errorf("a fingerprint twice: %v", err)
	}
	if err := p.door.admit([32]byte{200, 1}, true, after(60_000)); err != nil {
		t.Errorf("an offer a minute later: %v", err)
	}
	full := 0
	for range 1000 {
		if !p.mailbox.signal(func() {}) {
			full++
		}
	}
	if full != 1000-maxWaiting {
		t.Errorf("%d of 1000 signals refused", full)
	}
}

func TestC17RepeatsAreBounded(t *testing.T) {
	s := newSender(&counters{}, func(Stream) {}, func() {})
	s.open = true
	for _, track := range s.tracks {
		track.stream = discard{}
	}
	s.choose(rungs[0], false, line{Estimate: 300_000}, 750_000, start)
	s.push(Frame{Stream: Video, Key: true, Data: make([]byte, 500_000)}, start)
	var numbers []uint16
	for s.lanes[0].bytes = 0; len(numbers) < 400; {
		_, packets, _ := s.due(start)
		if len(packets) == 0 {
			break
		}
		numbers = append(numbers, packets[0].header.SequenceNumber)
	}
	for seq := range uint16(400) {
		numbers = append(numbers, seq)
	}
	s.lanes[0].rest, s.lanes[0].bytes = nil, 0
	for range 50 {
		s.again(videoTrack, numbers, after(100), 50*time.Millisecond)
	}
	if n := len(s.lanes[0].rest); n != repeatMost {
		t.Errorf("%d packets wait to be repeated, want %d", n, repeatMost)
	}
	s.lanes[0].rest, s.lanes[0].bytes = nil, 0
	s.again(videoTrack, numbers[:10], after(120), 50*time.Millisecond)
	if n := len(s.lanes[0].rest); n != 0 {
		t.Errorf("%d packets repeated twice within a round trip", n)
	}
	pair := rtcp.NackPair{PacketID: 1, LostPackets: 0xffff}
	if n := len(pair.PacketList()); n != 17 {
		t.Errorf("a pair of %d", n)
	}
}

func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc on this system")
	}
	return len(entries)
}

func TestC9JoiningAndLeavingLeaksNothing(t *testing.T) {
	cycles := 100
	if testing.Short() {
		cycles = 10
	}
	before, files := runtime.NumGoroutine(), descriptors(t)
	h := newHall(t)
	a, b := h.add(1), h.add(2)
	feeds := []*feed{a.feed(camera), b.feed(camera)}
	for range cycles {
		a.forget(b)
		meet(a, b)
		h.wait("sound", 20*time.Second, func() bool { return a.from(b).count[Audio] > 0 })
		a.room.Leave(b.id)
		b.room.Leave(a.id)
	}
	for _, f := range feeds {
		f.end()
	}
	a.close()
	b.close()
	// What the runtime and the library end by themselves takes a moment.
	for late := time.Now().Add(5 * time.Second); time.Now().Before(late); runtime.Gosched() {
		if runtime.NumGoroutine() <= before && descriptors(t) <= files {
			return
		}
	}
	buffer := make([]byte, 1<<20)
	t.Errorf("goroutines %d, before %d; descriptors %d, before %d\n%s", runtime.NumGoroutine(), before, descriptors(t), files, buffer[:runtime.Stack(buffer, true)])
}
