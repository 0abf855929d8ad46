package media

import (
	"testing"
	"time"

	"parvis/media/mediatest"
)

// lines brings parties onto bad lines.
func (h *hall) lines(between map[[2]ID]*mediatest.Line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tamper = func(from, to ID, s Signal) []Signal {
		if s.Kind != Candidate {
			return []Signal{s}
		}
		owner := 0
		line := between[[2]ID{from, to}]
		if line == nil {
			line, owner = between[[2]ID{to, from}], 1
		}
		if line == nil {
			return []Signal{s}
		}
		text, ok := line.Candidate(owner, s.SDP)
		if !ok {
			return nil
		}
		s.SDP = text
		return []Signal{s}
	}
}

// slow puts a party behind one uplink and one downlink that all its connections
// share.
func (h *hall) slow(p *party, shape mediatest.Shape, others ...*party) (up, down *mediatest.Pipe) {
	up, down = mediatest.NewPipe(shape, 1), mediatest.NewPipe(shape, 2)
	between := map[[2]ID]*mediatest.Line{}
	for _, other := range others {
		between[[2]ID{p.id, other.id}] = mediatest.NewLine(up, down)
	}
	h.lines(between)
	h.t.Cleanup(func() {
		for _, line := range between {
			line.Close()
		}
		up.Close()
		down.Close()
	})
	return up, down
}

func TestC7ABadLineSpoilsNeitherTheSoundNorTheOthers(t *testing.T) {
	if !long() {
		t.Skip("half a minute of sound in real time: with PARVIS_LONG")
	}
	t.Parallel()
	h := newHall(t)
	a, b, slow := h.add(1), h.add(2), h.add(3)
	up, down := h.slow(slow, mediatest.Shape{Loss: 0.05, Delay: 100 * time.Millisecond, Kbps: 300}, a, b)
	parties := []*party{a, b, slow}
	meet(a, b)
	meet(a, slow)
	meet(b, slow)
	feeds := []*feed{}
	for _, p := range parties {
		feeds = append(feeds, p.feed(map[Stream]int{Audio: 80, Video: kbps(600), Small: kbps(100)}))
	}
	h.connected(30*time.Second, parties...)
	h.wait("pictures at full size between the good lines", 20*time.Second, func() bool {
		return a.from(b).count[Video] > 20 && b.from(a).count[Video] > 20
	})
	h.wait("less than the large layer on the bad line", 20*time.Second, func() bool {
		return a.stat(slow).LayerOut != Video && b.stat(slow).LayerOut != Video && slow.stat(a).LayerOut != Video && slow.stat(b).LayerOut != Video
	})
	// The first seconds find out what the line carries.
	h.wait("the first sound over the bad line", 30*time.Second, func() bool {
		return a.from(slow).count[Audio] >= 250 && slow.from(b).count[Audio] >= 250
	})
	before := [4]Stat{a.stat(slow), b.stat(slow), slow.stat(a), slow.stat(b)}
	audio := a.from(slow).count[Audio]
	large := [2]int{a.from(b).count[Small], b.from(a).count[Small]}
	h.wait("20 s of sound over the bad line", 60*time.Second, func() bool { return a.from(slow).count[Audio] >= audio+1000 })
	for _, f := range feeds {
		f.end()
	}
	for i, s := range []Stat{a.stat(slow), b.stat(slow), slow.stat(a), slow.stat(b)} {
		packets, lost := s.AudioPackets-before[i].AudioPackets, s.AudioLost-before[i].AudioLost
		if all := before[i].AudioPackets + before[i].AudioLost; before[i].AudioLost*8 > all {
			t.Errorf("%d of the first %d audio packets lost after repair, want at most 12 %%", before[i].AudioLost, all)
		}
		t.Logf("audio: first %d of %d lost, then of %d packets, %d lost after repair; loss before repair %.3f in, %.3f out; estimate %d, layer %v; round trip %d ms", before[i].AudioLost, before[i].AudioPackets, packets, lost, s.LossIn, s.LossOut, s.Estimate, s.LayerOut, s.RTTMs)
		if lost*100 > packets+lost {
			t.Errorf("%d of %d audio packets lost after repair, want at most 1 %%", lost, packets+lost)
		}
	}
	if now := [2]int{a.from(b).count[Small], b.from(a).count[Small]}; now != large || a.stat(b).LayerOut != Video || b.stat(a).LayerOut != Video {
		t.Errorf("the layer between good lines changed: %v, %v", a.stat(b).LayerOut, b.stat(a).LayerOut)
	}
	t.Logf("up %+v, down %+v", up.Count(), down.Count())
	pairs(parties, func(x, y *party) { x.from(y).check(t, x.String()) })
}
