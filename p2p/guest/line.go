package guest

import (
	"fmt"
	"sync"

	"golang.org/x/time/rate"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// Bounds of a member's stream, each way (W114).
const (
	maxWaiting = 1 << 20 // bytes
	messages   = 1000    // at once, of the member
	perSecond  = 100     // after that
	frameCost  = 64      // what a message costs besides its data
)

// line is one stream.
type line struct {
	stream p2p.Stream
	r      *wire.Reader
	w      *wire.Writer
	queue  *queue[Event]
	done   chan struct{} // closed when nothing more comes
	end    sync.Once
}

func newLine(s p2p.Stream) *line {
	return &line{
		stream: s, r: wire.NewReader(s, wire.FirstByte), w: wire.NewWriter(s, wire.Idle),
		queue: newQueue(maxWaiting, func(e Event) int { return len(e.Data) + frameCost }), done: make(chan struct{}),
	}
}

// send gives an event to the other side and does not block.
func (l *line) send(e Event) {
	if !l.queue.put(e) {
		l.cut()
	}
}

// cut ends the line at once.
func (l *line) cut() {
	l.end.Do(func() { close(l.done) })
	_ = l.stream.Reset()
}

// run carries events until one side ends it. Silence is no reason: the connection below
// notices when the other end is gone.
func (l *line) run(fromMember bool, take func(Event)) error {
	l.r.SetIdle(0)
	written := make(chan struct{})
	go func() {
		defer close(written)
		l.write()
	}()
	err := l.read(fromMember, take)
	l.cut()
	<-written
	return err
}

func (l *line) read(fromMember bool, take func(Event)) error {
	budget := rate.NewLimiter(perSecond, messages)
	for {
		frame, err := l.r.ReadFrame(maxFrame)
		if err != nil {
			return err
		}
		e, err := decodeMessage(frame, fromMember)
		if err != nil {
			return err
		}
		if fromMember && !budget.Allow() {
			return fmt.Errorf("%w: more messages to guests than a call needs", wire.ErrTooLarge)
		}
		take(e)
	}
}

func (l *line) write() {
	for {
		e, ok := l.queue.take(l.done)
		if !ok {
			_ = l.stream.CloseWrite() // what was written arrives, unless the line was cut
			return
		}
		if err := wire.Send(l.w, e.message()); err != nil {
			_ = l.stream.Reset() // the reading ends too
			return
		}
	}
}
