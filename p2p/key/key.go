// Package key carries /parvis/key/1: a member device that lacks the key of an
// epoch asks another one for it (SPEC.md W40 to W44). Request and grant are
// opaque here; whoever calls Serve decides who gets what and how often.
package key

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// Protocol is the id of the protocol, with its major version.
const Protocol = "/parvis/key/1"

// Limits in bytes.
const (
	MaxRequest = 4 << 10
	MaxGrant   = 64 << 10
	overhead   = 16
)

const (
	breach     = 10 // points for a broken rule (protocol 2.18)
	answerTime = wire.Idle
)

var (
	// ErrRefused reports that the other device has, or may give, no such key.
	ErrRefused = errors.New("key request refused")
	// ErrMalformed may be wrapped by a handler: the stream is reset and the
	// asking peer gets 10 points.
	ErrMalformed = wire.ErrMalformed
)

const (
	statusGranted = 0
	statusRefused = 1
)

// request is the only message of the opener.
type request struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Body []byte
}

// response is the only message of the answerer.
type response struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Status uint
	Body   []byte
}

func decodeRequest(frame []byte) (request, error) {
	m, err := wire.Decode[request](frame)
	if err != nil {
		return request{}, err
	}
	if m.V != 1 || m.Body == nil {
		return request{}, fmt.Errorf("%w: key request", ErrMalformed)
	}
	if len(m.Body) > MaxRequest {
		return request{}, fmt.Errorf("%w: key request", wire.ErrTooLarge)
	}
	return m, nil
}

func decodeResponse(frame []byte) (response, error) {
	m, err := wire.Decode[response](frame)
	if err != nil {
		return response{}, err
	}
	if m.V != 1 || m.Body == nil || m.Status > statusRefused || m.Status == statusRefused && len(m.Body) > 0 {
		return response{}, fmt.Errorf("%w: key response", ErrMalformed)
	}
	if len(m.Body) > MaxGrant {
		return response{}, fmt.Errorf("%w: key response", wire.ErrTooLarge)
	}
	return m, nil
}

// turns lets one thing per peer happen at a time.
type turns struct {
	mu    sync.Mutex
	queue map[p2p.PeerID]*turn // guarded by mu
}

type turn struct {
	busy  chan struct{} // holds one token while somebody has the turn
	users int           // in line or at work; guarded by turns.mu
}

// take waits for the turn. The result gives it back; it is nil when ctx ended.
func (t *turns) take(ctx context.Context, p p2p.PeerID) func() {
	t.mu.Lock()
	q := t.queue[p]
	if q == nil {
		if t.queue == nil {
			t.queue = make(map[p2p.PeerID]*turn)
		}
		q = &turn{busy: make(chan struct{}, 1)}
		t.queue[p] = q
	}
	q.users++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if q.users--; q.users == 0 {
			delete(t.queue, p)
		}
	}
	select {
	case q.busy <- struct{}{}:
		return func() { <-q.busy; leave() }
	case <-ctx.Done():
		leave()
		return nil
	}
}

// Serve answers key requests of members. An error of the handler is told to the
// asker as a refusal without a reason; one that wraps ErrMalformed costs it 10
// points. One request per peer is served at a time; others wait in line.
func Serve(n *p2p.Node, handle func(ctx context.Context, from p2p.PeerID, request []byte) (grant []byte, err error)) {
	var line turns
	n.Handle(Protocol, func(ctx context.Context, s p2p.Stream) {
		from := s.Peer()
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		done := line.take(ctx, from)
		if done == nil {
			_ = s.Reset()
			return
		}
		defer done()
		if err := serve(ctx, s, handle); err != nil {
			_ = s.Reset()
			if wire.IsFault(err) {
				n.Penalise(from, breach, err.Error())
				return
			}
			n.Log().Debug("answer a key request", "peer", from.Short(), "error", err)
		}
	})
}

func serve(ctx context.Context, s p2p.Stream, handle func(context.Context, p2p.PeerID, []byte) ([]byte, error)) error {
	frame, err := wire.NewReader(s, wire.FirstByte).ReadFrame(MaxRequest + overhead)
	if err != nil {
		return err
	}
	q, err := decodeRequest(frame)
	if err != nil {
		return err
	}
	answer := response{V: 1, Status: statusGranted, Body: []byte{}}
	switch grant, err := handle(ctx, s.Peer(), q.Body); {
	case errors.Is(err, ErrMalformed):
		return err
	case err != nil || len(grant) > MaxGrant:
		answer.Status = statusRefused
	case grant != nil:
		answer.Body = grant
	}
	return wire.Send(wire.NewWriter(s, wire.Idle), answer)
}

// Ask sends a request to a connected member and returns its grant, or
// ErrRefused. It takes at most 30 seconds. Requests to one peer are answered
// one after the other.
func Ask(ctx context.Context, n *p2p.Node, peer p2p.PeerID, body []byte) ([]byte, error) {
	if len(body) > MaxRequest {
		return nil, errors.New("ask for a key: request too large")
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	s, err := n.Open(ctx, peer, Protocol)
	if err != nil {
		return nil, fmt.Errorf("ask for a key: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	grant, err := ask(s, body)
	if err != nil {
		_ = s.Reset()
		if wire.IsFault(err) {
			n.Penalise(peer, breach, err.Error())
		}
		return nil, fmt.Errorf("ask for a key: %w", err)
	}
	_ = s.Close()
	return grant, nil
}

func ask(s p2p.Stream, body []byte) ([]byte, error) {
	if err := wire.Send(wire.NewWriter(s, wire.Idle), request{V: 1, Body: append([]byte{}, body...)}); err != nil {
		return nil, err
	}
	frame, err := wire.NewReader(s, answerTime+time.Second).ReadFrame(MaxGrant + overhead)
	if err != nil {
		return nil, err
	}
	a, err := decodeResponse(frame)
	if err != nil {
		return nil, err
	}
	if a.Status == statusRefused {
		return nil, ErrRefused
	}
	return a.Body, nil
}
