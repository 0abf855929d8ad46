package call

import (
	"fmt"

	"parvis/crdt/seal"
)

// Limits in bytes (V1).
const (
	MaxSDP    = 64 << 10
	MaxSignal = MaxSDP + 1<<10
)

const labelCall = "parvis1/call"

const version = 1

// ID names a call.
type ID [16]byte

// Type says what a signal is for.
type Type uint

// The types of signals. After a bye the sender takes part no longer.
const (
	Offer Type = 1 + iota
	Answer
	ICE
	Bye
)

// Signal is one step of connecting two devices of a call. SDP is the session
// description of an offer or answer, or the line of a candidate; Fingerprint is the
// SHA-256 of the certificate that the sender will show in DTLS.
type Signal struct {
	_           struct{} `cbor:",toarray"`
	V           uint
	Workspace   seal.ID
	Space       seal.SpaceID // who may read it may take part
	Call        ID
	From, To    seal.ID // devices
	N           uint64  // rises with every signal of From in the call
	Type        Type
	SDP         string
	Fingerprint seal.ID // of an offer or answer, else zero
}

// wire is the outer framing.
type wire struct {
	_       struct{} `cbor:",toarray"`
	Payload []byte
	Sig     []byte
}

// Seal signs a signal with the device's key. It fails when the signal breaks V2.
func Seal(key seal.SignKey, s Signal) ([]byte, error) {
	s.V = version
	if err := s.check(); err != nil {
		return nil, err
	}
	payload, err := seal.Encode(s)
	if err != nil {
		return nil, err
	}
	return seal.Encode(wire{Payload: payload, Sig: key.Sign(labelCall, payload)})
}

// Open reads a signal and checks its form and its signature (V1 to V3). The error
// carries an [seal.Outcome]. Whether From may take part, and N is new, is for
// the caller to say (V4, [Seen]).
func Open(raw []byte) (Signal, error) {
	if len(raw) > MaxSignal {
		return Signal{}, fault(seal.Drop, "call signal too large")
	}
	w, err := seal.Decode[wire](raw)
	if err != nil {
		return Signal{}, fault(seal.Drop, "call signal framing: %v", err)
	}
	s, err := seal.Decode[Signal](w.Payload)
	if err != nil {
		return Signal{}, fault(seal.Drop, "call signal: %v", err)
	}
	if err := s.check(); err != nil {
		return Signal{}, err
	}
	if !seal.Verify(s.From, labelCall, w.Payload, w.Sig) {
		return Signal{}, fault(seal.Reject, "call signal: wrong signature")
	}
	return s, nil
}

// check holds what must be right in a signal itself (V2).
func (s *Signal) check() error {
	described := s.Type == Offer || s.Type == Answer
	switch {
	case s.V != version, s.Type < Offer, s.Type > Bye:
		return fault(seal.Drop, "call signal: made by a newer version")
	case s.N == 0, s.Call == ID{}, s.From == s.To, s.From.IsZero(), s.To.IsZero():
		return fault(seal.Drop, "call signal: names nobody")
	case len(s.SDP) > MaxSDP, (s.SDP == "") != (s.Type == Bye):
		return fault(seal.Drop, "call signal: description missing or too long")
	case s.Fingerprint.IsZero() == described:
		return fault(seal.Drop, "call signal: fingerprint missing or out of place")
	}
	return nil
}

func fault(o seal.Outcome, format string, args ...any) error {
	return &seal.Fault{Outcome: o, Reason: fmt.Sprintf(format, args...)}
}
