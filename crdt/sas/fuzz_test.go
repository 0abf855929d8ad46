package sas

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

// checkMessage reads the input as each of the messages, and gives it to a side
// at each step. No panic, one encoding, and no verification.
func checkMessage(t testing.TB, raw []byte) {
	roundTrip[SasHello](t, raw)
	roundTrip[SasCommit](t, raw)
	roundTrip[SasReply](t, raw)
	roundTrip[SasOpen](t, raw)
	roundTrip[SasDone](t, raw)
	for step := stepHello; step <= stepEnd; step++ {
		s := &Session{desk: &Desk{}, terms: terms(anna, ben), identify: identify, step: step, typed: true, expected: "1"}
		s.desk.runs, s.desk.endedMs = map[seal.ID]*Session{}, map[seal.ID]int64{}
		s.desk.failures, s.desk.seen = map[seal.ID]int{}, map[seal.ID]struct{}{}
		if _, err := s.Receive(0, raw); err == nil && s.State() == Verified && step != stepDone {
			t.Fatalf("%x verified at step %d", raw, step)
		}
	}
}

func roundTrip[M message](t testing.TB, raw []byte) {
	if m, err := parse[M](raw); err == nil && !bytes.Equal(encode(m), raw) {
		t.Fatalf("%x is accepted as %+v but written as %x", raw, m, encode(m))
	}
}

func corpus(t testing.TB) [][]byte {
	run := Run{1}
	return [][]byte{
		encoded(t, SasHello{V: 1, Run: run, Purpose: 1, Genesis: anna.Person[:], Record: anna.Device[:], LogHead: seal.ID{9}}),
		encoded(t, SasCommit{V: 1, Run: run, Commit: seal.ID{1}}),
		encoded(t, SasReply{V: 1, Run: run, Random: seal.ID{1}}),
		encoded(t, SasOpen{V: 1, Run: Run{}, Random: seal.ID{1}}),
		encoded(t, SasDone{V: 1, Run: run, OK: true}),
		encoded(t, SasDone{V: 1, Run: Run{}, OK: false}),
	}
}

func TestMutations(t *testing.T) {
	t.Run("C11 mutated messages never panic and have one encoding", func(t *testing.T) {
		for raw := range sealtest.Mutations(1, corpus(t), sealtest.Inputs) {
			checkMessage(t, raw)
		}
	})
	t.Run("C11 no sequence of messages verifies a side whose person typed nothing", func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		for range 2000 {
			p := newPair(t, uint64(random.IntN(20)))
			pool := append([][]byte{}, p.toB...)
			for range 12 {
				to := p.a
				if random.IntN(2) == 0 {
					to = p.b
				}
				if send, err := to.Receive(0, pool[random.IntN(len(pool))]); err == nil && send != nil {
					pool = append(pool, send, encoded(t, SasDone{V: 1, Run: to.run, OK: true}))
				}
			}
			if p.a.State() == Verified || p.b.State() == Verified || p.a.State() == Entered || p.b.State() == Entered {
				t.Fatal("verified without a code typed")
			}
		}
	})
}

func FuzzMessage(f *testing.F) {
	for _, raw := range corpus(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) { checkMessage(t, raw) })
}
