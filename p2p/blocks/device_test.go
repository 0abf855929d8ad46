package blocks

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ipfs/boxo/bitswap/message"
	"github.com/libp2p/go-libp2p/core/peer"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

// shelf is a store in memory that counts what is read.
type shelf struct {
	mu     sync.Mutex
	blocks map[ID][]byte // guarded by mu
	reads  atomic.Int64
}

func (s *shelf) Size(_ context.Context, id ID) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, ok := s.blocks[id]; ok {
		return len(data), nil
	}
	return 0, ErrNotHere
}

func (s *shelf) Block(_ context.Context, id ID) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, ok := s.blocks[id]; ok {
		s.reads.Add(1)
		return data, nil
	}
	return nil, ErrNotHere
}

func (s *shelf) put(id ID, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocks[id] = data
}

func (s *shelf) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.blocks)
}

// device is a node with an exchange and a shelf.
type device struct {
	*p2ptest.Node
	*Exchange
	shelf *shelf

	mu     sync.Mutex
	barred map[p2p.PeerID]bool // may have nothing of ours; guarded by mu
}

func (d *device) may(p p2p.PeerID, _ ID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.barred[p]
}

func (d *device) bar(p p2p.PeerID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.barred[p] = true
}

func exchangeOn(t testing.TB, n *p2ptest.Node) *device {
	t.Helper()
	d := &device{Node: n, shelf: &shelf{blocks: map[ID][]byte{}}, barred: map[p2p.PeerID]bool{}}
	d.Exchange = New(Config{Node: n.Node, Store: d.shelf, May: d.may})
	d.Exchange.Start(context.Background())
	t.Cleanup(d.Exchange.Close)
	return d
}

// devices are members with exchanges, not connected.
func devices(t testing.TB, n int) []*device {
	t.Helper()
	var all []*device
	for _, node := range p2ptest.Members(t, n) {
		all = append(all, exchangeOn(t, node))
	}
	return all
}

func connect(t testing.TB, a, b *device) { t.Helper(); p2ptest.Connect(t, a.Node, b.Node) }

// fill makes n random blocks of the greatest size and puts them on the shelves.
func fill(n int, on ...*device) []ID {
	var ids []ID
	for range n {
		data := make([]byte, MaxBlock)
		_, _ = rand.Read(data)
		id := ID(sha256.Sum256(data))
		for _, d := range on {
			d.shelf.put(id, data)
		}
		ids = append(ids, id)
	}
	return ids
}

// get fetches onto the shelf and checks every block.
func (d *device) get(ctx context.Context, ids []ID) error {
	return d.Get(ctx, ids, func(id ID, data []byte) error {
		if sha256.Sum256(data) != [32]byte(id) {
			return errors.New("a wrong block was handed out")
		}
		d.shelf.put(id, data)
		return nil
	})
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// raw is a member that speaks the protocol by hand.
type raw struct {
	*p2ptest.Node
	t        testing.TB
	messages chan received
}

// rawOn answers every message with what answer makes of it; nil is silence.
func rawOn(t testing.TB, n *p2ptest.Node, answer func(received) message.BitSwapMessage) *raw {
	t.Helper()
	r := &raw{Node: n, t: t, messages: make(chan received, 1024)}
	n.Handle(Protocol, func(ctx context.Context, s p2p.Stream) {
		frames := wire.NewReader(s, time.Minute)
		for {
			frame, err := frames.ReadFrame(maxMessage)
			if err != nil {
				return
			}
			m, err := decode(frame)
			if err != nil {
				t.Errorf("we sent what we refuse: %v", err)
				return
			}
			r.messages <- m
			if answer == nil {
				continue
			}
			if out := answer(m); out != nil && !out.Empty() {
				r.send(s.Peer(), out)
			}
		}
	})
	return r
}

func (r *raw) send(to p2p.PeerID, m message.BitSwapMessage) {
	data, err := encode(m)
	if err != nil {
		r.t.Error(err)
	}
	r.sendBytes(to, data)
}

// sendBytes opens a stream and writes; the other side may well refuse it.
func (r *raw) sendBytes(to p2p.PeerID, data []byte) {
	s, err := r.Open(within(r.t, 10*time.Second), to, Protocol)
	if err != nil {
		return
	}
	_, _ = s.Write(data)
	_ = s.CloseWrite()
}

// expect waits for a message that fits.
func (r *raw) expect(what string, fits func(received) bool) {
	r.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case m := <-r.messages:
			if fits(m) {
				return
			}
		case <-timeout:
			r.t.Fatalf("never got %s", what)
		}
	}
}

// gone waits until a peer is not connected any more.
func (d *device) gone(t testing.TB, what string, p p2p.PeerID) {
	t.Helper()
	left := make(chan struct{}, 1)
	d.OnPeer(func(other p2p.PeerID, connected bool) {
		if other == p && !connected {
			select {
			case left <- struct{}{}:
			default:
			}
		}
	})
	for patience := time.After(20 * time.Second); d.Connected(p); {
		select {
		case <-left:
		case <-patience:
			t.Fatalf("never: %s", what)
		}
	}
}

// until looks again and again for a state inside of bitswap, which tells nobody.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// peerOf is a node as bitswap knows it.
func (d *device) peerOf(n *p2ptest.Node) peer.ID {
	id, err := peer.Decode(string(n.ID()))
	if err != nil {
		panic(err)
	}
	return id
}
