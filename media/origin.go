package media

import (
	"sync"
	"time"
)

// Bounds of what comes from one sender through a forwarder.
const (
	pieceRate   = 4000                   // pieces a second that one sender may send to be carried on
	pieceBurst  = 2000                   // at once: the largest frame twice
	streamPause = 250 * time.Millisecond // after which pictures that are missing were not sent
)

// origin is what comes of one participant in pieces, whoever carries them.
type origin struct {
	tag   tag
	made  meter // what its encoders make, as seen by who forwards
	count *counters
	hand  func(Frame)
	open  func(lane uint8, sealed, meta []byte) ([]byte, error) // nil: nothing can be opened here

	mu     sync.Mutex          // held while a frame is handed out
	flows  [Screen + 1]*inflow // guarded by mu
	via    *conn               // through which the last piece came; guarded by mu
	rtt    time.Duration       // of that way; guarded by mu
	wished keyWishes           // of others, not yet passed on; guarded by mu
	budget float64             // pieces that may come now; guarded by mu
	filled time.Time           // of budget; guarded by mu
}

// inflow is one stream.
type inflow struct {
	stream    Stream
	order     *order
	gather    gatherer
	seen      time.Time
	asked     time.Time // last wish for a key frame
	bad, lost uint64    // already counted
}

func newInflow(s Stream) *inflow {
	held := videoHeld / 2
	if s == Audio {
		held = audioHeld
	}
	return &inflow{stream: s, order: newOrder(held), gather: gatherer{keyless: s != Audio}}
}

// admit counts a piece that the participant itself sent; false: too many come.
func (o *origin) admit(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.budget = min(o.budget+pieceRate*now.Sub(o.filled).Seconds(), pieceBurst)
	o.filled = now
	if o.budget < 1 {
		return false
	}
	o.budget--
	return true
}

// take puts a piece into order and hands out what is complete. Where this device forwards,
// both layers may come, and aside is the one that is not looked at while there is the other
// (0: none). It says whether something is missing now.
func (o *origin) take(p *piece, c *conn, aside Stream, now time.Time) (waiting bool) {
	if o.open == nil {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.via, o.rtt = c, time.Duration(c.in.rtt.Load())
	s := p.about.Stream
	if s == aside {
		if shown := o.flows[Video+Small-aside]; shown != nil && now.Sub(shown.seen) < laneIdle {
			return false
		}
	}
	in := o.flows[s]
	if in == nil {
		in = newInflow(s)
		o.flows[s] = in
	}
	if s != Audio && now.Sub(in.seen) > streamPause {
		in.skip(p.seq)
	}
	in.seen = now
	in.order.push(p.seq, packet{piece: p}, now)
	o.drain(in, now)
	return in.order.waiting() || in.gather.keyless
}

// skip gives up what is missing before a piece, without counting it: it was not sent.
func (in *inflow) skip(seq uint16) {
	o := in.order
	if !o.started {
		return
	}
	at := o.top + int64(int16(seq-uint16(o.top)))
	if at <= o.next {
		return
	}
	clear(o.held)
	clear(o.gaps)
	o.next, o.top = at, at-1
	in.gather.parts, in.gather.open, in.gather.keyless = nil, false, true
}

// drain hands out what is complete. The caller holds mu.
func (o *origin) drain(in *inflow, now time.Time) {
	wait := videoWait(2 * o.rtt) // two ways: repaired on the first, then on the second
	if in.stream == Audio {
		wait = audioWait(2 * o.rtt)
	}
	for {
		p, lost, ok := in.order.pop(now, wait)
		if !ok {
			if lost > 0 {
				in.gather.gap()
			}
			break
		}
		f, whole := in.gather.add(*p.piece, lost, func(sealed, meta []byte) ([]byte, error) { return o.open(uint8(in.stream), sealed, meta) })
		if whole {
			o.handOut(f)
		}
	}
	o.count.refused.Add(in.gather.refused)
	in.gather.refused = 0
	if in.stream == Audio {
		o.count.audioLost.Add(in.order.lost - in.lost)
		in.lost = in.order.lost
		return
	}
	o.count.bad.Add(in.gather.bad - in.bad)
	in.bad = in.gather.bad
}

func (o *origin) handOut(f Frame) {
	if f.Stream == Audio {
		if len(f.Data) > MaxAudio {
			return
		}
		o.count.audio.Add(1)
	} else {
		o.count.frames.Add(1)
		if f.Stream != Screen {
			o.count.layerIn.Store(uint32(f.Stream))
		}
	}
	o.hand(f)
}

// broken says that a stream cannot be decoded any more.
func (o *origin) broken(s Stream) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if in := o.flows[s]; in != nil {
		in.gather.keyless = true
	}
}

// mend gives up what is late. It returns the key frames that are needed here and through
// whom to ask for them, and whether to come back soon.
func (o *origin) mend(now time.Time) (via *conn, ask []wish, soon bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, in := range o.flows {
		if in == nil {
			continue
		}
		if in.order.waiting() {
			o.drain(in, now)
		}
		soon = soon || in.order.waiting()
		if in.gather.keyless && now.Sub(in.seen) < silentAfter && now.Sub(in.asked) >= pliEvery {
			in.asked = now
			ask = append(ask, wish{o.tag, in.stream})
		}
	}
	return o.via, ask, soon
}

// wish notes that others need a key frame of this sender.
func (o *origin) wish(s Stream) {
	o.mu.Lock()
	o.wished.ask(s)
	o.mu.Unlock()
}

// wishes takes out those that are to be passed on now.
func (o *origin) wishes(now time.Time) (ask []wish) {
	o.mu.Lock()
	defer o.mu.Unlock()
	streams, _ := o.wished.due(now)
	for _, s := range streams {
		ask = append(ask, wish{o.tag, s})
	}
	return ask
}
