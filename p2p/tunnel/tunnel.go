// Package tunnel carries /parvis/media/1: the UDP packets of a call between two
// devices whose own addresses do not reach each other, over a stream of the connection
// that they have (SPEC.md W70 to W75). What is in a packet is opaque here.
package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// Protocol is the id of the protocol, with its major version.
const Protocol = "/parvis/media/1"

const (
	breach     = 10 // points for a broken rule
	meetTime   = 10 * time.Second
	firstPause = 100 * time.Millisecond // before a stream is opened again; doubling
	mostPause  = 5 * time.Second
)

var errNobody = errors.New("nobody waits for this tunnel")

// Call names a call.
type Call [16]byte

// Tunnels are those of a node.
type Tunnels struct {
	node *p2p.Node

	mu    sync.Mutex
	lines map[key]*line // guarded by mu
	came  chan struct{} // guarded by mu; closed and replaced with every new line
}

// key is what a tunnel is for.
type key struct {
	peer p2p.PeerID
	call Call
}

// New makes the tunnels of a node. It opens nothing.
func New(n *p2p.Node) *Tunnels {
	return &Tunnels{node: n, lines: map[key]*line{}, came: make(chan struct{})}
}

// Serve lets those peers in that may send to this device in a call. May must not
// block. Whom it lets in waits at most ten seconds for Open.
func (t *Tunnels) Serve(may func(from p2p.PeerID, call Call) bool) {
	t.node.Handle(Protocol, func(ctx context.Context, s p2p.Stream) {
		t.ended(s, t.accept(ctx, s, may))
	})
}

// ended resets a stream, whatever its end was.
func (t *Tunnels) ended(s p2p.Stream, err error) {
	_ = s.Reset()
	if wire.IsFault(err) {
		t.node.Penalise(s.Peer(), breach, err.Error())
		return
	}
	t.node.Log().Debug("a tunnel lost its stream", "peer", s.Peer().Short(), "err", err)
}

func (t *Tunnels) accept(ctx context.Context, s p2p.Stream, may func(p2p.PeerID, Call) bool) error {
	frame, err := wire.NewReader(bytewise{s}, wire.FirstByte).ReadFrame(maxHello)
	if err != nil {
		return err
	}
	call, err := decodeHello(frame)
	if err != nil {
		return err
	}
	k := key{s.Peer(), call}
	if t.opens(k.peer) || !may(k.peer, call) {
		return errNobody
	}
	l, err := t.await(ctx, k)
	if err != nil {
		return err
	}
	if err := s.SetDeadline(time.Time{}); err != nil {
		return err
	}
	return l.carry(ctx, s)
}

// opens is who of two devices opens the stream: that with the larger id (W70).
func (t *Tunnels) opens(peer p2p.PeerID) bool { return t.node.ID() > peer }

// await waits until this device has opened its own end.
func (t *Tunnels) await(ctx context.Context, k key) (*line, error) {
	late := time.NewTimer(meetTime)
	defer late.Stop()
	for {
		t.mu.Lock()
		l, came := t.lines[k], t.came
		t.mu.Unlock()
		if l != nil {
			return l, nil
		}
		select {
		case <-came:
		case <-late.C:
			return nil, errNobody
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Open makes a UDP address on this machine behind which the peer is, in one call,
// until closing. It does not wait for the peer. When the same is opened again, what
// comes goes to the newest.
func (t *Tunnels) Open(peer p2p.PeerID, call Call) (at netip.AddrPort, closing func(), err error) {
	if peer == t.node.ID() || call == (Call{}) {
		return netip.AddrPort{}, nil, errors.New("open a tunnel: no such participant")
	}
	e, err := newEnd()
	if err != nil {
		return netip.AddrPort{}, nil, fmt.Errorf("open a tunnel: %w", err)
	}
	k := key{peer, call}
	t.mu.Lock()
	l := t.lines[k]
	if l == nil {
		l = newLine(t, k)
		t.lines[k] = l
		close(t.came)
		t.came = make(chan struct{})
	}
	l.add(e)
	t.mu.Unlock()
	e.wg.Go(func() { e.run(func(packet []byte) { l.send(e, packet) }) })
	return e.addr(), sync.OnceFunc(func() { t.close(l, e) }), nil
}

// close ends one end; with the last one, the line.
func (t *Tunnels) close(l *line, e *end) {
	e.close()
	t.mu.Lock()
	last := l.remove(e)
	if last {
		delete(t.lines, l.key)
	}
	t.mu.Unlock()
	if last {
		l.cancel()
		l.wg.Wait()
	}
}

// line is the tunnel to one peer in one call. It outlives its streams.
type line struct {
	tunnels *Tunnels
	key     key
	life    context.Context // ends with the last end
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu    sync.Mutex
	ends  []*end // guarded by mu; the newest last
	flow  *flow  // guarded by mu; nil: no stream
	queue queue  // guarded by mu; for flow
}

// newLine makes a line, and opens its stream if that is for this side to do.
func newLine(t *Tunnels, k key) *line {
	l := &line{tunnels: t, key: k}
	l.life, l.cancel = context.WithCancel(context.Background())
	if t.opens(k.peer) {
		l.wg.Go(l.reach)
	}
	return l
}

func (l *line) add(e *end) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends = append(l.ends, e)
}

// remove reports whether it was the last.
func (l *line) remove(e *end) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends = slices.DeleteFunc(l.ends, func(x *end) bool { return x == e })
	return len(l.ends) == 0
}

// send queues a packet of an end. Without a stream it is lost.
func (l *line) send(from *end, packet []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flow == nil || len(l.ends) == 0 || l.ends[len(l.ends)-1] != from {
		return
	}
	l.queue.push(packet, time.Now())
	l.flow.stir()
}

// reach opens the stream, and again when it was lost: a peer that becomes directly
// reachable loses its relayed connection (W63, W74).
func (l *line) reach() {
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		if l.open() {
			pause = firstPause
		}
		select {
		case <-time.After(pause):
		case <-l.life.Done():
			return
		}
	}
}

// open carries over a new stream until it ends, and reports whether the other side
// took part.
func (l *line) open() (took bool) {
	ctx, cancel := context.WithTimeout(l.life, meetTime)
	defer cancel()
	s, err := l.tunnels.node.Open(ctx, l.key.peer, Protocol)
	if err != nil {
		return false
	}
	if err = wire.Send(wire.NewWriter(s, meetTime), hello{V: 1, Call: l.key.call}); err == nil {
		if err = s.SetDeadline(time.Time{}); err == nil {
			err = l.carry(l.life, &heard{Stream: s, took: &took})
		}
	}
	l.tunnels.ended(s, err)
	return took
}

// heard notes that something came.
type heard struct {
	p2p.Stream
	took *bool
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.Stream.Read(p)
	*h.took = *h.took || n > 0
	return n, err
}

// bytewise lets nobody read ahead: behind the hello come packets.
type bytewise struct{ p2p.Stream }

func (b bytewise) Read(p []byte) (int, error) { return b.Stream.Read(p[:min(len(p), 1)]) }
