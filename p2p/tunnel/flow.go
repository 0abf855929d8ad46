package tunnel

import (
	"context"
	"time"

	"parvis/p2p"
)

// reportAfter is how long after a packet was taken the other side knows (W72).
const reportAfter = 20 * time.Millisecond

// flow is one stream of a line. What changes is guarded by line.mu.
type flow struct {
	stream p2p.Stream
	wake   chan struct{} // there is something to write
	window window
	taken  uint64    // bytes of packets that came
	due    time.Time // when they are to be reported; zero: they are
}

// stir lets the flow look at what there is to write. It does not block.
func (f *flow) stir() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// carry moves packets between the line and a stream until one of them ends, or a newer
// stream comes.
func (l *line) carry(ctx context.Context, s p2p.Stream) error {
	f := &flow{stream: s, wake: make(chan struct{}, 1)}
	reset := func() { _ = s.Reset() }
	defer context.AfterFunc(ctx, reset)()
	defer context.AfterFunc(l.life, reset)()
	l.mu.Lock()
	before := l.flow
	l.flow, l.queue = f, queue{}
	l.mu.Unlock()
	if before != nil {
		_ = before.stream.Reset()
	}
	read := make(chan struct{})
	written := make(chan struct{})
	go func() {
		defer close(written)
		l.write(f, read)
	}()
	err := l.read(f)
	close(read)
	reset() // a write that waits ends too
	<-written
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flow != f {
		return err // a newer stream has taken over
	}
	l.flow = nil
	if l.queue.dropped > 0 {
		l.tunnels.node.Log().Debug("a tunnel was too slow", "peer", l.key.peer.Short(), "packets dropped", l.queue.dropped)
	}
	return err
}

// read gives what comes to the newest end.
func (l *line) read(f *flow) error {
	in := newRecords(f.stream)
	for {
		packet, report, err := in.next()
		if err != nil {
			return err
		}
		if packet == nil {
			if err := l.reported(f, report); err != nil {
				return err
			}
			continue
		}
		if e := l.took(f, lengthSize+len(packet)); e != nil {
			e.deliver(packet)
		}
	}
}

func (l *line) reported(f *flow, taken uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer f.stir()
	return f.window.report(taken, time.Now())
}

// took counts what came, has it reported soon, and says who gets it.
func (l *line) took(f *flow, bytes int) *end {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.taken += uint64(bytes)
	if f.due.IsZero() {
		f.due = time.Now().Add(reportAfter)
		time.AfterFunc(reportAfter, f.stir)
	}
	if len(l.ends) == 0 || l.flow != f {
		return nil
	}
	return l.ends[len(l.ends)-1]
}

// write sends what there is until the reading ends, or fails.
func (l *line) write(f *flow, read <-chan struct{}) {
	buffer := make([]byte, 0, maxBatch+reportSize)
	for {
		batch := l.batch(f, buffer, time.Now())
		if len(batch) == 0 {
			select {
			case <-f.wake:
			case <-read:
				return
			}
			continue
		}
		if _, err := f.stream.Write(batch); err != nil {
			_ = f.stream.Reset()
			return
		}
	}
}

// batch is what is written next, in the space of buffer: packets as long as the other
// side keeps up, and the report that is due.
func (l *line) batch(f *flow, buffer []byte, now time.Time) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flow != f {
		return nil
	}
	batch := buffer[:0]
	if f.window.open(now) {
		if batch = l.queue.take(batch, now); len(batch) > 0 {
			f.window.wrote(len(batch), now)
		}
	}
	if !f.due.IsZero() && (len(batch) > 0 || !now.Before(f.due)) {
		batch = appendReport(batch, f.taken)
		f.due = time.Time{}
	}
	return batch
}
