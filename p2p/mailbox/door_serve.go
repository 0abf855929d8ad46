package mailbox

import (
	"context"
	"errors"
	"io"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// DoorHandler is a LobbyHandler that can say who it is; *p2p.Node is one.
type DoorHandler interface {
	LobbyHandler
	ID() p2p.PeerID
}

// Doors is what a super-peer does for those who show an invitation.
type Doors interface {
	// Knock gives the box behind a door to a peer that holds the invitation, and
	// from then on, durably, takes it for a device of the workspace, within the
	// bounds of X37. It answers ErrNoDoor, ErrDoorEnded or ErrDoorCrowded; any
	// other error is told as the last.
	Knock(ctx context.Context, v Visit, name [32]byte) (box []byte, err error)
}

// ServeDoors answers knocks, of strangers too while the node's lobby is open.
func ServeDoors(node DoorHandler, doors Doors) {
	self, err := node.ID().PublicKey()
	if err != nil {
		panic("mailbox: the own id is no id: " + err.Error()) // it was made of a key
	}
	node.HandleLobby(DoorProtocol, func(ctx context.Context, s p2p.Stream) {
		ctx, cancel := context.WithTimeout(ctx, publishTime)
		defer cancel()
		defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
		err := answerKnock(ctx, node, s, self, doors)
		switch {
		case err == nil || errors.Is(err, io.EOF):
		case wire.IsFault(err):
			_ = s.Reset()
			node.Penalise(s.Peer(), breach, err.Error())
		default:
			_ = s.Reset()
			node.Log().Debug("answer a knock", "peer", s.Peer().Short(), "err", err)
		}
	})
}

// answerKnock reads one knock and says what is behind the door.
func answerKnock(ctx context.Context, node DoorHandler, s p2p.Stream, self [32]byte, doors Doors) error {
	m, err := hear(s, self)
	if err != nil {
		return err
	}
	box, refusal := doors.Knock(ctx, Visit{Peer: s.Peer(), Workspace: m.Workspace}, m.door())
	answer := openedOf(box, refusal)
	switch {
	case refusal == nil:
		node.Recheck() // the stranger is let in now
	case answer.err() == ErrDoorCrowded && !errors.Is(refusal, ErrDoorCrowded):
		node.Log().Warn("answer a knock", "peer", s.Peer().Short(), "err", refusal)
	}
	return wire.Send(wire.NewWriter(s, wire.Idle), answer)
}

// hear reads one knock. A wrong signature is a breach: nobody makes one by mistake.
func hear(s p2p.Stream, self [32]byte) (knock, error) {
	frame, err := wire.NewReader(s, wire.FirstByte).ReadFrame(maxKnock)
	if err != nil {
		return knock{}, err
	}
	m, err := decodeKnock(frame)
	if err != nil {
		return knock{}, err
	}
	from, err := s.Peer().PublicKey()
	if err != nil {
		return knock{}, err
	}
	if !m.verify(self, from) {
		return knock{}, malformed("signature of a knock")
	}
	return m, nil
}

// openedOf is the message that gives a box, or says err.
func openedOf(box []byte, err error) opened {
	m := opened{V: 1, Box: []byte{}}
	switch {
	case err == nil:
		m.Box = box
	case errors.Is(err, ErrNoDoor):
		m.Code = doorUnknown
	case errors.Is(err, ErrDoorEnded):
		m.Code = doorEnded
	default:
		m.Code = doorCrowded
	}
	return m
}
