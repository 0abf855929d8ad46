package media

import (
	"bytes"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"

	"parvis/crdt/seal"
)

func TestC34FramesSurviveTheirPieces(t *testing.T) {
	sends, takes := framesOf(seal.ID{0, 0, 0, 1}, 4), framesOf(seal.ID{0, 0, 0, 2}, 4)
	cut := cutter{tag: tag{1}}
	var g gatherer
	open := func(sealed, meta []byte) ([]byte, error) { return takes.Open(seal.ID{0, 0, 0, 1}, 2, sealed, meta) }
	for i, size := range []int{1, 100, maxPayload - sealOverhead, maxPayload, 3 * maxPayload, MaxFrame} {
		f := Frame{Stream: Video, Key: i%2 == 0, At: timeOf(Video, uint64(i)), Data: bytes.Repeat([]byte{byte(i + 1)}, size)}
		var got []Frame
		for _, p := range cut.cut(sends, f, true) {
			ext := p.extension()
			raw := &rtp.Packet{Header: rtp.Header{Timestamp: p.ts, Marker: p.last}, Payload: p.data}
			var mark []byte
			if p.first {
				mark = appendMark(p.about)
			}
			read, ok := readPiece(ext, mark, raw, videoTrack)
			if !ok || len(p.data) > maxPayload || !read.carry || read.seq != p.seq || read.tag != cut.tag {
				t.Fatalf("a piece of %d bytes became %+v", len(p.data), read)
			}
			if _, ok := readPiece(ext, mark, raw, audioTrack); ok {
				t.Fatal("a picture on the track of the sound")
			}
			if f, whole := g.add(read, 0, open); whole {
				got = append(got, f)
			}
		}
		if len(got) != 1 || got[0].At != f.At || got[0].Key != f.Key || got[0].Stream != Video || !bytes.Equal(got[0].Data, f.Data) {
			t.Errorf("a frame of %d bytes did not survive: %d came", size, len(got))
		}
	}
	sound := cut.cut(sends, Frame{Stream: Audio, At: 20_000, Data: make([]byte, MaxAudio)}, false)
	if len(sound) != 1 || sound[0].carry {
		t.Errorf("sound in %d pieces", len(sound))
	}
	// A frame that misses a piece does not come, nor what needs it.
	f := Frame{Stream: Video, Data: make([]byte, 3000)}
	pieces := cut.cut(sends, f, false)
	for i, p := range slices.Concat(pieces[:1], pieces[2:], cut.cut(sends, f, false)) {
		lost := 0
		if i == 1 {
			lost = 1
		}
		if _, whole := g.add(p, lost, open); whole {
			t.Error("a frame without its middle, or one after it")
		}
	}
	f.Key = true
	whole := false
	for _, p := range cut.cut(sends, f, false) {
		_, whole = g.add(p, 0, open)
	}
	if !whole {
		t.Error("no key frame after a loss")
	}
}

// picture is one piece that is a frame of its own.
func picture(from byte, s Stream, key bool, at uint32) *piece {
	return &piece{tag: tag{from}, ts: at, first: true, last: true, about: Frame{Stream: s, Key: key}, data: []byte{1}}
}

func TestC38LayersAreChosenForEachWithoutAKey(t *testing.T) {
	now := start
	r := relay{lanes: map[laneKey]*relayLane{}}
	expect := func(p *piece, want bool, ask Stream) {
		t.Helper()
		got, w := r.take(p, now)
		if got != want || w.stream != ask || ask != 0 && w.tag != p.tag {
			t.Errorf("%v key=%v of %d: passes %v, asks for %v; want %v, %v", p.about.Stream, p.about.Key, p.tag[0], got, w.stream, want, ask)
		}
	}
	r.choose(choice{Video: Video}, false, 0, now)
	expect(picture(1, Video, false, 10), false, Video)
	expect(picture(1, Video, true, 20), true, 0)
	expect(picture(1, Video, false, 15), false, 0) // of before the key frame, repeated late
	expect(picture(1, Video, false, 30), true, 0)
	expect(picture(1, Small, true, 30), false, 0)
	expect(picture(2, Small, false, 30), false, Small) // who makes no large layer is seen small
	expect(picture(2, Small, true, 40), true, 0)
	r.choose(choice{Video: Small}, false, 0, now)
	expect(picture(1, Video, false, 40), true, 0) // until the small one can be decoded
	expect(picture(1, Small, false, 40), false, Small)
	expect(picture(1, Small, true, 50), true, 0)
	expect(picture(1, Video, false, 60), false, 0)
	expect(picture(2, Small, false, 60), true, 0)
	r.choose(choice{}, false, 0, now)
	expect(picture(1, Small, false, 70), false, 0)
	expect(picture(2, Small, true, 70), false, 0)
	expect(picture(3, Screen, true, 70), true, 0)
	r.choose(choice{SlowScreen: true}, false, 2*time.Second, now)
	expect(picture(3, Screen, false, 80), false, Screen)
	expect(picture(3, Screen, true, 90), true, 0)
	expect(picture(3, Screen, true, 100), false, 0)
	r.choose(choice{}, false, 0, now)
	expect(picture(3, Screen, false, 110), false, Screen)

	// A large layer that paused: both lanes are open then, and one of them is closed again.
	r.choose(choice{Video: Video}, false, 0, now)
	expect(picture(4, Video, true, 10), true, 0)
	now = now.Add(2 * laneIdle)
	expect(picture(4, Small, true, 20), true, 0)
	expect(picture(4, Video, false, 30), true, 0)
	expect(picture(4, Small, false, 30), false, 0)
	now = now.Add(2 * laneIdle)
	expect(picture(4, Small, true, 40), true, 0)
	expect(picture(4, Video, false, 40), true, 0)
	r.sight.small = true
	expect(picture(4, Small, false, 50), true, 0)
	expect(picture(4, Video, false, 60), false, 0)
	if got := r.layer(tag{4}, now); got != Small {
		t.Errorf("%v goes on", got)
	}

	r = relay{lanes: map[laneKey]*relayLane{}, both: true} // to the forwarder
	r.choose(choice{Video: Video}, false, 0, now)
	expect(picture(1, Video, true, 10), true, 0)
	expect(picture(1, Small, true, 10), true, 0)
	expect(picture(1, Video, false, 20), true, 0)
	for i := range 2 * relayLanes {
		r.take(&piece{tag: tag{9, byte(i), byte(i >> 8)}, about: Frame{Stream: Video}}, now)
	}
	if len(r.lanes) > relayLanes {
		t.Errorf("%d lanes", len(r.lanes))
	}
}

