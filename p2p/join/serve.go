package join

import (
	"context"
	"errors"
	"fmt"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// breach is what a broken rule costs (protocol 2.18).
const breach = 10

// Serve answers joiners on this node, strangers too while its lobby is open.
func Serve(n *p2p.Node, answer Answerer) { ServeOn(n, Protocol, answer) }

// ServeOn is Serve for one of the protocols that go like a join.
func ServeOn(n *p2p.Node, protocol string, answer Answerer) {
	n.HandleLobby(protocol, func(ctx context.Context, s p2p.Stream) {
		ctx, cancel := context.WithTimeout(ctx, wholeTime)
		defer cancel()
		c := newSession(s, false)
		defer c.bound(ctx)()
		err := c.answer(ctx, answer)
		switch {
		case err == nil:
			n.Recheck() // the stranger may be a member now
		case errors.Is(err, errLocal):
			n.Log().Warn("answer a joiner", "peer", s.Peer().Short(), "error", err)
		case wire.IsFault(err):
			_ = s.Reset()
			n.Penalise(s.Peer(), breach, err.Error())
		default:
			_ = s.Reset()
			n.Log().Debug("answer a joiner", "peer", s.Peer().Short(), "error", err)
		}
	})
}

// errLocal marks a failure that is not the joiner's.
var errLocal = errors.New("our own failure")

// answer serves one joiner from its request to "done".
func (s *session) answer(ctx context.Context, answer Answerer) error {
	request, err := s.expect(kindRequest, wire.FirstByte)
	if err != nil {
		return err
	}
	var welcome Welcome
	from := s.s.Peer()
	if c, ok := answer.(Converser); ok {
		welcome, err = c.Converse(ctx, from, request, s)
	} else {
		welcome, err = answer.Request(ctx, from, request)
	}
	if err != nil {
		return s.refuse(err)
	}
	if err := welcome.check(); err != nil {
		return s.refuse(fmt.Errorf("%w: %v", errLocal, err))
	}
	if err := s.writeWelcome(welcome); err != nil {
		return err
	}
	entry, err := s.expect(kindJoin, 2*wire.Idle)
	if err != nil {
		return err
	}
	if len(entry) > 0 {
		if err := answer.Joined(ctx, from, entry); err != nil {
			return s.refuse(err)
		}
	}
	return s.send(kindDone, nil)
}

// refuse tells the joiner the code of err, and returns err if somebody here has
// to hear of it too.
func (s *session) refuse(err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return s.send(kindRefusal, []byte(refusalOf([]byte(refusal.Code)).Code))
	}
	if wire.IsFault(err) {
		return err
	}
	return errors.Join(fmt.Errorf("%w: %w", errLocal, err), s.send(kindRefusal, []byte(CodeWait)))
}
