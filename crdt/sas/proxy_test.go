package sas

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// somebody is a person with real keys.
type somebody struct {
	Party
	Introduction
	peer seal.ID
}

func newSomebody(t *testing.T, n byte) somebody {
	t.Helper()
	keys := member.NewDeviceKeys([32]byte{n})
	kem, err := seal.NewKEMKey([32]byte{n})
	if err != nil {
		t.Fatal(err)
	}
	g, raw, err := member.NewPersonGenesis(keys, kem.Public(), 0, [16]byte{n}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, person, err := member.ParsePersonGenesis(raw)
	if err != nil {
		t.Fatal(err)
	}
	return somebody{Party{person, keys.ID()}, Introduction{raw, g.Device0}, keys.PeerPublic()}
}

// identifyPeer is what a program does with an introduction: every signature is checked,
// and the device must be the one at the other end of the connection.
func identifyPeer(peer seal.ID) Identify {
	return func(genesis, record []byte) (Party, error) {
		g, person, err := member.ParsePersonGenesis(genesis)
		if err != nil {
			return Party{}, err
		}
		device, err := g.First()
		if err == nil && !seal.EqualBytes(g.Device0, record) {
			device, err = member.ParseDeviceRecord(record, person)
		}
		if err == nil && device.PeerPK != peer {
			err = errors.New("another device")
		}
		return Party{person, device.SignPK}, err
	}
}

// trusting is identifyPeer with the checks made once per introduction: they cost more
// than all the rest of a run.
func trusting(people ...somebody) func(peer seal.ID) Identify {
	return func(peer seal.ID) Identify {
		return func(genesis, _ []byte) (Party, error) {
			for _, p := range people {
				if p.peer == peer && seal.EqualBytes(p.Genesis, genesis) {
					return p.Party, nil
				}
			}
			return Party{}, errors.New("another device")
		}
	}
}

// proxy stands between Anna and Ben and swaps the keys: it runs a comparison of its own
// with each of them. Anna's and Ben's codes come out at the ends.
type proxy struct {
	purpose Purpose
	digits  int
	check   func(peer seal.ID) Identify
}

func (x proxy) terms(a, b somebody, head byte) Terms {
	made := Terms{WS: seal.ID{7}, Purpose: x.purpose, A: a.Party, B: b.Party, LogHead: seal.ID{head}}
	if x.purpose == PurposeJoin {
		made.Invite = seal.ID{8}
	}
	return made
}

// session runs one honest comparison of two programs up to the codes.
func (x proxy) session(t *testing.T, a, b somebody, head byte, random func(int) []byte) (atA, atB *Session) {
	t.Helper()
	deskA, deskB := &Desk{fewer: x.digits}, &Desk{fewer: x.digits}
	atA, first, err := deskA.Initiate(0, b.peer, x.terms(a, b, head), a.Introduction, random)
	if err != nil {
		t.Fatal(err)
	}
	terms := x.terms(a, b, 0)
	if terms.LogHead = (seal.ID{}); x.purpose == PurposeJoin {
		terms.A = Party{}
	}
	if atB, err = deskB.Respond(0, a.peer, terms, x.check(a.peer), random); err != nil {
		t.Fatal(err)
	}
	hand := func(to *Session, raw []byte) []byte {
		send, err := to.Receive(0, raw)
		if err != nil {
			t.Fatal(err)
		}
		return send
	}
	hand(atB, first[0])
	hand(atB, hand(atA, hand(atB, first[1])))
	return atA, atB
}

// run is one man in the middle: who of the two is deceived.
func (x proxy) run(t *testing.T, anna, ben, mallet somebody, seed uint64) (annaDeceived, benDeceived bool) {
	t.Helper()
	random := seeded(seed)
	atAnna, _ := x.session(t, anna, mallet, 9, random) // Mallet says it is Ben
	_, atBen := x.session(t, mallet, ben, 10, random)  // and that it is Anna
	_, errAnna := atAnna.Enter(0, atBen.Code())        // they read their codes to each other
	_, errBen := atBen.Enter(0, atAnna.Code())
	return errAnna == nil, errBen == nil
}

func TestAProxyThatSwapsKeys(t *testing.T) {
	anna, ben, mallet := newSomebody(t, 1), newSomebody(t, 2), newSomebody(t, 3)
	purposes := map[Purpose]string{PurposeJoin: "a join", PurposeVerify: "two members"}
	for purpose, name := range purposes {
		t.Run("C10 with six digits it is found in 1,000 of 1,000 runs of "+name, func(t *testing.T) {
			found := 0
			for seed := range uint64(1000) {
				x := proxy{purpose: purpose, check: trusting(anna, ben, mallet)}
				if seed < 20 {
					x.check = identifyPeer
				}
				if a, b := x.run(t, anna, ben, mallet, seed+1<<30); !a && !b {
					found++
				}
			}
			t.Logf("%s: found by both in %d of 1000 runs", name, found)
			if found != 1000 {
				t.Errorf("found in %d of 1000 runs", found)
			}
		})
		t.Run("C10 with two digits it has one blind guess per run of "+name, func(t *testing.T) {
			const runs = 20_000
			toAnna, toBen := 0, 0
			for seed := range uint64(runs) {
				a, b := proxy{purpose: purpose, digits: 2, check: trusting(anna, ben, mallet)}.run(t, anna, ben, mallet, seed+1<<28)
				if a {
					toAnna++
				}
				if b {
					toBen++
				}
			}
			sigma := math.Sqrt(runs * 0.01 * 0.99)
			for who, hits := range map[string]int{"Anna": toAnna, "Ben": toBen} {
				told := fmt.Sprintf("%s: %s deceived in %d of %d runs (%.5f), expected 200 ± %.1f", name, who, hits, runs, float64(hits)/runs, 3*sigma)
				t.Log(told)
				if math.Abs(float64(hits)-runs*0.01) > 3*sigma {
					t.Error(told)
				}
			}
		})
		t.Run("C7 a proxy that hands the messages on is found by the keys of "+name, func(t *testing.T) {
			x := proxy{purpose: purpose, check: identifyPeer}
			_, first, err := new(Desk).Initiate(0, mallet.peer, x.terms(anna, mallet, 9), anna.Introduction, seeded(1))
			if err != nil {
				t.Fatal(err)
			}
			b, err := new(Desk).Respond(0, mallet.peer, Terms{WS: seal.ID{7}, Purpose: purpose, B: ben.Party}, identifyPeer(mallet.peer), seeded(2))
			if err != nil {
				t.Fatal(err)
			}
			_, err = b.Receive(0, first[0])
			wantFault(t, err, reasonParty)
		})
	}
}
