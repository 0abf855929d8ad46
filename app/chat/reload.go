package chat

import (
	"sync"
	"time"
)

// reloadEvery is how often user interfaces are told to load their lists again
// while a device catches up.
const reloadEvery = 500 * time.Millisecond

// reloads tells something at once, and then at most once per reloadEvery as long
// as it is asked to. The last one is never left out.
type reloads struct {
	mu   sync.Mutex
	next time.Time // guarded by mu; not before
	due  bool      // guarded by mu; one will be told at next
}

func (r *reloads) tell(publish func()) {
	r.mu.Lock()
	if r.due {
		r.mu.Unlock()
		return
	}
	wait := time.Until(r.next)
	if wait > 0 {
		r.due = true
		time.AfterFunc(wait, func() {
			r.mu.Lock()
			r.due, r.next = false, time.Now().Add(reloadEvery)
			r.mu.Unlock()
			publish()
		})
		r.mu.Unlock()
		return
	}
	r.next = time.Now().Add(reloadEvery)
	r.mu.Unlock()
	publish()
}
