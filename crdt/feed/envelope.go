package feed

import (
	"encoding/binary"

	"parvis/crdt/seal"
)

// Limits of an envelope in bytes and elements (rule E1).
const (
	Version     = 1
	MaxHeader   = 1 << 10
	MaxCT       = 1<<20 + 64<<10
	MaxBody     = 1 << 20
	MaxLogRefs  = 4
	MaxDeps     = 16
	MaxEnvelope = MaxHeader + MaxCT + 128 // header, signature, sealed content, framing
	minCT       = minPlain + seal.Overhead
)

const (
	labelEnvelope = "parvis1/env"     // signature, id, and key derivation
	labelAAD      = "parvis1/env/aad" // what the seal binds of the header
)

// Header is the signed part of an envelope: who wrote it, where in which chain
// it stands, and what the author knew. It names nothing readable.
type Header struct {
	_       struct{}     `cbor:",toarray"`
	V       uint         // Version
	WS      seal.ID      // the workspace
	Space   seal.SpaceID // the space, where the author must have write access
	Dev     seal.ID      // the author: a device's public signing key
	Seq     uint64       // 1 for the first of this device in this space, then one more each
	Prev    seal.ID      // id of the envelope before, zero for the first
	LogRefs []seal.ID    // 1 to 4 membership heads the author knew, strictly ascending
	EpochID seal.ID      // the key epoch of the space it is sealed under
	CTHash  seal.ID      // SHA-256 of the sealed content
	CTLen   uint32       // its length in bytes
}

// Plain is the sealed content.
type Plain struct {
	_      struct{}  `cbor:",toarray"`
	Kind   uint      // which feature reads Body
	HintMs int64     // the author's clock, Unix milliseconds: a label, never an order
	Deps   []seal.ID // envelopes this one builds on, at most 16
	Body   []byte    // at most MaxBody bytes
	Pad    []byte    // zeros; filled in by Seal, removed by Open
}

// Envelope is one message of a chain. Payload, Sig and CT lie inside Raw and
// nothing may be changed in place. Header is what Payload says; ID names
// Payload alone, so a second signature of the same text is the same envelope.
type Envelope struct {
	ID      seal.ID
	Header  Header
	Payload []byte
	Sig     []byte
	CT      []byte
	Raw     []byte
}

// wire is the outer framing of an envelope.
type wire struct {
	_       struct{} `cbor:",toarray"`
	Payload []byte
	Sig     []byte
	CT      []byte
}

// Feed returns the chain the envelope belongs to.
func (e *Envelope) Feed() FeedID { return FeedID{Space: e.Header.Space, Device: e.Header.Dev} }

// Tail returns the envelope as the end of its chain.
func (e *Envelope) Tail() Tail { return Tail{Seq: e.Header.Seq, ID: e.ID} }

// Verify checks the signature, which costs more than everything else together;
// callers run it on several cores. Nothing may wait, be stored or be shown
// before it returned true (rule E5).
func (e *Envelope) Verify() bool {
	return seal.Verify(e.Header.Dev, labelEnvelope, e.Payload, e.Sig)
}

// VerifyAll says of every envelope what [Envelope.Verify] says of it; each of many
// costs a fraction (see [seal.VerifyAll]).
func VerifyAll(envelopes []*Envelope) []bool {
	claims := make([]seal.Claim, len(envelopes))
	for i, e := range envelopes {
		claims[i] = seal.Claim{Pub: e.Header.Dev, Label: labelEnvelope, Payload: e.Payload, Sig: e.Sig}
	}
	return seal.VerifyAll(claims)
}

// ContentKey derives the key that one device seals with in one epoch from the
// epoch's secret (rule E9). It is the same for every envelope of the device in
// that epoch: keep it.
func ContentKey(secret seal.Key, space seal.SpaceID, epochID, dev seal.ID) seal.Key {
	salt := make([]byte, 0, len(space)+len(epochID))
	salt = append(append(salt, space[:]...), epochID[:]...)
	return seal.KDF(secret[:], salt, labelEnvelope+string(dev[:]))
}

// aad binds the sealed content to header fields 1–7 (rule E10), so that a key
// holder cannot move it to another place or author.
func (h *Header) aad() []byte {
	var seq [8]byte
	binary.BigEndian.PutUint64(seq[:], h.Seq)
	refs := make([]byte, 0, MaxLogRefs*len(seal.ID{}))
	for _, ref := range h.LogRefs {
		refs = append(refs, ref[:]...)
	}
	sum := seal.Hash(labelAAD, h.WS[:], h.Space[:], h.Dev[:], seq[:], h.Prev[:], refs, h.EpochID[:])
	return sum[:]
}
