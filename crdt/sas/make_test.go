package sas

import (
	"errors"
	"math/rand/v2"
	"testing"

	"parvis/crdt/seal"
)

// seeded gives the same "random" bytes for the same seed.
func seeded(seed uint64) func(n int) []byte {
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24)})
	return func(n int) []byte {
		b := make([]byte, n)
		if _, err := source.Read(b); err != nil {
			panic(err)
		}
		return b
	}
}

var (
	anna   = Party{Person: seal.ID{1}, Device: seal.ID{2}}
	ben    = Party{Person: seal.ID{3}, Device: seal.ID{4}}
	mallet = Party{Person: seal.ID{5}, Device: seal.ID{6}}
)

// introduce says who a party is; identify reads it back. The real ones are
// signed records, which this package only carries.
func introduce(p Party) Introduction {
	return Introduction{Genesis: p.Person[:], Record: p.Device[:]}
}

func identify(genesis, record []byte) (Party, error) {
	if len(genesis) != 32 || len(record) != 32 {
		return Party{}, errors.New("malformed")
	}
	return Party{seal.ID(genesis), seal.ID(record)}, nil
}

// terms are those of A; B's lack what only A knows.
func terms(a, b Party) Terms {
	return Terms{WS: seal.ID{7}, Invite: seal.ID{8}, Purpose: PurposeJoin, A: a, B: b, LogHead: seal.ID{9}}
}

func termsOfB(b Party) Terms {
	t := terms(Party{}, b)
	t.LogHead = seal.ID{}
	return t
}

// pair is two sides before the first message.
type pair struct {
	t            testing.TB
	deskA, deskB *Desk
	a, b         *Session
	toB          [][]byte
}

func newPair(t testing.TB, seed uint64) *pair {
	t.Helper()
	p := &pair{t: t, deskA: &Desk{}, deskB: &Desk{}}
	p.start(0, seed)
	return p
}

// start begins a run on both sides.
func (p *pair) start(nowMs int64, seed uint64) {
	p.t.Helper()
	var err error
	p.a, p.toB, err = p.deskA.Initiate(nowMs, ben.Device, terms(anna, ben), introduce(anna), seeded(seed))
	if err != nil {
		p.t.Fatal(err)
	}
	p.b, err = p.deskB.Respond(nowMs, anna.Device, termsOfB(ben), identify, seeded(seed+1<<20))
	if err != nil {
		p.t.Fatal(err)
	}
}

// show exchanges all messages up to the codes.
func (p *pair) show(nowMs int64) {
	p.t.Helper()
	p.deliver(p.b, nowMs, p.toB[0])
	reply := p.deliver(p.b, nowMs, p.toB[1])
	open := p.deliver(p.a, nowMs, reply)
	p.deliver(p.b, nowMs, open)
}

func (p *pair) deliver(to *Session, nowMs int64, raw []byte) []byte {
	p.t.Helper()
	send, err := to.Receive(nowMs, raw)
	if err != nil {
		p.t.Fatal(err)
	}
	return send
}

func wantFault(t *testing.T, err error, reason string) {
	t.Helper()
	if fault, ok := errors.AsType[*seal.Fault](err); !ok || fault.Outcome != seal.Reject || fault.Reason != reason {
		t.Errorf("got %v, want reject: %s", err, reason)
	}
}

func encoded[T any](t testing.TB, v T) []byte {
	t.Helper()
	raw, err := seal.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
