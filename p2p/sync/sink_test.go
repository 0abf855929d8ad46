package sync

import (
	"testing"
	"time"
)

// said lists the frames that are due now.
func said(s *Sink, now time.Time) (out []Frame) {
	for {
		f, _ := s.Next(now)
		if f == nil {
			return out
		}
		out = append(out, f)
	}
}

func greeted() *Sink {
	s := NewSink(SinkConfig{Self: device(1)})
	s.Mine(holding(3, 3).Have)
	said(s, t0)
	return s
}

// The first frame says everything, the next ones what changed.
func TestY5SinkSaysWhatItHas(t *testing.T) {
	s := NewSink(SinkConfig{Workspace: [32]byte{7}, Self: device(1)})
	s.Mine(holding(3, 3).Have)
	got := said(s, t0)
	h, ok := got[0].(Hello)
	if len(got) != 1 || !ok || len(h.Feeds) != 2 || h.Workspace != [32]byte{7} {
		t.Fatalf("got %#v", got)
	}
	s.Mine(holding(3, 5, 1).Have)
	s.Links([][32]byte{device(2)})
	got = said(s, t0.Add(time.Second))
	d, ok := got[1].(HaveDelta)
	if len(got) != 2 || !ok || len(d.Known) != 1 || d.Known[0].Index != 1 || len(d.Fresh) != 1 || len(d.Heads) != 0 {
		t.Fatalf("got %#v", got)
	}
	s.Mine(holding(3, 0, 1).Have)
	d = said(s, t0.Add(2*time.Second))[0].(HaveDelta)
	if len(d.Known) != 1 || d.Known[0] != (Known{Index: 1}) {
		t.Fatalf("a chain is gone: got %#v", d)
	}
	if got := said(s, t0.Add(time.Hour)); len(got) != 0 {
		t.Fatalf("nothing changed, got %#v", got)
	}
}

// At once when idle, else coalesced; at once too when the source waits.
func TestY7SinkCoalesces(t *testing.T) {
	at := func(ms int) time.Time { return t0.Add(time.Duration(ms) * time.Millisecond) }
	s := greeted()
	s.Mine(holding(3, 4).Have)
	if len(said(s, at(100))) != 1 {
		t.Fatal("idle: not at once")
	}
	s.Mine(holding(3, 5).Have)
	if len(said(s, at(139))) != 0 {
		t.Fatal("39 ms later: said again")
	}
	if _, due := s.Next(at(139)); due != at(140) {
		t.Fatalf("due at %v", due)
	}
	if len(said(s, at(140))) != 1 {
		t.Fatal("40 ms later: not said")
	}
	s.Arrived()
	s.Handled(1)
	if len(said(s, at(159))) != 0 || len(said(s, at(160))) != 1 {
		t.Fatal("an acknowledgement takes 20 ms")
	}
	for range 3 {
		s.Arrived()
	}
	s.Handled(1)
	if got := said(s, at(161)); len(got) != 1 || got[0].(HaveDelta).Handled != 2 {
		t.Fatal("the source waits: not at once")
	}
	s.Mine(holding(4, 5).Have)
	if len(said(s, at(1160))) != 0 || len(said(s, at(1161))) != 1 {
		t.Fatal("own objects alone are told after a second")
	}
}

// In a crowd everybody talks more slowly, and others have as much more patience.
func TestY7ACrowdTalksMoreSlowly(t *testing.T) {
	for peers, slower := range map[int]time.Duration{0: 1, 15: 1, 16: 2, 47: 5, 48: 6, 500: 6} {
		links := make([][32]byte, peers)
		for i := range links {
			links[i] = [32]byte{1, byte(i), byte(i >> 8)}
		}
		s := greeted()
		s.Links(links)
		s.Mine(holding(3, 4).Have)
		now := t0.Add(time.Minute)
		said(s, now)
		s.Mine(holding(3, 5).Have)
		if f, due := s.Next(now); f != nil || due != now.Add(slower*shareGap) {
			t.Errorf("%d peers: news is told after %v", peers, due.Sub(now))
		}
		s.Arrived()
		s.Handled(1)
		if f, due := s.Next(now); f != nil || due != now.Add(slower*ackGap) {
			t.Errorf("%d peers: a window is acknowledged after %v", peers, due.Sub(now))
		}

		source := NewSource(SourceConfig{Self: device(1), Sink: device(3), RelayDelay: time.Second})
		source.Mine(holding(0, 100), t0)
		greeting := hello(holding(), 2)
		greeting.Links = append(greeting.Links, links[min(1, peers):]...)
		if _, err := source.Hello(greeting, t0); err != nil {
			t.Fatal(err)
		}
		asked(source, t0)
		if wait := source.Wait().Sub(t0); peers > 0 && wait != time.Second+(slower-1)*shareGap {
			t.Errorf("%d peers: others have %v", peers, wait)
		}
	}
}

// A source may have four windows unacknowledged, not five.
func TestY6SinkCountsWindows(t *testing.T) {
	s := greeted()
	for i := range 5 {
		if got, want := s.Arrived(), i < 4; got != want {
			t.Errorf("window %d: %v", i, got)
		}
	}
}

// Rounds every 10 minutes, every 30 s while something is missing, never
// within 5 s; three empty promises are a lie.
func TestY12Rounds(t *testing.T) {
	s := greeted()
	rounds := func(from, to time.Duration, missing bool) (n int, liar bool) {
		for at := from; at < to; at += time.Second {
			if !t0.Add(at).Before(s.CheckAt()) {
				liar = s.Check(missing, t0.Add(at)) || liar
			}
			for _, f := range said(s, t0.Add(at)) {
				if _, ok := f.(Hello); ok {
					n++
				}
			}
		}
		return n, liar
	}
	if n, liar := rounds(0, time.Hour, false); n < 5 || n > 6 || liar {
		t.Errorf("idle: %d rounds in an hour, liar %v", n, liar)
	}
	if n, liar := rounds(time.Hour, time.Hour+85*time.Second, true); n != 3 || liar {
		t.Errorf("missing: %d rounds in 85 s, liar %v", n, liar)
	}
	if _, liar := rounds(time.Hour+85*time.Second, time.Hour+4*time.Minute, true); !liar {
		t.Error("three empty promises were believed")
	}
	s = greeted()
	s.Resync()
	if got := said(s, t0.Add(4900*time.Millisecond)); len(got) != 0 {
		t.Errorf("a round after 4.9 s: %v", got)
	}
	if got := said(s, t0.Add(5*time.Second)); len(got) != 1 {
		t.Error("no round after 5 s")
	}
}
