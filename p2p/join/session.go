package join

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// Limits in bytes and time (W31, W32, W36).
const (
	MaxRequest = 16 << 10
	MaxTalk    = 4 << 10
	MaxPart    = 1 << 20  // one element of a Welcome
	MaxWelcome = 64 << 20 // all of a Welcome
	MaxEntry   = 128 << 10

	maxParts   = 200_000 // entries and blobs
	maxPeers   = 600
	maxCode    = 16
	maxAddress = 1 << 10
	overhead   = 16 // version, kind and length of a body

	wholeTime   = 10 * time.Minute // of the answerer for one joiner
	welcomeTime = 5 * time.Minute  // of the joiner for the whole welcome
	answerTime  = time.Minute      // of the joiner for the first answer
	talkTime    = 10 * time.Minute // for one message of people who read out codes
)

var (
	// ErrMalformed reports a message that breaks the protocol.
	ErrMalformed = wire.ErrMalformed
	// ErrTalkOver reports that the answerer has finished talking.
	ErrTalkOver = errors.New("the talk is over")
)

// kind says what a message is.
type kind uint

const (
	kindRequest kind = 1 + iota
	kindTalk
	kindRefusal
	kindBox
	kindEntry
	kindBlob
	kindGrant
	kindAddrs
	kindEnd
	kindJoin
	kindDone
)

// message is every frame of the protocol.
type message struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Kind kind
	Body []byte
}

// address is the body of a kindAddrs message.
type address struct {
	_     struct{} `cbor:",toarray"`
	V     uint
	Peer  []byte // Ed25519 host key, 32 bytes
	Addrs []string
}

// limit is the longest body of a kind.
func (k kind) limit() int {
	switch k {
	case kindRequest:
		return MaxRequest
	case kindTalk:
		return MaxTalk
	case kindRefusal:
		return maxCode
	case kindBox, kindEntry, kindBlob, kindGrant:
		return MaxPart
	case kindAddrs:
		return maxAddress
	case kindJoin:
		return MaxEntry
	}
	return 0
}

// decodeMessage checks everything that a frame alone can show.
func decodeMessage(frame []byte) (message, error) {
	m, err := wire.Decode[message](frame)
	if err != nil {
		return message{}, err
	}
	if m.V != 1 || m.Kind < kindRequest || m.Kind > kindDone || m.Body == nil {
		return message{}, fmt.Errorf("%w: version or kind", ErrMalformed)
	}
	if len(m.Body) > m.Kind.limit() {
		return message{}, fmt.Errorf("%w: body of kind %d", wire.ErrTooLarge, m.Kind)
	}
	return m, nil
}

// decodeAddress accepts what may be dialled; other addresses are dropped.
func decodeAddress(body []byte) (PeerAddrs, error) {
	a, err := wire.Decode[address](body)
	if err != nil {
		return PeerAddrs{}, err
	}
	if a.V != 1 || len(a.Peer) != 32 {
		return PeerAddrs{}, fmt.Errorf("%w: address", ErrMalformed)
	}
	id, err := p2p.PeerIDOf([32]byte(a.Peer))
	if err != nil {
		return PeerAddrs{}, fmt.Errorf("%w: address: %v", ErrMalformed, err)
	}
	return PeerAddrs{Peer: id, Addrs: p2p.CleanAddrs(a.Addrs)}, nil
}

func encodeAddress(a PeerAddrs) ([]byte, error) {
	pub, err := a.Peer.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("encode address: %w", err)
	}
	return wire.Encode(address{V: 1, Peer: pub[:], Addrs: append([]string{}, p2p.CleanAddrs(a.Addrs)...)})
}

// session is one end of one stream.
type session struct {
	s       p2p.Stream
	r       *wire.Reader
	w       *wire.Writer
	pending *message    // read, but not yet used
	reading chan result // a read that somebody gave up; its message comes next
	joiner  bool
}

// result is what a read came to.
type result struct {
	m   message
	err error
}

