package media

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media/generate"
	"parvis/media/mediatest"
)

// sealing gives the rooms of a hall the keys of one call.
func (h *hall) sealing() {
	h.config = func(c *Config) { c.Frames = framesOf(seal.ID(c.Self), 100) }
}

// framesOf is what a participant of a call with up to so many has of keys.
func framesOf(self seal.ID, most int) *call.Frames {
	f := call.NewFrames(call.ID{1}, self, 1000)
	f.Secrets([]seal.Key{{7}})
	for number := range most {
		var id seal.ID
		binary.BigEndian.PutUint32(id[:], uint32(number))
		f.Joined(id, 1000)
	}
	return f
}

// gather makes a call of so many that know each other.
func (h *hall) gather(n int) (all []*party) {
	for number := 1; number <= n; number++ {
		p := h.add(number)
		for _, other := range all {
			meet(other, p)
		}
		all = append(all, p)
	}
	h.connected(30*time.Second, all...)
	return all
}

// through lets all send through one of them.
func through(via *party, all ...*party) {
	for _, p := range all {
		p.room.Route(via.id, true)
	}
}

// flows waits until all get sound and pictures of all others again.
func (h *hall) flows(what string, all ...*party) {
	h.t.Helper()
	type count struct{ audio, video int }
	now := func(a, b *party) count {
		g := a.from(b)
		return count{g.count[Audio], g.count[Video] + g.count[Small]}
	}
	before := map[[2]*party]count{}
	pairs(all, func(a, b *party) { before[[2]*party{a, b}] = now(a, b) })
	h.t.Cleanup(func() {
		if h.t.Failed() {
			pairs(all, func(a, b *party) {
				h.t.Logf("%v of %v: %+v, refused %d, %+v", a, b, now(a, b), a.peerCount(b), a.stat(b))
			})
		}
	})
	h.wait(what, 30*time.Second, func() bool {
		sound, pictures, pairsOf := true, 0, 0
		pairs(all, func(a, b *party) {
			c, was := now(a, b), before[[2]*party{a, b}]
			sound = sound && c.audio >= was.audio+25
			pairsOf++
			if c.video >= was.video+3 {
				pictures++
			}
		})
		return sound && (pictures == pairsOf || !long() && pictures >= pairsOf/2) // a machine without time looks like a bad line
	})
}

// peerCount is how many pieces and frames of a participant were refused.
func (p *party) peerCount(other *party) uint64 {
	if peer := p.peer(other); peer != nil {
		return peer.count.refused.Load()
	}
	return 0
}

func TestC33AForwarderCarriesWhatEachSendsOnce(t *testing.T) {
	for _, n := range []int{5, 6, 8} {
		t.Run(fmt.Sprintf("%d participants", n), func(t *testing.T) {
			h := newHall(t)
			h.sealing()
			all := h.gather(n)
			sizes := map[Stream]int{Audio: 80, Video: kbps(120), Small: kbps(60)}
			for _, p := range all {
				p.feed(sizes)
			}
			h.flows("sound and pictures from each to each", all...)
			through(all[2], all...)
			h.flows("the same through one of them", all...)
			h.flows("on and on", all...)
			pairs(all, func(a, b *party) {
				a.from(b).check(t, a.String())
			})
			// Each but the forwarder sends to the forwarder alone.
			h.wait("the other lines to be idle", 10*time.Second, func() bool {
				idle := true
				pairs(all, func(a, b *party) { idle = idle && (a == all[2] || b == all[2] || a.stat(b).KbpsOut == 0) })
				return idle
			})
			if got := all[2].stat(all[0]).KbpsOut; got == 0 {
				t.Error("nothing is carried")
			}
			through(&party{}, all...)
			h.flows("each to each again", all...)
		})
	}
}

