package tunnel

import (
	"fmt"
	"time"

	"parvis/p2p/wire"
)

// Bounds of what waits (W72).
const (
	maxAge    = 150 * time.Millisecond
	maxQueued = 256 << 10 // bytes, records included
	maxBatch  = 16 << 10  // written at once
	maxFlight = 256 << 10 // written and not yet reported
	// firstTrip is taken for the way there and back until it is known.
	firstTrip = time.Second
)

// queue is the packets that wait for the stream, the oldest first. It is not safe for
// concurrent use.
type queue struct {
	waiting []queued
	bytes   int
	dropped uint64
}

type queued struct {
	at   time.Time
	data []byte
}

func (q *queue) cost(p queued) int { return lengthSize + len(p.data) }

// push adds a packet; the oldest make room for it.
func (q *queue) push(packet []byte, now time.Time) {
	p := queued{now, packet}
	for len(q.waiting) > 0 && (q.bytes+q.cost(p) > maxQueued || now.Sub(q.waiting[0].at) > maxAge) {
		q.drop()
	}
	q.waiting = append(q.waiting, p)
	q.bytes += q.cost(p)
}

func (q *queue) drop() {
	q.dropped++
	q.shift()
}

func (q *queue) shift() queued {
	p := q.waiting[0]
	q.waiting[0] = queued{} // do not hold its bytes
	if q.waiting = q.waiting[1:]; len(q.waiting) == 0 {
		q.waiting = nil
	}
	q.bytes -= q.cost(p)
	return p
}

// take appends as many packets as go at once and are not too old.
func (q *queue) take(batch []byte, now time.Time) []byte {
	for len(q.waiting) > 0 {
		if now.Sub(q.waiting[0].at) > maxAge {
			q.drop()
			continue
		}
		if len(batch)+q.cost(q.waiting[0]) > maxBatch {
			break
		}
		batch = appendPacket(batch, q.shift().data)
	}
	return batch
}

// window is what one stream carries and the other side has not reported: buffers of
// transports and relays, which would make packets late instead of losing them. It is
// not safe for concurrent use.
type window struct {
	sent, reported uint64
	marks          []mark // not reported, the oldest first
	trip           time.Duration
}

// mark is a batch: the bytes sent including it, and when.
type mark struct {
	sent uint64
	at   time.Time
}

func (w *window) wrote(bytes int, now time.Time) {
	w.sent += uint64(bytes)
	w.marks = append(w.marks, mark{w.sent, now})
}

// report takes what the other side says. Less than before, or more than was sent, is
// its fault.
func (w *window) report(taken uint64, now time.Time) error {
	if taken < w.reported || taken > w.sent {
		return fmt.Errorf("%w: report of a tunnel", wire.ErrMalformed)
	}
	w.reported = taken
	for len(w.marks) > 0 && w.marks[0].sent <= taken {
		if trip := now.Sub(w.marks[0].at); w.trip == 0 || trip < w.trip {
			w.trip = trip
		}
		w.marks = w.marks[1:]
	}
	return nil
}

// open tells whether more may be written: not while the oldest batch is under way for
// longer than twice the quickest took, and what may wait.
func (w *window) open(now time.Time) bool {
	if w.sent-w.reported >= maxFlight {
		return false
	}
	trip := w.trip
	if trip == 0 {
		trip = firstTrip
	}
	return len(w.marks) == 0 || now.Sub(w.marks[0].at) <= 2*trip+maxAge
}
