package web

import (
	"context"
	"encoding/json"
	"sync"
)

// outbox holds what waits to be written to one client. Replies are bounded by the
// calls in flight and never dropped; events are dropped all together when the
// client is too slow, and one "reload" stands for them.
type outbox struct {
	count, bytes int // limits of the waiting events
	wake         chan struct{}

	mu      sync.Mutex
	replies [][]byte // guarded by mu
	events  [][]byte // guarded by mu
	waiting int      // bytes in events; guarded by mu
}

func newOutbox(count, bytes int) *outbox {
	return &outbox{count: count, bytes: bytes, wake: make(chan struct{}, 1)}
}

func (o *outbox) reply(message []byte) {
	o.mu.Lock()
	o.replies = append(o.replies, message)
	o.mu.Unlock()
	o.notify()
}

func (o *outbox) event(message []byte) {
	o.mu.Lock()
	if len(o.events) >= o.count || o.waiting+len(message) > o.bytes {
		message = reloadMessage()
		o.events, o.waiting = nil, 0
	}
	o.events = append(o.events, message)
	o.waiting += len(message)
	o.mu.Unlock()
	o.notify()
}

func (o *outbox) notify() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// next waits for a message; replies go first. It reports false when ctx ends.
func (o *outbox) next(ctx context.Context) ([]byte, bool) {
	for {
		if message := o.take(); message != nil {
			return message, true
		}
		select {
		case <-o.wake:
		case <-ctx.Done():
			return nil, false
		}
	}
}

func (o *outbox) take() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.replies) > 0 {
		return pop(&o.replies)
	}
	if len(o.events) == 0 {
		return nil
	}
	message := pop(&o.events)
	o.waiting -= len(message)
	return message
}

func pop(queue *[][]byte) []byte {
	first := (*queue)[0]
	(*queue)[0] = nil
	*queue = (*queue)[1:]
	return first
}

// reloadMessage tells a page that facts were dropped and everything must be
// loaded again.
func reloadMessage() []byte {
	return eventMessage("reload", json.RawMessage(`{"workspace":""}`))
}
