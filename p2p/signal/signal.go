// Package signal carries /parvis/call/1: one signed signal of a call to one device
// (SPEC.md W46 to W49). What a signal says is opaque here.
package signal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// Protocol is the id of the protocol, with its major version.
const Protocol = "/parvis/call/1"

// MaxBody is the size of a signal in bytes.
const MaxBody = 65 << 10

const (
	overhead  = 16
	breach    = 10 // points for a broken rule (protocol 2.18)
	whole     = 10 * time.Second
	statusOK  = 0
	statusNot = 1
)

// ErrRefused reports that the other device takes no such signal: it is not in the
// call, or this device may not be.
var ErrRefused = errors.New("call signal refused")

// message is the only message of the opener.
type message struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Body []byte
}

// receipt is the only message of the answerer. It comes when the signal was handled,
// so that signals sent one after the other are handled in that order.
type receipt struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Status uint
}

func decodeMessage(frame []byte) (message, error) {
	m, err := wire.Decode[message](frame)
	switch {
	case err != nil:
		return message{}, err
	case m.V != 1 || len(m.Body) == 0:
		return message{}, fmt.Errorf("%w: call signal", wire.ErrMalformed)
	case len(m.Body) > MaxBody:
		return message{}, fmt.Errorf("%w: call signal", wire.ErrTooLarge)
	}
	return m, nil
}

func decodeReceipt(frame []byte) (receipt, error) {
	r, err := wire.Decode[receipt](frame)
	if err == nil && (r.V != 1 || r.Status > statusNot) {
		err = fmt.Errorf("%w: receipt of a call signal", wire.ErrMalformed)
	}
	return r, err
}

// Serve hands every signal to handle, which must not block. An error of handle is
// told to the sender as a refusal without a reason; one that wraps
// [wire.ErrMalformed] costs it 10 points.
func Serve(n *p2p.Node, handle func(from p2p.PeerID, body []byte) error) {
	n.Handle(Protocol, func(_ context.Context, s p2p.Stream) {
		err := serve(s, handle)
		if err == nil {
			return
		}
		_ = s.Reset()
		if wire.IsFault(err) {
			n.Penalise(s.Peer(), breach, err.Error())
			return
		}
		n.Log().Debug("take a call signal", "peer", s.Peer().Short(), "error", err)
	})
}

func serve(s p2p.Stream, handle func(p2p.PeerID, []byte) error) error {
	frame, err := wire.NewReader(s, wire.FirstByte).ReadFrame(MaxBody + overhead)
	if err != nil {
		return err
	}
	m, err := decodeMessage(frame)
	if err != nil {
		return err
	}
	r := receipt{V: 1, Status: statusOK}
	if err := handle(s.Peer(), m.Body); errors.Is(err, wire.ErrMalformed) {
		return err
	} else if err != nil {
		r.Status = statusNot
	}
	return wire.Send(wire.NewWriter(s, wire.Idle), r)
}

// Send brings one signal to a connected device and waits until it was handled there,
// at most ten seconds.
func Send(ctx context.Context, n *p2p.Node, to p2p.PeerID, body []byte) error {
	if len(body) == 0 || len(body) > MaxBody {
		return errors.New("send a call signal: empty or too large")
	}
	ctx, cancel := context.WithTimeout(ctx, whole)
	defer cancel()
	s, err := n.Open(ctx, to, Protocol)
	if err != nil {
		return fmt.Errorf("send a call signal: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	if err := send(s, body); err != nil {
		_ = s.Reset()
		if wire.IsFault(err) {
			n.Penalise(to, breach, err.Error())
		}
		return fmt.Errorf("send a call signal: %w", err)
	}
	_ = s.Close()
	return nil
}

func send(s p2p.Stream, body []byte) error {
	if err := wire.Send(wire.NewWriter(s, wire.Idle), message{V: 1, Body: body}); err != nil {
		return err
	}
	frame, err := wire.NewReader(s, whole).ReadFrame(overhead)
	if err != nil {
		return err
	}
	r, err := decodeReceipt(frame)
	if err == nil && r.Status == statusNot {
		err = ErrRefused
	}
	return err
}
