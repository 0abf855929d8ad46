package media

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

var camera = map[Stream]int{Audio: 80, Video: kbps(500), Small: kbps(100)}

func TestC1TwoParticipantsExchangeSoundAndPictures(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	a, b := h.add(1), h.add(2)
	meet(a, b)
	a.feed(map[Stream]int{Audio: 80, Video: kbps(500), Small: kbps(100), Screen: kbps(200)})
	b.feed(camera)
	h.connected(10*time.Second, a, b)
	for _, pair := range [][2]*party{{a, b}, {b, a}} {
		h.wait("sound and pictures", 15*time.Second, func() bool {
			g := pair[0].from(pair[1])
			return g.count[Audio] >= 100 && g.count[Video] >= 30
		})
		pair[0].from(pair[1]).check(t, pair[0].String())
	}
	h.wait("the screen", 10*time.Second, func() bool { return b.from(a).count[Screen] >= 15 })
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("a sees %+v, b sees %+v", a.stat(b), b.stat(a))
		}
	})
	h.wait("statistics", 5*time.Second, func() bool {
		s := b.stat(a)
		return s.Path == "lan" && s.KbpsIn > 100 && s.KbpsOut > 100 && s.LayerIn == Video && s.LayerOut == Video && s.AudioPackets >= 100 && s.Frames >= 45
	})
	if s := b.stat(a); s.AudioLost != 0 || s.Bad != 0 {
		t.Errorf("on a clean line: %+v", s)
	}
	if w := a.room.Wants(); !w.Video || !w.Screen || w.AudioBitrate != AudioFull {
		t.Errorf("wants %+v", w)
	}
}

func TestC2LargeFramesArriveWhole(t *testing.T) {
	h := newHall(t)
	a, b := h.add(1), h.add(2)
	meet(a, b)
	h.connected(10*time.Second, a, b)
	for _, stream := range []Stream{Small, Screen} {
		a.room.Send(Frame{Stream: stream, Key: true, At: timeOf(stream, 1), Data: payload(stream, 1, true, 60_000)})
		h.wait(fmt.Sprintf("60 kB of %v", stream), 10*time.Second, func() bool { return b.from(a).last[stream] == 1 })
	}
	a.room.Send(Frame{Stream: Video, Key: true, Data: make([]byte, MaxFrame+1)})
	a.room.Send(Frame{Stream: Audio, Data: make([]byte, MaxAudio+1)})
	a.room.Send(Frame{Stream: 9, Data: []byte{1}})
	a.room.Send(Frame{Stream: Audio})
	a.room.Send(Frame{Stream: Audio, At: timeOf(Audio, 1), Data: payload(Audio, 1, false, 60)})
	h.wait("the sound after frames that are refused", 5*time.Second, func() bool { return b.from(a).count[Audio] == 1 })
	g := b.from(a)
	g.check(t, "b")
	if g.count[Small] != 1 || g.count[Screen] != 1 || g.largest != 60_000 {
		t.Errorf("got %v, up to %d bytes", g.count, g.largest)
	}
}

func TestC3JoiningInterruptsNobody(t *testing.T) {
	h := newHall(t)
	var inside []*party
	var feeds []*feed
	sizes := map[Stream]int{Audio: 80, Video: kbps(120), Small: kbps(60)}
	for number := 1; number <= 8; number++ {
		p := h.add(number)
		for _, other := range inside {
			meet(other, p)
		}
		inside = append(inside, p)
		feeds = append(feeds, p.feed(sizes))
		if number != 2 && number != 4 && number != 8 {
			continue
		}
		h.connected(30*time.Second, inside...)
		before := map[[2]*party]int{}
		pairs(inside, func(a, b *party) { before[[2]*party{a, b}] = a.from(b).count[Audio] })
		h.wait("sound and pictures between all", 30*time.Second, func() bool {
			all := true
			pairs(inside, func(a, b *party) {
				g := a.from(b)
				all = all && g.count[Audio] >= before[[2]*party{a, b}]+25 && g.count[Video]+g.count[Small] > 0
			})
			return all
		})
	}
	pairs(inside, func(a, b *party) {
		g, s := a.from(b), a.stat(b)
		g.check(t, a.String())
		if s.AudioLost*100 > s.AudioPackets {
			t.Errorf("%v lost %d of %d audio packets of %v", a, s.AudioLost, s.AudioPackets, b)
		}
	})
	var stall, silence time.Duration
	for _, f := range feeds {
		f.end()
		stall = max(stall, f.stall)
	}
	pairs(inside, func(a, b *party) { silence = max(silence, a.from(b).silence) })
	t.Logf("longest silence %v; longest time in which a sender itself stood still %v", silence, stall)
	if long() && silence > 200*time.Millisecond+2*stall {
		t.Errorf("somebody heard nothing for %v", silence)
	}
}

