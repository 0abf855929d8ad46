package p2p

import (
	"runtime/debug"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// firstByte is how long an opener may stay silent (W9).
const firstByte = 10 * time.Second

// serve registers a handler behind the gate.
func (n *Node) serve(run *hosted, id protocol.ID, h handling) {
	run.SetStreamHandler(id, func(s network.Stream) {
		if !n.begin(run) {
			_ = s.Reset()
			return
		}
		defer n.wg.Done()
		n.receive(run, s, h)
	})
}

// receive checks the gate once more, because connections outlive membership
// changes, and runs the handler behind a recover (W2, W9).
func (n *Node) receive(run *hosted, raw network.Stream, h handling) {
	pid := raw.Conn().RemotePeer()
	s := &stream{Stream: raw, peer: textOf(pid)}
	if !n.allowed(s.peer) {
		room := n.roomOf(h, pid)
		if room == nil {
			_ = s.Reset()
			return
		}
		budget, giveBack, ok := room.takeStream(pid)
		if !ok {
			_ = s.Reset()
			return
		}
		defer giveBack()
		s.budget = budget
		s.spent = func() bool { return !n.allowed(s.peer) }
	}
	defer func() {
		if r := recover(); r != nil {
			n.log.Error("stream handler panicked", "protocol", raw.Protocol(), "peer", s.peer.Short(), "panic", r, "stack", string(debug.Stack()))
			_ = s.Reset()
			return
		}
		_ = s.Close()
	}()
	_ = s.SetReadDeadline(time.Now().Add(firstByte))
	h.serve(run.ctx, s)
}
