package guest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

const (
	openTime  = 10 * time.Second // bounds how long opening a room may take
	leaveTime = time.Second
)

// Opener opens streams to connected peers; *p2p.Node is one.
type Opener interface {
	Open(ctx context.Context, to p2p.PeerID, protocol string) (p2p.Stream, error)
	Penalise(p p2p.PeerID, points int, reason string)
}

// Door is a member's end of a room at a super-peer.
type Door struct {
	line  *line
	offer Offer
	ended chan struct{}
}

// Ask is how guests reach a connected super-peer. It opens no room.
func Ask(ctx context.Context, node Opener, superPeer p2p.PeerID, workspace [32]byte) (Offer, error) {
	l, offer, err := begin(ctx, node, superPeer, Ticket{Workspace: workspace})
	if err != nil {
		return Offer{}, fmt.Errorf("ask a super-peer about guests: %w", err)
	}
	l.cut()
	return offer, nil
}

// Open opens a room at a connected super-peer, within ten seconds; take gets what happens
// in it, one event at a time, and must not block.
func Open(ctx context.Context, node Opener, superPeer p2p.PeerID, t Ticket, take func(Event)) (*Door, error) {
	if (t.Room == Room{}) {
		return nil, errors.New("open a room for guests: it has no name")
	}
	l, offer, err := begin(ctx, node, superPeer, t)
	if err != nil {
		return nil, fmt.Errorf("open a room for guests: %w", err)
	}
	d := &Door{l, offer, make(chan struct{})}
	go func() {
		defer close(d.ended)
		if err := l.run(false, take); wire.IsFault(err) {
			node.Penalise(superPeer, breach, err.Error())
		}
	}()
	return d, nil
}

// begin shows the ticket and reads the answer.
func begin(ctx context.Context, node Opener, superPeer p2p.PeerID, t Ticket) (*line, Offer, error) {
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	s, err := node.Open(ctx, superPeer, Protocol)
	if err != nil {
		return nil, Offer{}, err
	}
	l := newLine(s)
	stop := context.AfterFunc(ctx, l.cut)
	offer, err := l.begin(t)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		l.cut()
		if wire.IsFault(err) {
			node.Penalise(superPeer, breach, err.Error())
		}
		return nil, Offer{}, err
	}
	return l, offer, nil
}

func (l *line) begin(t Ticket) (Offer, error) {
	if err := wire.Send(l.w, open{V: version, Workspace: t.Workspace, Room: t.Room}); err != nil {
		return Offer{}, err
	}
	frame, err := l.r.ReadFrame(maxReady)
	if err != nil {
		return Offer{}, err
	}
	offer, refusal, err := decodeReady(frame)
	return offer, errors.Join(err, refusal)
}

// Offer is how guests reach the super-peer.
func (d *Door) Offer() Offer { return d.offer }

// Send says something to a guest. It does not block. What is empty or longer than
// [MaxData] is not sent.
func (d *Door) Send(s Seat, data []byte) {
	if len(data) > 0 && len(data) <= MaxData {
		d.line.send(Event{Said, s, data})
	}
}

// Admit gives a guest what the super-peer has for those that were let in.
func (d *Door) Admit(s Seat) { d.line.send(Event{Kind: Admit, Seat: s}) }

// Drop ends the line of a guest, after what was sent to it before.
func (d *Door) Drop(s Seat) { d.line.send(Event{Kind: Drop, Seat: s}) }

// Ended is closed when the room is closed: the super-peer has ended it, or cannot be
// reached, or Close was called.
func (d *Door) Ended() <-chan struct{} { return d.ended }

// Close leaves the room, after what was sent before has left, for which it takes at most a
// second. No more events come afterwards.
func (d *Door) Close() {
	d.line.queue.finish()
	select {
	case <-d.ended: // the super-peer has heard all of it
	case <-time.After(leaveTime):
	}
	d.line.cut()
	<-d.ended
}
