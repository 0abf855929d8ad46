package media

import (
	"context"
	"sync"
	"testing"
	"time"

	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media/generate"
)

// withCarrier makes a call of so many, with somebody who has no key and only carries.
func (h *hall) withCarrier(n int) (carrier *party, all []*party) {
	const number = 200
	h.config = func(c *Config) {
		if c.Self != (ID{0, 0, 0, number}) {
			c.Frames = framesOf(seal.ID(c.Self), 100)
		}
	}
	carrier = h.add(number)
	carrier.room.Route(ID{}, true)
	all = h.gather(n)
	for _, p := range all {
		carrier.room.Join(p.id, false)
		p.room.JoinCarrier(carrier.id)
	}
	h.connected(30*time.Second, append([]*party{carrier}, all...)...)
	return carrier, all
}

// heard is how many packets of media a party got from another.
func (p *party) heard(other *party) uint64 { return p.peer(other).count.arrived.Load() }

func TestC40WhoOnlyCarriesGetsNothingUnlessItDoes(t *testing.T) {
	h := newHall(t)
	carrier, all := h.withCarrier(3)
	for _, p := range all {
		p.feed(map[Stream]int{Audio: 80, Video: kbps(120), Small: kbps(60), Screen: kbps(60)})
	}
	silent := func(what string) {
		t.Helper()
		before := map[*party]uint64{}
		for _, p := range all {
			before[p] = carrier.heard(p)
		}
		h.flows(what, all...)
		for _, p := range all {
			if got := carrier.heard(p) - before[p]; got != 0 {
				t.Errorf("%s: it got %d packets", what, got)
			}
			if s := p.stat(carrier); s.KbpsOut > 0 && before[p] == 0 {
				t.Errorf("%s: %d kbit/s go to it", what, s.KbpsOut)
			}
		}
	}
	silent("each to each")
	through(all[0], all...)
	h.flows("all through one of them", all...)
	silent("on and on")

	through(carrier, all...)
	h.flows("all through who only carries", all...)
	h.wait("the other lines to be idle", 10*time.Second, func() bool {
		idle := true
		pairs(all, func(a, b *party) { idle = idle && a.stat(b).KbpsOut == 0 })
		return idle
	})
	pairs(all, func(a, b *party) { a.from(b).check(t, a.String()) })
	for _, p := range all {
		if w := p.room.Wants(); !w.Video && !w.Small || !w.Screen {
			t.Errorf("%v: nothing is wanted of it: %+v", p, w)
		}
		if g := carrier.from(p); g.count[Audio]+g.count[Video] > 0 {
			t.Error("who has no key got a frame")
		}
	}

	through(&party{}, all...)
	h.flows("each to each again", all...)
	silent("and nothing to it")
}

