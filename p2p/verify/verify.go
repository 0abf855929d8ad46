// Package verify carries /parvis/verify/1: two members compare codes (SPEC.md W100 to
// W104). What they say to each other is opaque here.
package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// Protocol is the id of the protocol, with its major version.
const Protocol = "/parvis/verify/1"

// MaxTalk is the size of one message of a comparison in bytes.
const MaxTalk = 6400

const (
	version  = 1
	overhead = 16
	breach   = 10 // points for a broken rule (protocol 2.18)

	answerTime = 10 * time.Second // of the asked device
	talkTime   = 10 * time.Minute // for one message of people who read out codes
	wholeTime  = 11 * time.Minute // of one comparison
)

// Why the other device does not compare now.
var (
	ErrRefused = errors.New("the other device does not compare codes with this one")
	ErrBusy    = errors.New("the other device compares codes just now, or did so seconds ago")
	ErrResting = errors.New("too many comparisons with this person failed")
)

// The codes of an answer. They travel.
const (
	codeReady   = 0
	codeRefused = 1
	codeBusy    = 2
	codeResting = 3
)

// kind says what a message is.
type kind uint

const (
	kindAsk    kind = 1 // its body is the workspace's id
	kindAnswer kind = 2 // its body is a code, one byte
	kindTalk   kind = 3
)

// message is every frame of the protocol.
type message struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Kind kind
	Body []byte
}

// check reports whether the body may belong to the kind.
func (m message) check() error {
	switch {
	case m.V != version:
		return fmt.Errorf("%w: version %d", wire.ErrMalformed, m.V)
	case m.Kind == kindAsk && len(m.Body) == 32, m.Kind == kindAnswer && len(m.Body) == 1:
		return nil
	case m.Kind == kindTalk && len(m.Body) > MaxTalk:
		return fmt.Errorf("%w: talk", wire.ErrTooLarge)
	case m.Kind == kindTalk && len(m.Body) > 0:
		return nil
	}
	return fmt.Errorf("%w: kind %d with %d bytes", wire.ErrMalformed, m.Kind, len(m.Body))
}

func decode(frame []byte) (message, error) {
	m, err := wire.Decode[message](frame)
	if err == nil {
		err = m.check()
	}
	return m, err
}

// reason is what an answer means; an unknown code is a plain refusal.
func reason(code byte) error {
	switch code {
	case codeReady:
		return nil
	case codeBusy:
		return ErrBusy
	case codeResting:
		return ErrResting
	}
	return ErrRefused
}

func codeOf(err error) byte {
	switch {
	case err == nil:
		return codeReady
	case errors.Is(err, ErrBusy):
		return codeBusy
	case errors.Is(err, ErrResting):
		return codeResting
	}
	return codeRefused
}

// Dial asks a connected device to compare codes in a workspace, and runs converse once
// it is ready. A refusal is one of the errors above.
func Dial(ctx context.Context, n *p2p.Node, peer p2p.PeerID, ws [32]byte, converse func(context.Context, *Talk) error) error {
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	s, err := n.Open(ctx, peer, Protocol)
	if err != nil {
		return fmt.Errorf("compare codes: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	if err := dial(ctx, newTalk(s), ws, converse); err != nil {
		if wire.IsFault(err) {
			_ = s.Reset()
			n.Penalise(peer, breach, err.Error())
		} else {
			_ = s.Close() // what was said last still arrives: that our person stopped
		}
		return fmt.Errorf("compare codes: %w", err)
	}
	return s.Close()
}

func dial(ctx context.Context, t *Talk, ws [32]byte, converse func(context.Context, *Talk) error) error {
	if err := t.send(kindAsk, ws[:]); err != nil {
		return err
	}
	m, err := t.read(answerTime)
	switch {
	case err != nil:
		return err
	case m.Kind != kindAnswer:
		return fmt.Errorf("%w: kind %d instead of an answer", wire.ErrMalformed, m.Kind)
	}
	if err := reason(m.Body[0]); err != nil {
		return err
	}
	return converse(ctx, t)
}

// Host answers those who ask.
type Host interface {
	// Ready says whether this device compares codes with a peer in a workspace now,
	// and if so, how: converse is always called. One of the errors above is told to the
	// peer.
	Ready(ctx context.Context, from p2p.PeerID, ws [32]byte) (converse func(context.Context, *Talk) error, err error)
}

// Serve lets members ask.
func Serve(n *p2p.Node, host Host) {
	n.Handle(Protocol, func(ctx context.Context, s p2p.Stream) {
		ctx, cancel := context.WithTimeout(ctx, wholeTime)
		defer cancel()
		defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
		err := serve(ctx, newTalk(s), host)
		switch {
		case wire.IsFault(err):
			_ = s.Reset()
			n.Penalise(s.Peer(), breach, err.Error())
		case err != nil:
			n.Log().Debug("compare codes", "peer", s.Peer().Short(), "error", err)
		}
		_ = s.Close() // before the deadline above resets it
	})
}

func serve(ctx context.Context, t *Talk, host Host) error {
	m, err := t.read(wire.FirstByte)
	if err == nil && m.Kind != kindAsk {
		err = fmt.Errorf("%w: kind %d instead of a question", wire.ErrMalformed, m.Kind)
	}
	if err != nil {
		return err
	}
	converse, refused := host.Ready(ctx, t.s.Peer(), [32]byte(m.Body))
	err = t.send(kindAnswer, []byte{codeOf(refused)})
	if refused != nil {
		return errors.Join(err, refused)
	}
	return converse(ctx, t) // also where nobody hears the answer: it began already, and ends at once
}

// Talk carries the messages of a comparison.
type Talk struct {
	s       p2p.Stream
	r       *wire.Reader
	w       *wire.Writer
	reading chan result // a read that somebody gave up; its message comes next
}

type result struct {
	m   message
	err error
}

func newTalk(s p2p.Stream) *Talk {
	return &Talk{s: s, r: wire.NewReader(s, wire.Idle), w: wire.NewWriter(s, wire.Idle)}
}

func (t *Talk) send(k kind, body []byte) error {
	m := message{V: version, Kind: k, Body: body}
	if err := m.check(); err != nil {
		return errors.New(err.Error()) // our own fault, not the other side's
	}
	return wire.Send(t.w, m)
}

func (t *Talk) read(idle time.Duration) (message, error) {
	t.r.SetIdle(idle)
	frame, err := t.r.ReadFrame(MaxTalk + overhead)
	if err != nil {
		return message{}, err
	}
	return decode(frame)
}

// Send gives one message to the other side.
func (t *Talk) Send(ctx context.Context, body []byte) error {
	defer context.AfterFunc(ctx, func() { _ = t.s.Reset() })()
	return t.send(kindTalk, body)
}

// Receive returns the next message of the other side. When ctx ends, the read goes on
// for whoever reads next: the end of the whole comparison is what ends the stream.
func (t *Talk) Receive(ctx context.Context) ([]byte, error) {
	if t.reading == nil {
		under := make(chan result, 1)
		go func() {
			m, err := t.read(talkTime)
			under <- result{m, err}
		}()
		t.reading = under
	}
	select {
	case got := <-t.reading:
		t.reading = nil
		if got.err == nil && got.m.Kind != kindTalk {
			got.err = fmt.Errorf("%w: kind %d in a talk", wire.ErrMalformed, got.m.Kind)
		}
		return got.m.Body, got.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