func TestC39ADeadForwarderIsNoticedAndReplaced(t *testing.T) {
	h := newHall(t)
	h.sealing()
	var all []*party
	for number := 1; number <= 5; number++ {
		all = append(all, h.add(number))
	}
	first, next, rest := all[0], all[1], all[1:]
	up, down := h.slow(first, mediatest.Shape{}, rest...)
	for i, p := range all {
		for _, other := range all[:i] {
			meet(other, p)
		}
	}
	h.connected(30*time.Second, all...)
	for _, p := range all {
		p.feed(map[Stream]int{Audio: 80, Video: kbps(120), Small: kbps(60)})
	}
	through(first, all...)
	h.flows("sound and pictures through the first", all...)
	up.Cut(true)
	down.Cut(true)
	died := time.Now()
	h.wait("somebody to miss it", 10*time.Second, func() bool {
		for _, p := range rest {
			if p.stat(first).State != Connected {
				return true
			}
		}
		return false
	})
	noticed := time.Since(died)
	before := map[[2]*party]int{}
	pairs(rest, func(a, b *party) { before[[2]*party{a, b}] = a.from(b).count[Audio] })
	through(next, rest...)
	h.wait("sound between all who are left", 20*time.Second, func() bool {
		flows := true
		pairs(rest, func(a, b *party) { flows = flows && a.from(b).count[Audio] > before[[2]*party{a, b}] })
		return flows
	})
	back := time.Since(died)
	t.Logf("noticed after %v, sound back after %v", noticed, back)
	if long() && back > 3*time.Second {
		t.Errorf("sound back after %v", back)
	}
	h.flows("pictures too", rest...)
	pairs(rest, func(a, b *party) { a.from(b).check(t, a.String()) })
}

func TestC35ABlindForwarderHoldsNothingThatDecodes(t *testing.T) {
	codec, err := generate.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	defer codec.Close()
	h := newHall(t)
	var checks sync.Map
	blind := ID{0, 0, 0, 1}
	h.config = func(c *Config) {
		if c.Self == blind {
			return
		}
		c.Frames = framesOf(seal.ID(c.Self), 12)
		self := c.Self
		c.Receive = func(from ID, f Frame) {
			check, _ := checks.LoadOrStore([2]ID{self, from}, generate.NewChecker(codec, ""))
			if f.Stream == Audio {
				check.(*generate.Checker).Audio(f.At, f.Data)
			} else {
				check.(*generate.Checker).Video(uint8(f.Stream), f.Key, f.Data)
			}
			h.stir()
		}
	}
	all := h.gather(3)
	carrier := all[0]
	through(carrier, all...)
	source, err := generate.NewSource(codec, generate.Config{Name: "Ana"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		source.Run(ctx, func(stream uint8, key bool, at uint64, data []byte) {
			all[1].room.Send(Frame{Stream: Stream(stream), Key: key, At: at, Data: data})
		})
	})
	h.wait("pictures and tone that check at who has the key", 30*time.Second, func() bool {
		check, ok := checks.Load([2]ID{all[2].id, all[1].id})
		if !ok {
			return false
		}
		r := check.(*generate.Checker).Report()
		return r.Decoded > 0 && r.Tones > 0 && r.Bad == 0 && r.WrongTones == 0
	})
	if _, ok := checks.Load([2]ID{blind, all[1].id}); ok || carrier.stat(all[1]).Frames+carrier.stat(all[1]).AudioPackets > 0 {
		t.Error("who has no key got a frame")
	}
	undecodable(t, codec, carrier.holds(all[2]))
}

// holds is all that a room keeps of what it carried to a participant, when it has ended:
// sealed frames, as far as their pieces can be put together.
func (p *party) holds(to *party) map[Stream][][]byte {
	held := map[Stream][][]byte{}
	out := p.peer(to).conn.Load().out
	p.close()
	for _, track := range out.tracks {
		track.mu.Lock()
		kept := slices.Clone(track.sent)
		id, mark := track.pieceID, track.markID
		track.mu.Unlock()
		slices.SortFunc(kept, func(a, b outPacket) int {
			if a.header == nil || b.header == nil {
				return cmp.Compare(len(b.payload), len(a.payload))
			}
			return int(int16(a.header.SequenceNumber - b.header.SequenceNumber))
		})
		for _, packet := range kept {
			if !packet.carried {
				continue
			}
			one, ok := readPiece(packet.header.GetExtension(id), packet.header.GetExtension(mark), &rtp.Packet{Header: *packet.header, Payload: packet.payload}, track.media)
			if !ok {
				continue
			}
			frames := held[one.about.Stream]
			if n := len(frames); n > 0 && !one.first {
				frames[n-1] = append(frames[n-1], one.data...)
			} else if one.first {
				held[one.about.Stream] = append(frames, bytes.Clone(one.data))
			}
		}
	}
	return held
}

