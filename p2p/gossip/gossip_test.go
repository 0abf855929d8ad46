package gossip

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	psync "parvis/p2p/sync"
)

// ear hears gossip.
type ear struct {
	mu        sync.Mutex
	envelopes map[string]int
	positions map[psync.Position]int
	changed   chan struct{}
}

func newEar() *ear {
	return &ear{envelopes: map[string]int{}, positions: map[psync.Position]int{}, changed: make(chan struct{}, 1)}
}

func (e *ear) Gossiped(_ p2p.PeerID, envelopes [][]byte) {
	e.mu.Lock()
	for _, x := range envelopes {
		e.envelopes[string(x)]++
	}
	e.mu.Unlock()
	e.notify()
}

func (e *ear) Announced(p psync.Position) {
	e.mu.Lock()
	e.positions[p]++
	e.mu.Unlock()
	e.notify()
}

func (e *ear) notify() {
	select {
	case e.changed <- struct{}{}:
	default:
	}
}

func (e *ear) heard(what string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.envelopes[what] > 0
}

// topicSet is what a node may read; it can change.
type topicSet struct {
	mu  sync.Mutex
	all []Topic
}

func (s *topicSet) list() []Topic {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

func (s *topicSet) set(spaces ...byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = nil
	for _, n := range spaces {
		s.all = append(s.all, Topic{Name: fmt.Sprintf("parvis/%032x", n), Space: [16]byte{n}})
	}
}

// until publishes again and again, because a hint may be lost, until it is heard.
func until(t *testing.T, e *ear, what string, publish func()) {
	t.Helper()
	limit := time.After(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		publish()
		select {
		case <-e.changed:
		case <-tick.C:
		case <-limit:
			t.Fatalf("%q was never heard", what)
		}
		if e.heard(what) {
			return
		}
	}
}

func start(t *testing.T, m *Mesh, e *ear) {
	t.Helper()
	if err := m.Start(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stop)
}

// It does not matter who joins a topic first.
func TestG2LateTopicWorksInBothDirections(t *testing.T) {
	nodes := p2ptest.Connected(t, 2)
	var ta, tb topicSet
	ta.set(1, 2)
	tb.set(1)
	a := New(Config{Node: nodes[0].Node, Topics: ta.list})
	b := New(Config{Node: nodes[1].Node, Topics: tb.list})
	ea, eb := newEar(), newEar()
	start(t, a, ea)
	start(t, b, eb)
	n := 0
	until(t, eb, "x1", func() { n++; a.Publish([16]byte{1}, fmt.Appendf(nil, "x%d", min(n, 1))) })
	until(t, ea, "y", func() { b.Publish([16]byte{1}, []byte("y")) })
	tb.set(1, 2)
	b.Update()
	until(t, ea, "late", func() { b.Publish([16]byte{2}, []byte("late")) })
	until(t, eb, "late too", func() { a.Publish([16]byte{2}, []byte("late too")) })
	tb.set(1)
	b.Update()
}
