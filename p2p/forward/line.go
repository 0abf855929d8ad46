package forward

import (
	"fmt"
	"sync"

	"golang.org/x/time/rate"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// Bounds of what one side may make the other do (W93).
const (
	maxQueued = 128
	signals   = 256 // at once
	perSecond = 32  // after that
)

// line is the signals of two ends, over one stream.
type line struct {
	stream p2p.Stream
	r      *wire.Reader
	w      *wire.Writer
	queue  chan Signal
	done   chan struct{} // closed when nothing more comes
	end    sync.Once
	budget *rate.Limiter
}

func newLine(s p2p.Stream) *line {
	return &line{
		stream: s, r: wire.NewReader(s, wire.FirstByte), w: wire.NewWriter(s, wire.Idle), queue: make(chan Signal, maxQueued),
		done: make(chan struct{}), budget: rate.NewLimiter(perSecond, signals),
	}
}

// Send gives a signal to the other side. It does not block: a side that does not read has
// its stream ended, as nothing that comes later is of use without what was lost.
func (l *line) Send(s Signal) {
	select {
	case l.queue <- s:
	default:
		l.cut()
	}
}

// cut ends the line at once.
func (l *line) cut() {
	l.end.Do(func() { close(l.done) })
	_ = l.stream.Reset()
}

// run carries signals until one side ends it. Silence is no reason: nothing is said while
// a connection holds, and the connection below notices when the other end is gone.
func (l *line) run(take func(Signal)) error {
	l.r.SetIdle(0)
	written := make(chan struct{})
	go func() {
		defer close(written)
		l.write()
	}()
	err := l.read(take)
	l.cut()
	<-written
	return err
}

func (l *line) read(take func(Signal)) error {
	for {
		frame, err := l.r.ReadFrame(maxFrame)
		if err != nil {
			return err
		}
		s, err := decodeSignal(frame)
		if err != nil {
			return err
		}
		if !l.budget.Allow() {
			return fmt.Errorf("%w: more signals than a connection needs", wire.ErrTooLarge)
		}
		take(s)
	}
}

func (l *line) write() {
	for {
		select {
		case <-l.done:
			return
		case s := <-l.queue:
			if err := wire.Send(l.w, s.message()); err != nil {
				_ = l.stream.Reset() // the reading ends too
				return
			}
		}
	}
}
