package sas

import "parvis/crdt/seal"

// Limits of the messages in bytes (rule C1).
const (
	Version    = 1
	MaxGenesis = 4 << 10
	MaxRecord  = 2 << 10
	MaxMessage = MaxGenesis + MaxRecord + 256
)

// Run names one comparison, so that messages of two are never mixed.
type Run [16]byte

// UnmarshalBinary takes exactly 16 bytes.
func (r *Run) UnmarshalBinary(data []byte) error {
	if len(data) != len(r) {
		return reject(reasonMessage)
	}
	copy(r[:], data)
	return nil
}

// MarshalBinary returns the 16 bytes.
func (r Run) MarshalBinary() ([]byte, error) { return r[:], nil }

// SasHello opens a run: it says who starts it and for what. Person and device
// are carried whole, so that the other side can compute their ids itself.
type SasHello struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Run     Run
	Purpose Purpose
	Genesis []byte  // PersonGenesis of the initiator
	Record  []byte  // DeviceRecord of the initiator
	LogHead seal.ID // the newest log entry it knows
}

// SasCommit binds the initiator to its random number before it sees the other's.
type SasCommit struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Run    Run
	Commit seal.ID // H("parvis1/sas/commit", transcript, random number)
}

// SasReply carries the responder's random number.
type SasReply struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Run    Run
	Random seal.ID
}

// SasOpen shows the number the initiator had committed to.
type SasOpen struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Run    Run
	Random seal.ID
}

// SasDone says whether this side's person typed the code this side expected.
type SasDone struct {
	_   struct{} `cbor:",toarray"`
	V   uint
	Run Run
	OK  bool
}

// The fixed reasons of faults, as the tests name them.
const (
	reasonMessage  = "message"
	reasonVersion  = "version"
	reasonOrder    = "order"
	reasonRun      = "run"
	reasonPurpose  = "purpose"
	reasonParty    = "party"
	reasonReplay   = "commitment seen before"
	reasonCommit   = "commitment"
	reasonExpired  = "too late"
	reasonCode     = "codes differ"
	reasonOther    = "the other side says the codes differ"
	reasonDropped  = "connection lost"
	reasonBusy     = "a run is under way"
	reasonTooSoon  = "too soon after the last run"
	reasonFailures = "too many failures"
	reasonResting  = "too many failures with this person"
)

func reject(reason string) error { return &seal.Fault{Outcome: seal.Reject, Reason: reason} }

// message is any of the five.
type message interface {
	SasHello | SasCommit | SasReply | SasOpen | SasDone
}

// parse reads one message; its version and run are checked by the caller.
func parse[M message](raw []byte) (M, error) {
	var none M
	if len(raw) > MaxMessage {
		return none, reject(reasonMessage)
	}
	m, err := seal.Decode[M](raw)
	if err != nil {
		return none, reject(reasonMessage)
	}
	return m, nil
}

// encode writes a message of ours, which always can be written.
func encode[M message](m M) []byte {
	raw, err := seal.Encode(m)
	if err != nil {
		panic("sas: " + err.Error())
	}
	return raw
}
