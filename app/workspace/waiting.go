package workspace

import (
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