// pairs calls a function for every participant and every other one.
func pairs(all []*party, do func(a, b *party)) {
	for _, a := range all {
		for _, b := range all {
			if a != b {
				do(a, b)
			}
		}
	}
}

func TestC4ALossOfPicturesAsksForAKeyFrame(t *testing.T) {
	h := newHall(t)
	a, b := h.add(1), h.add(2)
	meet(a, b)
	a.feed(map[Stream]int{Audio: 80, Video: kbps(300)})
	h.connected(10*time.Second, a, b)
	h.wait("pictures", 10*time.Second, func() bool { return b.from(a).count[Video] >= 10 })
	before := a.wishes(Video)
	in := b.peer(a).conn.Load().in
	in.mu.Lock()
	in.in[videoTrack].video.gap()
	in.mu.Unlock()
	h.wait("a wish for a key frame", 10*time.Second, func() bool { return a.wishes(Video) > before })
	seen := b.from(a).count[Video]
	h.wait("pictures again", 10*time.Second, func() bool { return b.from(a).count[Video] > seen+5 })
	b.from(a).check(t, "b")
}

// peer is the inside of a connection, to break it.
func (p *party) peer(other *party) *peer {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	return p.room.peers[other.id]
}

func TestC5AByeCountsWhenTheEndOfItsConnectionWasNoticedBefore(t *testing.T) {
	h := newHall(t)
	a, b := h.add(1), h.add(2)
	meet(a, b)
	h.connected(10*time.Second, a, b)
	p := a.peer(b)
	p.mailbox.post(func() {
		ufrag := p.conn.Load().remote.ufrag
		p.lost()
		p.takeBye("another")
		if p.link.state != Interrupted {
			t.Error("a bye for another connection counts")
		}
		p.takeBye(ufrag)
		h.stir()
	})
	h.wait("the bye", 5*time.Second, func() bool { return a.stat(b).State == Left })
}

func TestC5LeaveEndsBothSides(t *testing.T) {
	h := newHall(t)
	a, b := h.add(1), h.add(2)
	meet(a, b)
	a.feed(camera)
	h.connected(10*time.Second, a, b)
	h.wait("sound", 10*time.Second, func() bool { return b.from(a).count[Audio] > 10 })
	b.room.Leave(a.id)
	b.room.Leave(a.id)
	if len(b.room.Stats()) != 0 {
		t.Error("a participant that was left is still listed")
	}
	h.wait("the bye", 5*time.Second, func() bool { return a.stat(b).State == Left })
	if err := b.room.Signal(a.id, Signal{Kind: Bye}); !errors.Is(err, ErrNotJoined) {
		t.Errorf("signal of somebody who is not there: %v", err)
	}
	before := b.from(a).count[Audio]
	meet(a, b)
	h.connected(10*time.Second, a, b)
	h.wait("sound again", 10*time.Second, func() bool { return b.from(a).count[Audio] > before+10 })

	// A bye without a name ends whatever there is; with Join, the caller starts anew.
	offers := len(h.signals(Offer))
	if err := b.room.Signal(a.id, Signal{Kind: Bye}); err != nil {
		t.Fatal(err)
	}
	b.room.Join(a.id, true)
	h.wait("a new connection", 10*time.Second, func() bool { return len(h.signals(Offer)) > offers })
	h.connected(10*time.Second, a, b)
	before = b.from(a).count[Audio]
	h.wait("sound over it", 10*time.Second, func() bool { return b.from(a).count[Audio] > before+10 })
}

func TestC6ASecondOfferRestarts(t *testing.T) {
	h := newHall(t)
	a, b := h.add(1), h.add(2)
	meet(a, b)
	a.feed(camera)
	b.feed(camera)
	h.connected(10*time.Second, a, b)
	h.wait("sound", 10*time.Second, func() bool { return a.from(b).count[Audio] > 10 && b.from(a).count[Audio] > 10 })
	// The side that offers stops without a word and comes back.
	h.mu.Lock()
	h.tamper = func(_, _ ID, s Signal) []Signal {
		if s.Kind == Bye {
			return nil
		}
		return []Signal{s}
	}
	h.mu.Unlock()
	b.close()
	again := h.add(2)
	again.room.Join(a.id, true)
	again.feed(camera)
	before := a.from(b).count[Audio]
	h.wait("sound with the one that came back", 15*time.Second, func() bool {
		return a.from(b).count[Audio] > before+10 && again.from(a).count[Audio] > 10 && again.from(a).count[Video] > 5
	})
	if a.stat(b).State != Connected {
		t.Errorf("state %v", a.stat(b).State)
	}
}
