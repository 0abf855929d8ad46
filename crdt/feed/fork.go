package feed

import (
	"errors"

	"parvis/crdt/seal"
)

// MaxForkProof is the largest encoded proof in bytes.
const MaxForkProof = 2*(MaxHeader+seal.SigSize) + 32

// ForkProof shows two signed headers that no honest device writes both: two for
// one place of one chain, or two neighbours of which the later does not name the
// earlier (rule E13). It needs no key and no content. It has one encoding: the
// lower number first, then the lower id.
type ForkProof struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Header1 []byte
	Sig1    []byte
	Header2 []byte
	Sig2    []byte
}

// NewForkProof makes the proof from two envelopes of one chain, in any order.
// The error says that they are no fork.
func NewForkProof(a, b *Envelope) (ForkProof, error) {
	if !inOrder(a.Header, b.Header, a.ID, b.ID) {
		a, b = b, a
	}
	if !conflict(&a.Header, &b.Header, a.ID, b.ID) {
		return ForkProof{}, errors.New("make fork proof: the envelopes do not contradict each other")
	}
	return ForkProof{V: Version, Header1: a.Payload, Sig1: a.Sig, Header2: b.Payload, Sig2: b.Sig}, nil
}

// Encode returns the bytes that spread to all members.
func (p ForkProof) Encode() ([]byte, error) { return seal.Encode(p) }

// Fork is what a valid proof says.
type Fork struct {
	WS   seal.ID
	Feed FeedID
	Seq  uint64     // the number of the first of the two
	IDs  [2]seal.ID // of the two envelopes
}

// ParseForkProof reads a proof and checks all of it, both signatures included.
// Errors are *[seal.Fault].
func ParseForkProof(raw []byte) (ForkProof, Fork, error) {
	if len(raw) > MaxForkProof {
		return ForkProof{}, Fork{}, reject(reasonSize)
	}
	p, err := seal.Decode[ForkProof](raw)
	if err != nil {
		return ForkProof{}, Fork{}, reject(reasonFraming)
	}
	if p.V != Version {
		return ForkProof{}, Fork{}, &seal.Fault{Outcome: seal.Pend, Reason: reasonVersion}
	}
	fork, err := p.check()
	if err != nil {
		return ForkProof{}, Fork{}, err
	}
	return p, fork, nil
}

func (p *ForkProof) check() (Fork, error) {
	if len(p.Header1) > MaxHeader || len(p.Header2) > MaxHeader {
		return Fork{}, reject(reasonSize)
	}
	h1, err := parseHeader(p.Header1)
	if err != nil {
		return Fork{}, err
	}
	h2, err := parseHeader(p.Header2)
	if err != nil {
		return Fork{}, err
	}
	id1, id2 := seal.Hash(labelEnvelope, p.Header1), seal.Hash(labelEnvelope, p.Header2)
	if !inOrder(h1, h2, id1, id2) || !conflict(&h1, &h2, id1, id2) {
		return Fork{}, reject(reasonProof)
	}
	if !seal.Verify(h1.Dev, labelEnvelope, p.Header1, p.Sig1) ||
		!seal.Verify(h2.Dev, labelEnvelope, p.Header2, p.Sig2) {
		return Fork{}, reject(reasonVerify)
	}
	return Fork{WS: h1.WS, Feed: FeedID{h1.Space, h1.Dev}, Seq: h1.Seq, IDs: [2]seal.ID{id1, id2}}, nil
}

func inOrder(a, b Header, idA, idB seal.ID) bool {
	return a.Seq < b.Seq || a.Seq == b.Seq && idA.Compare(idB) < 0
}

// conflict reports whether one device has written two histories; a comes first.
func conflict(a, b *Header, idA, idB seal.ID) bool {
	if a.WS != b.WS || a.Space != b.Space || a.Dev != b.Dev || idA == idB {
		return false
	}
	return a.Seq == b.Seq || a.Seq+1 == b.Seq && b.Prev != idA
}