func TestC38SoundIsCarriedBeforePicturesAndTheQueueIsBounded(t *testing.T) {
	s := newSender(&counters{}, func(Stream) {}, func() {})
	s.open = true
	for _, track := range s.tracks {
		track.stream, track.pieceID, track.markID = discard{}, 1, 2
	}
	s.choose(choice{Video: Video, Audio: AudioFull}, false, line{Estimate: 300_000}, 750_000, start)
	asked := 0
	for i := range uint32(400) {
		p := picture(1, Video, i == 0, i)
		p.data = make([]byte, 1000)
		if s.relay(p, start).stream == Video {
			asked++
		}
	}
	if asked == 0 || s.carried.bytes > 250_000 {
		t.Errorf("%d bytes wait, asked %d times", s.carried.bytes, asked)
	}
	for range 2 * relaySound {
		s.relay(&piece{tag: tag{1}, about: Frame{Stream: Audio}, data: []byte{1}}, start)
	}
	if track, packets, _ := s.due(start); track != audioTrack || len(packets) != relaySound {
		t.Errorf("%d packets of track %d go first", len(packets), track)
	}
}

func TestC37AWishForAKeyFrameGoesBackToTheSender(t *testing.T) {
	h := newHall(t)
	h.sealing()
	all := h.gather(3)
	through(all[0], all...)
	all[1].feed(map[Stream]int{Audio: 80, Video: kbps(120), Small: kbps(60)})
	h.wait("pictures", 20*time.Second, func() bool { return all[2].from(all[1]).count[Video]+all[2].from(all[1]).count[Small] > 10 })
	g := all[2].from(all[1])
	stream := Video
	if g.count[Small] > g.count[Video] {
		stream = Small
	}
	before := all[1].wishes(stream)
	all[2].room.AskKey(all[1].id, stream)
	h.wait("a wish at the sender", 10*time.Second, func() bool { return all[1].wishes(stream) > before })
	h.wait("the forwarder to say what is of use", 10*time.Second, func() bool {
		w := all[1].room.Wants()
		return w.Video && w.AudioBitrate >= AudioLeast
	})
}

func TestC9JoiningAndLeavingThroughAForwarderLeaksNothing(t *testing.T) {
	cycles := 50
	if testing.Short() {
		cycles = 5
	}
	before, files := runtime.NumGoroutine(), descriptors(t)
	h := newHall(t)
	h.sealing()
	all := h.gather(3)
	through(all[0], all...)
	var feeds []*feed
	for _, p := range all {
		feeds = append(feeds, p.feed(camera))
	}
	for cycle := range cycles {
		last := h.add(4 + cycle)
		for _, p := range all {
			meet(p, last)
			p.forget(last)
		}
		last.room.Route(all[0].id, true)
		f := last.feed(camera)
		h.wait("sound both ways", 20*time.Second, func() bool {
			return last.from(all[2]).count[Audio] > 0 && all[2].from(last).count[Audio] > 0
		})
		f.end()
		for _, p := range all {
			p.room.Leave(last.id)
		}
		last.close()
	}
	for _, f := range feeds {
		f.end()
	}
	for _, p := range all {
		if n := len(*p.room.byTag.Load()); n != 2 {
			t.Errorf("%d tags are known", n)
		}
		p.close()
	}
	for late := time.Now().Add(10 * time.Second); time.Now().Before(late); runtime.Gosched() {
		if runtime.NumGoroutine() <= before && descriptors(t) <= files {
			return
		}
	}
	t.Errorf("goroutines %d, before %d; descriptors %d, before %d", runtime.NumGoroutine(), before, descriptors(t), files)
}
