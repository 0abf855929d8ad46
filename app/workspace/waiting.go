package workspace

import (
	"slices"
	"sync"

	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// Bounds of the waiting room (protocol 2.1, PEND). What does not fit is dropped:
// the next comparison with a peer brings it again.
const (
	maxWaiting      = 256
	maxWaitingBytes = 4 << 20
)

// waitingRoom keeps envelopes that came before what they build on.
type waitingRoom struct {
	mu    sync.Mutex
	byID  map[seal.ID]*feed.Envelope // guarded by mu
	bytes int                        // guarded by mu
}

func (r *waitingRoom) put(env *feed.Envelope) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byID == nil {
		r.byID = map[seal.ID]*feed.Envelope{}
	}
	if _, known := r.byID[env.ID]; known || len(r.byID) >= maxWaiting || r.bytes+len(env.Raw) > maxWaitingBytes {
		return
	}
	r.byID[env.ID] = env
	r.bytes += len(env.Raw)
}

// distinct leaves out what is there twice: an envelope that comes again while it
// waits is no second one for its place.
func distinct(arrivals []arrival) []arrival {
	seen := make(map[seal.ID]bool, len(arrivals))
	return slices.DeleteFunc(arrivals, func(env arrival) bool {
		again := seen[env.ID]
		seen[env.ID] = true
		return again
	})
}

// any reports whether something waits.
func (r *waitingRoom) any() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byID) > 0
}

// mayHold reports whether an envelope waits, or was dropped because the room is full.
func (r *waitingRoom) mayHold(id seal.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, waits := r.byID[id]
	return waits || len(r.byID) >= maxWaiting || r.bytes > maxWaitingBytes/2
}

// take empties the room; what still has to wait is put back. Chains come out in order.
func (r *waitingRoom) take() []*feed.Envelope {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.byID) == 0 {
		return nil
	}
	all := make([]*feed.Envelope, 0, len(r.byID))
	for _, env := range r.byID {
		all = append(all, env)
	}
	sortEnvelopes(all)
	r.byID, r.bytes = nil, 0
	return all
}