func TestC36WhatDoesNotBelongIsDropped(t *testing.T) {
	var out []Frame
	frames := framesOf(seal.ID{9}, 4)
	room := &Room{cfg: Config{Frames: frames, Log: libraryTestLog(), Receive: func(_ ID, f Frame) { out = append(out, f) }}, peers: map[ID]*peer{}}
	room.list.Store(&[]*peer{})
	room.forward.wake = make(chan struct{}, 1)
	var list []*peer
	for number := 1; number <= 3; number++ {
		id := ID{0, 0, 0, byte(number)}
		p := newPeer(room, who{id: id}, false)
		room.peers[id] = p
		list = append(list, p)
	}
	room.relist()
	owner, carrier := list[0], list[1]
	c := &conn{in: newReceiver(&counters{}, nil, nil, nil)}
	sender := framesOf(seal.ID(owner.id), 4)
	cut := cutter{tag: owner.origin.tag}
	frame := func(at uint64, size int) []piece {
		return cut.cut(sender, Frame{Stream: Audio, At: at, Data: make([]byte, size)}, false)
	}
	give := func(from *peer, list []piece) (refused uint64) {
		before := owner.count.refused.Load() + from.count.refused.Load()
		for _, p := range list {
			room.piece(from, c, p, time.Now())
		}
		return owner.count.refused.Load() + from.count.refused.Load() - before
	}
	good, next := frame(20_000, 50), uint16(1) // the number of the next piece
	if refused := give(carrier, good); refused != 0 || len(out) != 1 {
		t.Fatalf("a good frame: %d refused, %d came", refused, len(out))
	}
	other := cutter{tag: owner.origin.tag}
	for _, step := range []struct {
		what   string
		pieces []piece
		change func(p *piece)
	}{
		{"of nobody", frame(40_000, 50), func(p *piece) { p.tag = tag{99} }},
		{"for others, not by its sender", frame(40_000, 50), func(p *piece) { p.carry = true }},
		{"under the key of another", other.cut(framesOf(seal.ID(list[2].id), 4), Frame{Stream: Audio, At: 40_000, Data: make([]byte, 50)}, false), nil},
		{"again", good, nil},
		{"with another time", frame(60_000, 50), func(p *piece) { p.about.At++ }},
		{"with another key number", frame(60_000, 50), func(p *piece) { p.data[1] ^= 8 }},
		{"changed", frame(60_000, 50), func(p *piece) { p.data[len(p.data)-1] ^= 8 }},
	} {
		p := step.pieces[0]
		if p.data = bytes.Clone(p.data); step.change != nil {
			step.change(&p)
		}
		if p.tag == owner.origin.tag && !p.carry {
			p.seq = next
			next++
		}
		if refused := give(carrier, []piece{p}); refused == 0 || len(out) != 1 {
			t.Errorf("%s: %d refused, %d came", step.what, refused, len(out))
		}
	}
	last := frame(70_000, 50)
	if last[0].seq = next; give(carrier, last) != 0 || len(out) != 2 {
		t.Errorf("after all that, %d came", len(out))
	}
	// More than anybody sends is not carried on; what is put together stays bounded.
	refused := uint64(0)
	flood := frame(100_000, 50)
	flood[0].carry = true
	for range 3 * pieceBurst {
		refused += give(owner, flood)
	}
	if refused < pieceBurst {
		t.Errorf("%d of a flood refused", refused)
	}
	huge := piece{tag: owner.origin.tag, about: Frame{Stream: Video, Key: true}, first: true, data: make([]byte, 1400)}
	for range 3000 {
		give(carrier, []piece{huge})
		huge.first = false
		huge.seq++
	}
	if in := owner.origin.flows[Video]; len(in.gather.parts) > MaxFrame+sealOverhead || len(in.order.held) > videoHeld {
		t.Errorf("%d bytes, %d pieces are held", len(in.gather.parts), len(in.order.held))
	}
}

func FuzzControl(f *testing.F) {
	m := control{routes: true, wants: 6, audio: 20_000, down: 500, keys: []wish{{tag{1}, Video}}, sight: sight{small: true, large: []tag{{2}}}}
	f.Add(m.encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, ok := decodeControl(raw)
		if ok && (len(c.keys) > maxWishes || len(c.sight.large) > maxWishes) {
			t.Error("too many wishes")
		}
		if again, same := decodeControl(c.encode()); ok && (!same || !slices.Equal(again.keys, c.keys) || again.sight.small != c.sight.small || !slices.Equal(again.sight.large, c.sight.large)) {
			t.Errorf("%+v became %+v", c, again)
		}
	})
}

func FuzzPiece(f *testing.F) {
	p := piece{tag: tag{1}, seq: 7, first: true, about: Frame{Stream: Video, Key: true, At: 5}}
	f.Add(p.extension(), appendMark(p.about), []byte{1})
	f.Fuzz(func(t *testing.T, ext, mark, payload []byte) {
		for media := range uint8(3) {
			p, ok := readPiece(ext, mark, &rtp.Packet{Payload: payload}, media)
			if ok && (p.track() != media || len(p.data) == 0) {
				t.Errorf("%+v on track %d", p, media)
			}
		}
	})
}
