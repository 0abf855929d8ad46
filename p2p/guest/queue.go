package guest

import (
	"sync"
)

// queue is what waits for one end, bounded by its bytes: an end that does not read has its
// line ended, as nothing that comes later is of use without what was lost.
type queue[T any] struct {
	most int
	size func(T) int
	wake chan struct{}

	mu    sync.Mutex
	all   []T  // guarded by mu
	bytes int  // guarded by mu
	last  bool // nothing is put any more; guarded by mu
}

func newQueue[T any](most int, size func(T) int) *queue[T] {
	return &queue[T]{most: most, size: size, wake: make(chan struct{}, 1)}
}

// put adds one and reports whether there was room. What comes after the last is nobody's.
func (q *queue[T]) put(one T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.last {
		return true
	}
	n := q.size(one)
	if q.bytes+n > q.most {
		return false
	}
	q.all, q.bytes = append(q.all, one), q.bytes+n
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// finish lets take end once everything was taken.
func (q *queue[T]) finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = true
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take waits for one; false: nothing more comes.
func (q *queue[T]) take(done <-chan struct{}) (one T, ok bool) {
	for {
		q.mu.Lock()
		if len(q.all) > 0 {
			one, q.all = q.all[0], q.all[1:]
			q.bytes -= q.size(one)
			q.mu.Unlock()
			return one, true
		}
		q.all = nil // what was there is not kept
		last := q.last
		q.mu.Unlock()
		if last {
			return one, false
		}
		select {
		case <-q.wake:
		case <-done:
			return one, false
		}
	}
}
