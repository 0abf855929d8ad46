package gossip

import (
	"errors"
	"fmt"

	"parvis/p2p/sync"
	"parvis/p2p/wire"
)

// Version is the version of the messages.
const Version = 1

// Errors of a message.
var (
	ErrVersion   = errors.New("unknown version")
	ErrMalformed = errors.New("malformed gossip")
)

// Message is an envelope, or the position of one that is too large.
type Message struct {
	Envelope []byte // nil: only a position
	Position sync.Position
}

// The kinds of messages.
const (
	kindEnvelope uint = 1
	kindPosition uint = 2
)

type (
	wireEnvelope struct {
		_        struct{} `cbor:",toarray"`
		V, Kind  uint
		Envelope []byte
	}
	wirePosition struct {
		_       struct{} `cbor:",toarray"`
		V, Kind uint
		Space   [16]byte
		Device  [32]byte
		Seq     uint64
		ID      [32]byte
	}
)

// Encode gives the bytes to publish.
func (m Message) Encode() ([]byte, error) {
	if m.Envelope == nil {
		p := m.Position
		return wire.Encode(wirePosition{V: Version, Kind: kindPosition, Space: p.Feed.Space, Device: p.Feed.Device, Seq: p.Seq, ID: p.ID})
	}
	if len(m.Envelope) > MaxEnvelope {
		return nil, fmt.Errorf("%w: envelope of %d bytes", ErrMalformed, len(m.Envelope))
	}
	return wire.Encode(wireEnvelope{V: Version, Kind: kindEnvelope, Envelope: m.Envelope})
}

// Decode reads a message that Encode could have made; everything else is an
// error.
func Decode(data []byte) (Message, error) {
	// An array of fewer than 24 elements, the version, the kind.
	if len(data) < 3 || len(data) > MaxEnvelope+64 || data[0]>>5 != 4 {
		return Message{}, fmt.Errorf("%w: no message", ErrMalformed)
	}
	if data[1] != Version {
		return Message{}, ErrVersion
	}
	switch uint(data[2]) {
	case kindEnvelope:
		w, err := wire.Decode[wireEnvelope](data)
		if err == nil && (len(w.Envelope) == 0 || len(w.Envelope) > MaxEnvelope) {
			err = errors.New("size")
		}
		if err != nil {
			return Message{}, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		return Message{Envelope: w.Envelope}, nil
	case kindPosition:
		w, err := wire.Decode[wirePosition](data)
		if err == nil && w.Seq == 0 {
			err = errors.New("position 0")
		}
		if err != nil {
			return Message{}, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		return Message{Position: sync.Position{Feed: sync.Feed{Space: w.Space, Device: w.Device}, Seq: w.Seq, ID: w.ID}}, nil
	}
	return Message{}, fmt.Errorf("%w: kind %d", ErrMalformed, data[2])
}
