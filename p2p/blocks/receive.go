package blocks

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// serve reads the messages of one stream.
func (n *net) serve(ctx context.Context, s p2p.Stream) {
	from, err := peer.Decode(string(s.Peer()))
	if err != nil {
		return
	}
	frames := wire.NewReader(heard{s, &n.asked}, idle)
	for {
		frame, err := frames.ReadFrame(maxMessage)
		r := n.running.Load()
		if ctx.Err() != nil || r == nil {
			break
		}
		var m received
		if err == nil {
			m, err = decode(frame)
		}
		if err != nil {
			if wire.IsFault(err) {
				_ = s.Reset()
				n.node.Penalise(s.Peer(), breach, "block message: "+err.Error())
			}
			return
		}
		n.received.Add(1)
		n.screen(s.Peer(), &m)
		message := m.bitswap()
		r.client.ReceiveMessage(ctx, from, message)
		r.server.ReceiveMessage(ctx, from, message)
	}
	_ = s.Reset()
}

// heard notes when the last byte came.
type heard struct {
	p2p.Stream
	asked *asked
}

func (h heard) Read(p []byte) (int, error) {
	n, err := h.Stream.Read(p)
	if n > 0 {
		h.asked.hear(h.Peer())
	}
	return n, err
}

// screen takes out what a peer was not asked for. A block that nobody asked for
// is what a wrong block looks like, because blocks are named by their bytes: the
// peer pays, and what it still owes is asked of others (rule B6).
func (n *net) screen(from p2p.PeerID, m *received) {
	bad := 0
	for id := range m.blocks {
		if !n.asked.received(from, id) {
			delete(m.blocks, id)
			bad++
		}
	}
	n.asked.settle(from, m.dontHaves...)
	if bad > 0 {
		if n.asked.punish(from, time.Now()) {
			n.passOver(from)
		}
		n.node.Penalise(from, badBlock*bad, "a block that was not asked for")
	}
	for _, w := range m.wants {
		if !w.cancel && n.allowed(from, w.id) {
			n.waits.add(w.id)
		}
	}
}

// passOver makes bitswap ask others for all it wanted from a peer. To tell it that
// the peer lacks the blocks would not do: once a peer said that it has a block,
// bitswap asks it again and again.
func (n *net) passOver(p p2p.PeerID) {
	id, err := peer.Decode(string(p))
	n.turn.Lock()
	defer n.turn.Unlock()
	// Meanwhile it may have gone and come back, with a new beginning.
	if r := n.running.Load(); r != nil && err == nil && n.asked.resting(p) {
		n.log.Debug("peer does not deliver", "peer", p.Short())
		r.client.PeerDisconnected(id)
	}
	n.look()
}

// askAgain ends the pause of a peer.
func (n *net) askAgain(p p2p.PeerID) {
	id, err := peer.Decode(string(p))
	n.turn.Lock()
	defer n.turn.Unlock()
	if r := n.running.Load(); r != nil && err == nil && n.node.Connected(p) && !n.asked.resting(p) {
		r.client.PeerConnected(id)
	}
}

// look makes sure that peers which do not deliver are noticed.
func (n *net) look() {
	if r := n.running.Load(); r != nil {
		select {
		case r.watch <- struct{}{}:
		default:
		}
	}
}

// review looks once for peers that do not deliver, and asks those again whose
// pause is over. It reports whether it need not look again.
func (n *net) review(now time.Time) bool {
	late, back, idle := n.asked.review(now)
	for _, p := range late {
		n.passOver(p)
	}
	for _, p := range back {
		n.askAgain(p)
	}
	return idle
}

// watch closes streams that nobody used for a while, and looks for peers that do
// not deliver while somebody owes us something, until ctx ends.
func (n *net) watch(ctx context.Context, wake <-chan struct{}, done chan<- struct{}) {
	defer close(done)
	sweep := time.NewTicker(streamIdle)
	defer sweep.Stop()
	look := time.NewTimer(time.Hour)
	look.Stop()
	looking := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-sweep.C:
			n.streams.sweep(time.Now())
			n.forget(time.Now())
		case <-wake:
			if !looking {
				looking = true
				look.Reset(lookEvery)
			}
		case <-look.C:
			if looking = !n.review(time.Now()); looking {
				look.Reset(lookEvery)
			}
		}
	}
}