func newSession(s p2p.Stream, joiner bool) *session {
	return &session{s: s, r: wire.NewReader(s, wire.Idle), w: wire.NewWriter(s, wire.Idle), joiner: joiner}
}

// write queues one message. One that is too long is our own fault, so that its error
// is none that costs the other side points.
func (s *session) write(k kind, body []byte) error {
	if len(body) > k.limit() {
		return fmt.Errorf("write kind %d: %d bytes are more than %d", k, len(body), k.limit())
	}
	if body == nil {
		body = []byte{}
	}
	return wire.Write(s.w, message{V: 1, Kind: k, Body: body})
}

func (s *session) send(k kind, body []byte) error {
	if err := s.write(k, body); err != nil {
		return err
	}
	return s.w.Flush()
}

// read returns the next message, of at most max bytes of body, waiting idle for
// its bytes, or what a read under way brings.
func (s *session) read(max int, idle time.Duration) (message, error) {
	if m := s.pending; m != nil {
		s.pending = nil
		return *m, nil
	}
	if under := s.reading; under != nil {
		s.reading = nil
		got := <-under
		return got.m, got.err
	}
	return s.readFrame(max, idle)
}

func (s *session) readFrame(max int, idle time.Duration) (message, error) {
	s.r.SetIdle(idle)
	frame, err := s.r.ReadFrame(max + overhead)
	if err != nil {
		return message{}, err
	}
	return decodeMessage(frame)
}

// expect reads one message of this kind; a refusal is returned as its error.
func (s *session) expect(k kind, idle time.Duration) ([]byte, error) {
	m, err := s.read(max(k.limit(), maxCode), idle)
	if err != nil {
		return nil, err
	}
	if s.joiner && m.Kind == kindRefusal {
		return nil, refusalOf(m.Body)
	}
	if m.Kind != k {
		return nil, fmt.Errorf("%w: kind %d instead of %d", ErrMalformed, m.Kind, k)
	}
	return m.Body, nil
}

// refusalOf turns an unknown code into the general one.
func refusalOf(code []byte) *Refusal {
	switch c := string(code); c {
	case CodeExpired, CodeUsed, CodeRevoked, CodeUnknown, CodeRefused, CodeVersion, CodeWait:
		return &Refusal{Code: c}
	}
	return &Refusal{Code: CodeRefused}
}

// Send implements Talk.
func (s *session) Send(ctx context.Context, body []byte) error {
	defer s.bound(ctx)()
	return s.send(kindTalk, body)
}

// Receive implements Talk. When ctx ends, the read goes on for whoever reads next:
// the end of the whole join is what resets the stream.
func (s *session) Receive(ctx context.Context) ([]byte, error) {
	m, err := s.await(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case m.Kind == kindTalk:
		return m.Body, nil
	case s.joiner && m.Kind == kindRefusal:
		s.pending = &m
		return nil, refusalOf(m.Body)
	case s.joiner && m.Kind >= kindBox && m.Kind <= kindEnd:
		s.pending = &m
		return nil, ErrTalkOver
	}
	return nil, fmt.Errorf("%w: kind %d in a talk", ErrMalformed, m.Kind)
}

// await reads one message of a talk, or of what may come in its place.
func (s *session) await(ctx context.Context) (message, error) {
	if s.pending != nil {
		return s.read(0, 0)
	}
	if s.reading == nil {
		largest := MaxTalk
		if s.joiner {
			largest = MaxPart // the first part of a welcome may come instead
		}
		under := make(chan result, 1)
		go func() {
			m, err := s.readFrame(largest, talkTime)
			under <- result{m, err}
		}()
		s.reading = under
	}
	select {
	case got := <-s.reading:
		s.reading = nil
		return got.m, got.err
	case <-ctx.Done():
		return message{}, ctx.Err()
	}
}

// bound resets the stream when ctx ends; the result undoes that.
func (s *session) bound(ctx context.Context) func() {
	stop := context.AfterFunc(ctx, func() { _ = s.s.Reset() })
	return func() { stop() }
}
