package guest

import (
	"fmt"
	"unicode/utf8"

	"parvis/crdt/seal"
)

// Limits in bytes (V23).
const (
	MaxName  = 256
	maxKnock = 512
)

const version = 1

// The first byte of what is said, in the clear.
const (
	kindKnock   = 1 // and the answer to it
	kindSession = 2
)

// IsKnock tells a knock, or the answer to one, from a message of a session.
func IsKnock(data []byte) bool { return len(data) > 0 && data[0] == kindKnock }

// Knock is how a guest asks to be let in. The name is what somebody typed into a page: it
// is to be cleaned before it is shown, and proves nothing.
type Knock struct {
	Name   string
	Public Public
}

// ID names who knocks.
func (k Knock) ID() seal.ID { return IDOf(k.Public) }

// State is what a member answers.
type State uint

// The states. A page takes one that it does not know for Waiting.
const (
	Waiting  State = 1 + iota // it has been shown to the members
	Admitted                  // a session begins, with the key of the answer
	Refused
	Full    // there are as many guests as there may be
	Revoked // the link is not valid any more
)

// Answer is a member's answer to a knock.
type Answer struct {
	State  State
	Public Public
}

type knock struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Name   string
	Public Public
}

type answer struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	State  uint
	Public Public
}

// knockAAD binds a knock to its room, answerAAD an answer to who knocked, so that it is
// nobody else's.
func (l Link) knockAAD() []byte { return l.Room[:] }

func (l Link) answerAAD(to seal.ID) []byte { return append(l.Room[:], to[:]...) }

// SealKnock seals a guest's knock. It fails when the name breaks V23.
func (l Link) SealKnock(k Knock) ([]byte, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	plain, err := seal.Encode(knock{V: version, Name: k.Name, Public: k.Public})
	if err != nil {
		return nil, err
	}
	return append([]byte{kindKnock}, l.up.Seal(plain, l.knockAAD())...), nil
}

// OpenKnock reads a guest's knock. The error carries an [seal.Outcome].
func (l Link) OpenKnock(data []byte) (Knock, error) {
	plain, err := openShort(l.up, data, l.knockAAD())
	if err != nil {
		return Knock{}, err
	}
	raw, err := seal.Decode[knock](plain)
	if err != nil || raw.V != version {
		return Knock{}, fault("knock: made by a newer version, or malformed")
	}
	k := Knock{raw.Name, raw.Public}
	return k, k.check()
}

func (k Knock) check() error {
	if k.Name == "" || len(k.Name) > MaxName || !utf8.ValidString(k.Name) {
		return fault("knock: no name, or too long a one")
	}
	if k.Public == (Public{}) {
		return fault("knock: no key")
	}
	return nil
}

// SealAnswer seals the answer to who knocked.
func (l Link) SealAnswer(to seal.ID, a Answer) ([]byte, error) {
	if a.State < Waiting || a.Public == (Public{}) {
		return nil, fault("answer: no state or no key")
	}
	plain, err := seal.Encode(answer{V: version, State: uint(a.State), Public: a.Public})
	if err != nil {
		return nil, err
	}
	return append([]byte{kindKnock}, l.down.Seal(plain, l.answerAAD(to))...), nil
}

// OpenAnswer reads the answer to an own knock.
func (l Link) OpenAnswer(own seal.ID, data []byte) (Answer, error) {
	plain, err := openShort(l.down, data, l.answerAAD(own))
	if err != nil {
		return Answer{}, err
	}
	raw, err := seal.Decode[answer](plain)
	if err != nil || raw.V != version || raw.State == 0 || raw.Public == (Public{}) {
		return Answer{}, fault("answer: made by a newer version, or malformed")
	}
	return Answer{State(raw.State), raw.Public}, nil
}

// openShort opens what is sealed with a key of the link.
func openShort(key seal.AESKey, data, aad []byte) ([]byte, error) {
	if len(data) > maxKnock || !IsKnock(data) {
		return nil, fault("neither a knock nor an answer")
	}
	plain, err := key.Open(data[1:], aad)
	if err != nil {
		return nil, fault("not sealed with the key of the link")
	}
	return plain, nil
}

// fault: what comes from a guest costs nobody points, as the super-peer cannot see it.
func fault(format string, args ...any) error {
	return &seal.Fault{Outcome: seal.Drop, Reason: fmt.Sprintf(format, args...)}
}
