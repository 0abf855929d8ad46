// Package forward carries /parvis/forward/1 (SPEC.md W90 to W96): a member enters the
// room of a call at a super-peer, which carries sound and pictures on without a key, and
// the two exchange the signals of their media connection. What a signal says, and what
// flows over that connection, is not looked at here.
package forward

import (
	"errors"
	"fmt"

	"parvis/p2p/wire"
)

// Protocol is the id of the protocol, with its major version. A super-peer that carries
// no calls does not speak it.
const Protocol = "/parvis/forward/1"

// MaxText is the size of the text of a signal in bytes.
const MaxText = 64 << 10

const (
	version  = 1
	maxJoin  = 128
	maxShort = 16            // a verdict
	maxFrame = MaxText + 128 // a signal
	breach   = 10            // points for a broken rule (protocol 2.18)
)

// Room names a call to the super-peers that carry it. It tells nothing of the call.
type Room [16]byte

// Tag stands for a device in a call, in its packets.
type Tag [8]byte

// Ticket is what a member shows to come in.
type Ticket struct {
	Workspace [32]byte // whose access list the member is in
	Room      Room
	Tag       Tag
}

// Kind says what a signal is for. The numbers travel.
type Kind uint8

// The kinds of signals.
const (
	Offer     Kind = 1
	Answer    Kind = 2
	Candidate Kind = 3
	Bye       Kind = 4 // of the media connection; who leaves the room ends the stream
)

// Signal is one message about a media connection. Nothing in it is trusted but who sent
// it, which is known from the stream.
type Signal struct {
	Kind        Kind
	Text        string
	Fingerprint [32]byte // of an offer or answer, else zero
}

// Why a super-peer lets somebody not in. Any other error of [Enter] means that the
// connection failed.
var (
	ErrStranger = errors.New("not in the access list of the super-peer")
	ErrTaken    = errors.New("somebody else has this place in the call")
	ErrFull     = errors.New("the super-peer carries no more")
	ErrOften    = errors.New("came in too often")
)

// The codes of a verdict.
const (
	codeIn = iota
	codeStranger
	codeTaken
	codeFull
	codeOften
	codes
)

// refusals are the errors of the codes.
var refusals = [codes]error{nil, ErrStranger, ErrTaken, ErrFull, ErrOften}

// join is the first message of the member.
type join struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	Workspace [32]byte
	Room      Room
	Tag       Tag
}

// verdict is the super-peer's answer to it.
type verdict struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Code uint
}

// signal is what both say from then on.
type signal struct {
	_           struct{} `cbor:",toarray"`
	V           uint
	Kind        uint
	Text        string
	Fingerprint [32]byte
}

func malformed(what string) error { return fmt.Errorf("%w: %s", wire.ErrMalformed, what) }

func decodeJoin(frame []byte) (Ticket, error) {
	j, err := wire.Decode[join](frame)
	if err == nil && (j.V != version || j.Room == Room{} || j.Tag == Tag{}) {
		err = malformed("ticket to a call")
	}
	return Ticket{j.Workspace, j.Room, j.Tag}, err
}

// decodeVerdict takes codes that it does not know for a lack of room.
func decodeVerdict(frame []byte) (refusal, err error) {
	v, err := wire.Decode[verdict](frame)
	switch {
	case err != nil:
		return nil, err
	case v.V != version:
		return nil, malformed("verdict on a ticket")
	case v.Code >= codes:
		return ErrFull, nil
	}
	return refusals[v.Code], nil
}

// verdictOn is the message that says a refusal, or that there is none.
func verdictOn(refusal error) verdict {
	for code, known := range refusals {
		if known == refusal {
			return verdict{V: version, Code: uint(code)}
		}
	}
	return verdict{V: version, Code: codeFull}
}

func decodeSignal(frame []byte) (Signal, error) {
	raw, err := wire.Decode[signal](frame)
	if err != nil {
		return Signal{}, err
	}
	s := Signal{Kind(min(raw.Kind, 0xff)), raw.Text, raw.Fingerprint}
	if raw.V != version {
		return Signal{}, malformed("version of a signal")
	}
	return s, s.check()
}

// check holds what must be right in a signal itself.
func (s Signal) check() error {
	described := s.Kind == Offer || s.Kind == Answer
	switch {
	case s.Kind < Offer || s.Kind > Bye:
		return malformed("kind of a signal")
	case len(s.Text) > MaxText:
		return fmt.Errorf("%w: text of a signal", wire.ErrTooLarge)
	case s.Text == "" && s.Kind != Bye, (s.Fingerprint == [32]byte{}) == described:
		return malformed("signal without text or fingerprint, or with one out of place")
	}
	return nil
}

func (s Signal) message() signal {
	return signal{V: version, Kind: uint(s.Kind), Text: s.Text, Fingerprint: s.Fingerprint}
}
