package join

import (
	"context"
	"errors"
	"fmt"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// Dial joins through a peer: it connects, shows the request, hands the welcome
// to accept, and sends the sealed Join entry that accept returns (nil in mode
// 0). It returns nil once the answerer has stored that entry. A refusal is a
// *Refusal; an error of accept that wraps ErrMalformed costs the answerer
// points. The node's gate must let the peer in as a member beforehand.
func Dial(ctx context.Context, n *p2p.Node, peer p2p.PeerID, addrs []string, request []byte,
	accept func(Welcome) (entry []byte, err error)) error {
	return DialTalking(ctx, n, peer, addrs, request, nil, accept)
}

// DialTalking is Dial with a talk between request and welcome (mode 0, codes
// first). converse may be nil; it ends by returning nil, at the latest when
// Receive says ErrTalkOver.
func DialTalking(ctx context.Context, n *p2p.Node, peer p2p.PeerID, addrs []string, request []byte,
	converse func(ctx context.Context, talk Talk) error, accept func(Welcome) (entry []byte, err error)) error {
	return DialOn(ctx, n, Protocol, peer, addrs, request, converse, accept)
}

// DialOn is DialTalking for one of the protocols that go like a join.
func DialOn(ctx context.Context, n *p2p.Node, protocol string, peer p2p.PeerID, addrs []string, request []byte,
	converse func(ctx context.Context, talk Talk) error, accept func(Welcome) (entry []byte, err error)) error {
	if err := n.Connect(ctx, peer, addrs); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	s, err := n.Open(ctx, peer, protocol)
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	c := newSession(s, true)
	defer c.bound(ctx)()
	if err := c.join(ctx, request, converse, accept); err != nil {
		if wire.IsFault(err) || ctx.Err() != nil {
			_ = s.Reset()
		} else {
			_ = s.Close() // what was said last still arrives: that our person stopped
		}
		if wire.IsFault(err) {
			n.Penalise(peer, breach, err.Error())
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("join: %w", err)
	}
	_ = s.Close()
	return nil
}

func (s *session) join(ctx context.Context, request []byte,
	converse func(context.Context, Talk) error, accept func(Welcome) ([]byte, error)) error {
	if err := s.send(kindRequest, request); err != nil {
		return err
	}
	if converse != nil {
		if err := converse(ctx, s); err != nil && !errors.Is(err, ErrTalkOver) {
			return err
		}
	}
	welcome, err := s.readWelcome(answerTime)
	if err != nil {
		return err
	}
	entry, err := accept(welcome)
	if err != nil {
		return fmt.Errorf("accept welcome: %w", err)
	}
	if err := s.send(kindJoin, entry); err != nil {
		return err
	}
	_, err = s.expect(kindDone, answerTime)
	return err
}
