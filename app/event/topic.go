// Package event carries facts between the parts of one process.
package event

import "sync"

// Topic hands every published value to all subscribers. The zero value is ready
// to use; a Topic must not be copied.
type Topic[T any] struct {
	mu          sync.Mutex
	subscribers []*subscriber[T] // guarded by mu; replaced, never changed in place
}

type subscriber[T any] struct{ receive func(T) }

// Subscribe calls receive for every value published from now on, on the
// publisher's goroutine, until cancel. receive must not block. Calling cancel
// again does nothing; a publication that has begun may still arrive after it.
func (t *Topic[T]) Subscribe(receive func(T)) (cancel func()) {
	s := &subscriber[T]{receive: receive}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subscribers = append(t.subscribers[:len(t.subscribers):len(t.subscribers)], s)
	return func() { t.remove(s) }
}

// Publish calls the subscribers one after the other in the order in which they
// subscribed and returns when all have been called. Values of one publisher
// arrive in order; those of concurrent publishers interleave. Subscribers may
// subscribe, cancel and publish.
func (t *Topic[T]) Publish(value T) {
	t.mu.Lock()
	subscribers := t.subscribers
	t.mu.Unlock()
	for _, s := range subscribers {
		s.receive(value)
	}
}

func (t *Topic[T]) remove(s *subscriber[T]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := make([]*subscriber[T], 0, len(t.subscribers))
	for _, other := range t.subscribers {
		if other != s {
			kept = append(kept, other)
		}
	}
	t.subscribers = kept
}
