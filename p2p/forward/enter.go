package forward

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// enterTime bounds how long coming in may take.
const enterTime = 10 * time.Second

// Opener opens streams to connected peers; *p2p.Node is one.
type Opener interface {
	Open(ctx context.Context, to p2p.PeerID, protocol string) (p2p.Stream, error)
	Penalise(p p2p.PeerID, points int, reason string)
}

// Visit is a place in a room at a super-peer.
type Visit struct {
	line  *line
	ended chan struct{}
}

// Enter comes into a room at a connected super-peer, within ten seconds; take gets its
// signals, one at a time, and must not block.
func Enter(ctx context.Context, node Opener, superPeer p2p.PeerID, t Ticket, take func(Signal)) (*Visit, error) {
	ctx, cancel := context.WithTimeout(ctx, enterTime)
	defer cancel()
	s, err := node.Open(ctx, superPeer, Protocol)
	if err != nil {
		return nil, fmt.Errorf("enter a call at a super-peer: %w", err)
	}
	l := newLine(s)
	stop := context.AfterFunc(ctx, l.cut)
	err = l.enter(t)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		l.cut()
		if wire.IsFault(err) {
			node.Penalise(superPeer, breach, err.Error())
		}
		return nil, fmt.Errorf("enter a call at a super-peer: %w", err)
	}
	v := &Visit{l, make(chan struct{})}
	go func() {
		defer close(v.ended)
		if err := l.run(take); wire.IsFault(err) {
			node.Penalise(superPeer, breach, err.Error())
		}
	}()
	return v, nil
}

// enter shows the ticket and reads the verdict.
func (l *line) enter(t Ticket) error {
	if err := wire.Send(l.w, join{V: version, Workspace: t.Workspace, Room: t.Room, Tag: t.Tag}); err != nil {
		return err
	}
	frame, err := l.r.ReadFrame(maxShort)
	if err != nil {
		return err
	}
	refusal, err := decodeVerdict(frame)
	return errors.Join(err, refusal)
}

// Send gives a signal to the super-peer. It does not block.
func (v *Visit) Send(s Signal) { v.line.Send(s) }

// Ended is closed when the visit is over: the super-peer has ended it, or cannot be
// reached, or Close was called.
func (v *Visit) Ended() <-chan struct{} { return v.ended }

// Close leaves the room. No more signals come afterwards.
func (v *Visit) Close() {
	v.line.cut()
	<-v.ended
}
