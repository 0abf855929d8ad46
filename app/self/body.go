package self

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Limits of a body (rules F1 to F4).
const (
	MaxFacts = 64
	// factsAtOnce keeps a body below the limit of an envelope, whatever the values are.
	factsAtOnce = 24
	MaxKey      = 200       // bytes
	MaxOrder    = 64        // bytes
	MaxValue    = 32 * 1024 // bytes
	version     = 1
	maxLamport  = 1 << 53
)

var errNewer = errors.New("made by a newer version of Parvis")

// Body is the content of a self envelope (rule F1).
type Body struct {
	_     struct{} `cbor:",toarray"`
	V     uint
	Facts []Entry
}

// Entry is one fact as it travels.
type Entry struct {
	_       struct{} `cbor:",toarray"`
	Key     string
	Order   []byte
	Lamport uint64 // 1 + the greatest that the author knew of this key
	Value   []byte
}

// Encode writes a body.
func (b Body) Encode() ([]byte, error) {
	b.V = version
	return seal.Encode(b)
}

// Decode reads and checks the body of an envelope in the own space of a person.
func Decode(o workspace.Opened, home seal.SpaceID) (Body, error) {
	b, err := seal.Decode[Body](o.Body)
	if err != nil {
		if newer(o.Body) {
			return Body{}, errNewer
		}
		return Body{}, err
	}
	switch {
	case b.V > version:
		return Body{}, errNewer
	case b.V != version:
		return Body{}, fmt.Errorf("version %d does not exist", b.V)
	case o.Space != home:
		return Body{}, errors.New("a fact outside of the person's own space")
	case len(b.Facts) == 0 || len(b.Facts) > MaxFacts:
		return Body{}, fmt.Errorf("%d facts", len(b.Facts))
	}
	for i, f := range b.Facts {
		if err := f.check(); err != nil {
			return Body{}, err
		}
		if i > 0 && b.Facts[i-1].Key >= f.Key {
			return Body{}, errors.New("facts are not in ascending order")
		}
	}
	return b, nil
}

func (f Entry) check() error {
	switch {
	case f.Key == "" || len(f.Key) > MaxKey || !utf8.ValidString(f.Key):
		return fmt.Errorf("a key of %d bytes", len(f.Key))
	case len(f.Order) > MaxOrder:
		return fmt.Errorf("an order of %d bytes", len(f.Order))
	case len(f.Value) > MaxValue:
		return fmt.Errorf("a value of %d bytes", len(f.Value))
	case f.Lamport == 0 || f.Lamport > maxLamport:
		return fmt.Errorf("lamport %d", f.Lamport)
	}
	return nil
}

// newer reports whether data is an array with a version that only a later program
// knows.
func newer(data []byte) bool {
	elements, err := seal.Elements(data)
	if err != nil || len(elements) < 2 {
		return false
	}
	v, err := seal.Decode[uint](elements[0])
	return err == nil && v > version
}
