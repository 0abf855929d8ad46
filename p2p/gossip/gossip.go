// Package gossip carries new envelopes and their positions between members that
// are not all connected to each other, over one gossipsub topic per space (rules
// G1 to G9 in p2p/SPEC.md). It loses and repeats messages: whatever it carries
// is a hint, and sync brings what it lost.
//
// It costs 10 to 15 times the bytes of a direct stream, so package sync starts it
// only while somebody is not connected to somebody, and stops it again.
package gossip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"parvis/p2p"
	psync "parvis/p2p/sync"
)

// Limits of the messages (G3).
const (
	MaxEnvelope = 64 << 10 // bytes; larger ones are announced by position
	MaxTopics   = 64
	maxBatch    = 64   // envelopes handed on at once
	queueSize   = 1024 // messages not yet handed on; further ones are lost
)

// Topic is the meeting point of one space. The name says nothing to outsiders.
type Topic struct {
	Name  string // "parvis/" and 32 hexadecimal digits
	Space [16]byte
}

// Config is what a [Mesh] is made of. Log may be nil.
type Config struct {
	Node *p2p.Node
	// Topics are those of the spaces this device may read.
	Topics func() []Topic
	// Check looks at an envelope before it is handed on to others, within a
	// millisecond: author, signature, sequence (G5).
	Check func(space [16]byte, envelope []byte) p2p.Verdict
	Log   *slog.Logger
}

// Mesh is the gossip of one workspace. It implements the Gossip of package sync.
type Mesh struct {
	cfg Config
	log *slog.Logger

	mu     sync.Mutex
	run    *running             // nil unless started; guarded by mu
	topics map[[16]byte]*joined // guarded by mu
}

// running is one period between Start and Stop.
type running struct {
	ctx    context.Context
	cancel context.CancelFunc
	queue  chan arrival
	wg     sync.WaitGroup
}

type joined struct {
	*p2p.Topic
	name   string
	cancel context.CancelFunc
}

// arrival is a message that passed the check.
type arrival struct {
	via     p2p.PeerID
	message Message
}

// New prepares a mesh. Nothing is joined before Start.
func New(cfg Config) *Mesh {
	m := &Mesh{cfg: cfg, log: cfg.Log, topics: map[[16]byte]*joined{}}
	if m.log == nil {
		m.log = slog.Default()
	}
	return m
}

// Start joins the topics; r hears what others publish until Stop or until ctx ends.
func (m *Mesh) Start(ctx context.Context, r psync.GossipReceiver) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run != nil {
		return errors.New("start gossip: already running")
	}
	m.run = &running{queue: make(chan arrival, queueSize)}
	m.run.ctx, m.run.cancel = context.WithCancel(ctx)
	m.run.wg.Go(func() { deliver(m.run.ctx, m.run.queue, r) })
	m.join()
	return nil
}

// Stop leaves all topics and waits for what is being handed on.
func (m *Mesh) Stop() {
	m.mu.Lock()
	run := m.run
	m.run = nil
	if run != nil {
		run.cancel()
		for space, t := range m.topics {
			m.leave(space, t)
		}
	}
	m.mu.Unlock()
	if run != nil {
		run.wg.Wait()
	}
}

// Update joins the topics of new spaces and leaves those of lost ones.
func (m *Mesh) Update() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run != nil {
		m.join()
	}
}

// join compares the topics with those joined. The caller holds mu.
func (m *Mesh) join() {
	want := map[[16]byte]string{}
	for _, t := range m.cfg.Topics() {
		if len(want) < MaxTopics {
			want[t.Space] = t.Name
		}
	}
	for space, t := range m.topics {
		if want[space] != t.name {
			m.leave(space, t)
		}
	}
	for space, name := range want {
		if m.topics[space] != nil {
			continue
		}
		if err := m.enter(space, name); err != nil {
			m.log.Warn("join topic", "err", err)
		}
	}
}

func (m *Mesh) enter(space [16]byte, name string) error {
	t, err := m.cfg.Node.JoinTopic(name, func(g p2p.Gossip) p2p.Verdict { return m.check(space, g) })
	if err != nil {
		return fmt.Errorf("topic of a space: %w", err)
	}
	ctx, cancel := context.WithCancel(m.run.ctx)
	m.topics[space] = &joined{t, name, cancel}
	queue := m.run.queue
	m.run.wg.Go(func() {
		for {
			g, err := t.Next(ctx)
			if err != nil {
				return
			}
			message, err := Decode(g.Data)
			if err != nil {
				continue // the check refused it already
			}
			select {
			case queue <- arrival{g.Via, message}:
			default: // a hint more or less
			}
		}
	})
	return nil
}

func (m *Mesh) leave(space [16]byte, t *joined) {
	t.cancel()
	t.Close()
	delete(m.topics, space)
}

// check decides whether a message is handed on to others (G4, G5).
func (m *Mesh) check(space [16]byte, g p2p.Gossip) (verdict p2p.Verdict) {
	defer func() {
		if r := recover(); r != nil {
			m.log.Error("check gossip", "panic", r)
			verdict = p2p.VerdictReject
		}
	}()
	message, err := Decode(g.Data)
	switch {
	case errors.Is(err, ErrVersion):
		return p2p.VerdictIgnore
	case err != nil:
		return p2p.VerdictReject
	case message.Envelope == nil && message.Position.Feed.Space != space:
		return p2p.VerdictReject
	case message.Envelope == nil || m.cfg.Check == nil:
		return p2p.VerdictAccept
	}
	return m.cfg.Check(space, message.Envelope)
}

// Publish sends an envelope of at most [MaxEnvelope] bytes to the topic of its space.
func (m *Mesh) Publish(space [16]byte, envelope []byte) {
	m.publish(space, Message{Envelope: envelope})
}

// Announce says that an envelope exists which is not sent by gossip.
func (m *Mesh) Announce(p psync.Position) {
	m.publish(p.Feed.Space, Message{Position: p})
}

func (m *Mesh) publish(space [16]byte, message Message) {
	m.mu.Lock()
	t := m.topics[space]
	run := m.run
	m.mu.Unlock()
	if t == nil || run == nil {
		return
	}
	data, err := message.Encode()
	if err == nil {
		err = t.Publish(run.ctx, data)
	}
	if err != nil && run.ctx.Err() == nil {
		m.log.Debug("publish gossip", "err", err)
	}
}

// deliver hands on what is waiting, envelopes from one neighbour together.
func deliver(ctx context.Context, queue <-chan arrival, r psync.GossipReceiver) {
	var next *arrival
	for {
		var a arrival
		if next != nil {
			a, next = *next, nil
		} else {
			select {
			case <-ctx.Done():
				return
			case a = <-queue:
			}
		}
		if a.message.Envelope == nil {
			r.Announced(a.message.Position)
			continue
		}
		batch := [][]byte{a.message.Envelope}
		for more := true; more && len(batch) < maxBatch; {
			select {
			case b := <-queue:
				if more = b.via == a.via && b.message.Envelope != nil; more {
					batch = append(batch, b.message.Envelope)
				} else {
					next = &b
				}
			default:
				more = false
			}
		}
		r.Gossiped(a.via, batch)
	}
}