func TestC40NothingThatItHoldsDecodes(t *testing.T) {
	codec, err := generate.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	defer codec.Close()
	h := newHall(t)
	carrier, all := h.withCarrier(2)
	through(carrier, all...)
	source, err := generate.NewSource(codec, generate.Config{Name: "Ana"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	got := make(chan Frame, 1)
	wg.Go(func() {
		source.Run(ctx, func(stream uint8, key bool, at uint64, data []byte) {
			f := Frame{Stream: Stream(stream), Key: key, At: at, Data: data}
			all[0].room.Send(f)
			if f.Stream == Small {
				select {
				case got <- f:
				default:
				}
			}
		})
	})
	h.wait("sound and pictures at who has the key", 30*time.Second, func() bool {
		s := all[1].stat(all[0])
		return s.Frames > 5 && s.AudioPackets > 50
	})
	check := generate.NewChecker(codec, "") // it does see what is in the clear
	if f := <-got; f.Key {
		check.Video(uint8(f.Stream), f.Key, f.Data)
	}
	if r := check.Report(); r.Decoded != 1 {
		t.Fatalf("the check is blind: %+v", r)
	}
	undecodable(t, codec, carrier.holds(all[1]))
}

// What cannot be sealed must never reach who has no key.
func TestC40NothingPlainGoesToWhoOnlyCarries(t *testing.T) {
	h := newHall(t)
	carrier, all := h.withCarrier(2)
	ana, ben := all[0], all[1]
	ana.room.cfg.Frames.Secrets(nil)
	ana.room.Route(carrier.id, true)
	ana.feed(map[Stream]int{Audio: 80, Video: kbps(120), Small: kbps(60)})
	h.wait("what cannot be sealed goes to who takes part", 30*time.Second, func() bool {
		g := ben.from(ana)
		return g.count[Audio] > 100 && g.count[Video]+g.count[Small] > 10
	})
	if got := carrier.heard(ana); got != 0 {
		t.Errorf("who only carries got %d packets", got)
	}
}

func TestC40NothingButPiecesIsTakenFromWhoOnlyCarries(t *testing.T) {
	h := newHall(t)
	carrier, all := h.withCarrier(2)
	ana, ben := all[0], all[1]
	// It makes sound and pictures of its own, plain, and sealed under a key that it made up.
	carrier.feed(map[Stream]int{Audio: 80, Video: kbps(120), Small: kbps(60)})
	h.wait("what it makes is refused", 30*time.Second, func() bool { return ana.peerCount(carrier) > 50 })
	forged := call.NewFrames(call.ID{1}, seal.ID(carrier.id), 1000)
	forged.Secrets([]seal.Key{{8}})
	for _, as := range []*party{carrier, ben} {
		cut := cutter{tag: ana.peer(as).origin.tag}
		pieces := cut.cut(forged, Frame{Stream: Audio, At: 20_000, Data: payload(Audio, 1, false, 80)}, false)
		for _, carry := range []bool{false, true} {
			pieces[0].carry = carry
			pieces[0].seq++
			before := ana.peerCount(as) + ana.peerCount(carrier)
			ana.room.piece(ana.peer(carrier), ana.peer(carrier).conn.Load(), pieces[0], time.Now())
			if ana.peerCount(as)+ana.peerCount(carrier) == before {
				t.Errorf("a piece that it made as %v, to be carried on: %v, was not refused", as, carry)
			}
		}
	}
	if g := ana.from(carrier); g.count[Audio]+g.count[Video]+g.count[Small] > 0 {
		t.Errorf("%+v came from it", g.count)
	}
	wishes := ana.wishes(Video)
	ana.room.heard(ana.peer(carrier), ana.peer(carrier).conn.Load(), control{routes: true, keys: []wish{{ana.room.tag(ana.id), Video}}}, time.Now())
	if c := ana.peer(carrier).conn.Load(); c.seeded.Load() || c.said.Load().routes {
		t.Error("it sends through this device")
	}
	ana.room.mu.Lock()
	pending := ana.room.keys.pending[Video]
	ana.room.mu.Unlock()
	if pending || ana.wishes(Video) != wishes {
		t.Error("it may ask for key frames though it carries nothing")
	}
}

// undecodable tries to make sound or pictures of what a forwarder held.
func undecodable(t *testing.T, codec *generate.Codec, held map[Stream][][]byte) {
	t.Helper()
	if len(held[Audio]) == 0 || len(held[Video])+len(held[Small]) == 0 {
		t.Fatal("the forwarder held nothing")
	}
	// Every way to look at what it holds: as it is, and without the header of a seal.
	tried := 0
	for stream, frames := range held {
		for _, cut := range []int{0, 1, 10, 12, sealOverhead} {
			check := generate.NewChecker(codec, "")
			for i, sealed := range frames {
				if tried++; len(sealed) <= cut+1 {
					continue
				}
				if stream == Audio {
					check.Audio(uint64(i)*20_000, sealed[cut:])
				} else {
					check.Video(uint8(stream), true, sealed[cut:])
				}
			}
			if r := check.Report(); r.Marked+r.Decoded > 0 || r.Tones > r.WrongTones || r.Frames != r.Bad {
				t.Errorf("%v, from byte %d: %+v", stream, cut, r)
			}
		}
	}
	t.Logf("%d tries", tried)
}
