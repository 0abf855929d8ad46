package media

import "time"

// keyEvery is the least time between two wishes for a key frame of a stream: a
// key frame is ten times as large as another, and many participants may miss
// the same one.
const keyEvery = 500 * time.Millisecond

// keyWishes holds wishes for key frames back until the stream may be asked
// again. A wish is never dropped.
type keyWishes struct {
	last    [Screen + 1]time.Time
	pending [Screen + 1]bool
}

func (k *keyWishes) ask(s Stream) {
	if s >= Video && s <= Screen {
		k.pending[s] = true
	}
}

// due takes out the streams whose encoder is to be asked now, and says when the
// next one is due (zero: none waits).
func (k *keyWishes) due(now time.Time) (ask []Stream, next time.Time) {
	for s := Video; s <= Screen; s++ {
		if !k.pending[s] {
			continue
		}
		at := k.last[s].Add(keyEvery)
		if !now.Before(at) {
			k.pending[s], k.last[s] = false, now
			ask = append(ask, s)
			continue
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return ask, next
}
