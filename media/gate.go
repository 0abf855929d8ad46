package media

import "time"

// gate lets the frames of one layer of a track through to one participant, so
// that every frame the participant gets can be decoded with those before it.
type gate struct {
	want  Stream // the layer to be sent; 0: none
	now   Stream // the layer being sent; 0: none yet
	slow  time.Duration
	every time.Time // slow: when the next key frame may go
}

// set chooses the layer. The old one goes on until the new one has a key frame,
// unless it must stop at once.
func (g *gate) set(want Stream, stop bool) {
	g.want = want
	if want == 0 || stop && g.now != want {
		g.now = 0
	}
}

// broken says that a frame which was let through did not go out.
func (g *gate) broken() { g.now = 0 }

// missing is the stream whose key frame the gate waits for; 0: none.
func (g *gate) missing(now time.Time) Stream {
	if g.slow > 0 {
		if now.Before(g.every) {
			return 0
		}
		return g.want
	}
	if g.now == g.want {
		return 0
	}
	return g.want
}

// pass tells whether a frame goes out.
func (g *gate) pass(f Frame, now time.Time) bool {
	if f.Stream == g.want && f.Key && g.want != 0 {
		if g.slow > 0 && now.Before(g.every) {
			return false
		}
		g.every = now.Add(g.slow)
		g.now = g.want
		return true
	}
	return f.Stream == g.now && g.now != 0 && g.slow == 0
}

// pace makes a gate let only key frames through, one each interval. 0 ends it;
// the frames between need a key frame before them again.
func (g *gate) pace(slow time.Duration) {
	if g.slow > 0 && slow == 0 {
		g.now = 0
	}
	g.slow = slow
}
