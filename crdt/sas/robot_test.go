package sas

import (
	"math"
	"testing"

	"parvis/crdt/seal"
)

// robot stands between Anna and Ben: to Anna it is Ben, to Ben it is Anna, with
// its own keys. It plays as well as anybody can: it learns everything that Ben
// can tell before it answers Anna.
type robot struct {
	atAnna, atBen *Session // the two honest people's sessions
	mine          seal.ID  // the number it committed to towards Ben
	run           Run      // its run with Ben
}

// play takes both runs to the codes.
func play(t *testing.T, seed uint64, digits int) robot {
	t.Helper()
	random := seeded(seed)
	deskA, deskB := &Desk{fewer: digits}, &Desk{fewer: digits}
	a, fromAnna, err := deskA.Initiate(0, mallet.Device, terms(anna, mallet), introduce(anna), random)
	if err != nil {
		t.Fatal(err)
	}
	b, err := deskB.Respond(0, mallet.Device, termsOfB(ben), identify, random)
	if err != nil {
		t.Fatal(err)
	}
	r := robot{atAnna: a, atBen: b}
	must := func(send []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return send
	}
	// Towards Ben: commit to a number, and learn his.
	copy(r.run[:], random(16))
	copy(r.mine[:], random(32))
	toBen := terms(mallet, ben)
	must(b.Receive(0, encoded(t, SasHello{V: 1, Run: r.run, Purpose: PurposeJoin, Genesis: mallet.Person[:], Record: mallet.Device[:], LogHead: toBen.LogHead})))
	must(b.Receive(0, encoded(t, SasCommit{V: 1, Run: r.run, Commit: commitment(toBen.transcript(), r.mine)})))

	// Towards Anna: answer with a number, and learn hers.
	hello, err := seal.Decode[SasHello](fromAnna[0])
	if err != nil {
		t.Fatal(err)
	}
	must(a.Receive(0, encoded(t, SasReply{V: 1, Run: hello.Run, Random: seal.ID(random(32))})))
	return r
}

func TestManInTheMiddle(t *testing.T) {
	const runs = 20_000
	rate := func(name string, hits int, probability float64) {
		t.Helper()
		want := runs * probability
		sigma := math.Sqrt(runs * probability * (1 - probability))
		t.Logf("%s: %d of %d, expected %.1f ± %.1f", name, hits, runs, want, 3*sigma)
		if math.Abs(float64(hits)-want) > 3*sigma {
			t.Errorf("%s: %d of %d, expected %.1f ± %.1f", name, hits, runs, want, 3*sigma)
		}
	}
	for _, digits := range []int{1, 2} {
		guess := math.Pow(10, -float64(digits))
		t.Run("C10 it has one blind guess per direction", func(t *testing.T) {
			toAnna, toBen, both := 0, 0, 0
			for seed := range uint64(runs) {
				r := play(t, seed, digits)
				if _, err := r.atBen.Receive(0, encoded(t, SasOpen{V: 1, Run: r.run, Random: r.mine})); err != nil {
					t.Fatal(err)
				}
				// The people read their codes to each other over the phone.
				_, errA := r.atAnna.Enter(0, r.atBen.Code())
				_, errB := r.atBen.Enter(0, r.atAnna.Code())
				if errA == nil {
					toAnna++
				}
				if errB == nil {
					toBen++
				}
				if errA == nil && errB == nil {
					both++
				}
			}
			rate("Anna deceived", toAnna, guess)
			rate("Ben deceived", toBen, guess)
			rate("both deceived", both, guess*guess)
		})
	}
	t.Run("C10 C4 looking for a better number afterwards is found out", func(t *testing.T) {
		for seed := range uint64(200) {
			r := play(t, seed, 2)
			// It knows Anna's codes and Ben's number by now: with another number
			// of its own the codes would agree.
			tr := terms(mallet, ben)
			var better seal.ID
			for n := uint64(0); ; n++ {
				better = seal.ID(seeded(seed<<8 + n + 1<<24)(32))
				if a, _ := codes(tr.transcript(), better, r.atBen.ours, 2); a == r.atAnna.Code() {
					break
				}
			}
			_, err := r.atBen.Receive(0, encoded(t, SasOpen{V: 1, Run: r.run, Random: better}))
			wantFault(t, err, reasonCommit)
		}
	})
}
