package media

import "sync"

// mailbox is a queue without end of functions for one goroutine. What the
// network can put in is bounded before.
type mailbox struct {
	wake chan struct{}

	mu      sync.Mutex
	queue   []func() // guarded by mu
	signals int      // of the queue; guarded by mu
}

// post never blocks.
func (m *mailbox) post(f func()) {
	m.mu.Lock()
	m.queue = append(m.queue, f)
	m.mu.Unlock()
	wake(m.wake)
}

// signal posts for the network; false: too many wait.
func (m *mailbox) signal(f func()) bool {
	m.mu.Lock()
	full := m.signals >= maxWaiting
	if !full {
		m.signals++
		m.queue = append(m.queue, func() {
			m.mu.Lock()
			m.signals--
			m.mu.Unlock()
			f()
		})
	}
	m.mu.Unlock()
	wake(m.wake)
	return !full
}

func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	queue := m.queue
	m.queue = nil
	return queue
}
