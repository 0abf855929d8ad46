package sas

import (
	"testing"

	"parvis/crdt/seal"
)

// verifyTerms are those of two people who are in already.
func verifyTerms(a, b Party) Terms {
	return Terms{WS: seal.ID{7}, Purpose: PurposeVerify, A: a, B: b, LogHead: seal.ID{9}}
}

// members begins a run between two people who are in; B knows A from the log.
func members(t testing.TB, deskA, deskB *Desk, nowMs int64, seed uint64) (*pair, error) {
	t.Helper()
	p := &pair{t: t, deskA: deskA, deskB: deskB}
	var err error
	p.a, p.toB, err = deskA.Initiate(nowMs, ben.Device, verifyTerms(anna, ben), introduce(anna), seeded(seed))
	if err != nil {
		return nil, err
	}
	expected := verifyTerms(anna, ben)
	expected.LogHead = seal.ID{}
	p.b, err = deskB.Respond(nowMs, anna.Device, expected, identify, seeded(seed+1<<20))
	return p, err
}

func TestMembers(t *testing.T) {
	begin := func(t *testing.T, deskA, deskB *Desk, nowMs int64) *pair {
		t.Helper()
		p, err := members(t, deskA, deskB, nowMs, uint64(nowMs)+1)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	t.Run("C12 two who are in verify each other", func(t *testing.T) {
		p := begin(t, &Desk{}, &Desk{}, 0)
		p.show(1)
		if p.a.Terms() != p.b.Terms() || p.a.Terms() != verifyTerms(anna, ben) {
			t.Errorf("terms %+v and %+v", p.a.Terms(), p.b.Terms())
		}
		done, err := p.a.Enter(2, p.b.Code())
		if err != nil {
			t.Fatal(err)
		}
		p.deliver(p.b, 3, done)
		if _, err := p.b.Enter(4, p.a.Code()); err != nil || p.b.State() != Verified {
			t.Errorf("state %v, %v", p.b.State(), err)
		}
	})
	t.Run("C12 a hello of somebody else than the log says is refused", func(t *testing.T) {
		for _, other := range []Party{mallet, {anna.Person, mallet.Device}, {mallet.Person, anna.Device}} {
			expected := verifyTerms(anna, ben)
			b, err := new(Desk).Respond(0, anna.Device, expected, identify, seeded(1))
			if err != nil {
				t.Fatal(err)
			}
			_, hello, err := new(Desk).Initiate(0, ben.Device, verifyTerms(other, ben), introduce(other), seeded(2))
			if err != nil {
				t.Fatal(err)
			}
			_, err = b.Receive(0, hello[0])
			wantFault(t, err, reasonParty)
		}
	})
	t.Run("C12 three failures between two people are followed by a rest", func(t *testing.T) {
		deskA, deskB := &Desk{}, &Desk{}
		now := int64(0)
		for range MaxFailures {
			p := begin(t, deskA, deskB, now)
			p.show(now)
			done, err := p.a.Enter(now, "wrong")
			wantFault(t, err, reasonCode)
			_, err = p.b.Receive(now, done)
			wantFault(t, err, reasonOther)
			now += PauseMs
		}
		ended := now - PauseMs
		for _, desk := range []*Desk{deskA, deskB} {
			other := ben.Person
			if desk == deskB {
				other = anna.Person
			}
			if desk.Strikes(other) != (Strikes{MaxFailures, ended}) || desk.RestsUntil(now, other) != ended+RestMs {
				t.Errorf("strikes %+v, until %d", desk.Strikes(other), desk.RestsUntil(now, other))
			}
			if desk.RestsUntil(now, mallet.Person) != 0 {
				t.Error("others rest too")
			}
		}
		_, err := members(t, deskA, deskB, ended+RestMs-1, 1)
		wantFault(t, err, reasonResting)
		elsewhere := verifyTerms(anna, Party{ben.Person, seal.ID{44}}) // at another device of the same person
		_, _, err = deskA.Initiate(now, seal.ID{44}, elsewhere, introduce(anna), seeded(5))
		wantFault(t, err, reasonResting)
		restarted := &Desk{}
		restarted.Strike(ben.Person, deskA.Strikes(ben.Person))
		_, err = members(t, restarted, &Desk{}, ended+RestMs-1, 1)
		wantFault(t, err, reasonResting)
		if _, _, err := deskA.Initiate(now, mallet.Device, verifyTerms(anna, mallet), introduce(anna), seeded(6)); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		p := begin(t, deskA, deskB, ended+RestMs) // the count begins anew
		p.show(ended + RestMs)
		p.a.Drop(ended + RestMs)
		if got := deskA.Strikes(ben.Person); got.Failures != 1 {
			t.Errorf("after the rest: %+v", got)
		}
	})
	t.Run("C12 a good run ends the count", func(t *testing.T) {
		deskA, deskB := &Desk{}, &Desk{}
		p := begin(t, deskA, deskB, 0)
		p.show(0)
		p.a.Drop(0)
		p.b.Drop(0)
		p = begin(t, deskA, deskB, PauseMs)
		p.show(PauseMs)
		done, err := p.a.Enter(PauseMs, p.b.Code())
		if err != nil {
			t.Fatal(err)
		}
		p.deliver(p.b, PauseMs, done)
		done, err = p.b.Enter(PauseMs, p.a.Code())
		if err != nil {
			t.Fatal(err)
		}
		p.deliver(p.a, PauseMs, done)
		if deskA.Strikes(ben.Person) != (Strikes{}) || deskB.Strikes(anna.Person) != (Strikes{}) {
			t.Error("failures are left")
		}
	})
	t.Run("C12 a run that showed nothing is no failure, a clock put back no rest", func(t *testing.T) {
		deskA, deskB := &Desk{}, &Desk{}
		p := begin(t, deskA, deskB, 0)
		p.a.Drop(0)
		p.b.Drop(0)
		if deskA.Strikes(ben.Person).Failures+deskB.Strikes(anna.Person).Failures != 0 {
			t.Error("it counts")
		}
		deskA.Strike(ben.Person, Strikes{MaxFailures, 1 << 50})
		if until := deskA.RestsUntil(0, ben.Person); until != 0 {
			t.Errorf("they rest until %d", until)
		}
	})
}

// TestEveryMessageAtEveryStep hands each of the five messages, well formed and of the
// right run, to each side at each step: what happens is written down here. Commitment,
// reply and opening have one form, so one can stand for another; the codes differ then.
func TestEveryMessageAtEveryStep(t *testing.T) {
	const fine = "fine"
	names := []string{"hello", "commit", "reply", "open", "done yes", "done no"}
	for _, c := range []struct {
		rule, side string
		step       string
		want       [6]string
	}{
		{"C3", "B", "at the start", [6]string{fine, reasonMessage, reasonMessage, reasonMessage, reasonMessage, reasonMessage}},
		{"C3", "B", "after the hello", [6]string{reasonMessage, fine, fine, fine, reasonMessage, reasonMessage}},
		{"C3", "B", "after the commitment", [6]string{reasonMessage, reasonCommit, reasonCommit, fine, reasonMessage, reasonMessage}},
		{"C3", "B", "with the codes", [6]string{reasonMessage, reasonMessage, reasonMessage, reasonMessage, fine, reasonOther}},
		{"C3", "B", "confirmed", [6]string{reasonMessage, reasonMessage, reasonMessage, reasonMessage, reasonOrder, reasonOrder}},
		{"C3", "B", "verified", [6]string{reasonOrder, reasonOrder, reasonOrder, reasonOrder, reasonOrder, reasonOrder}},
		{"C3", "A", "at the start", [6]string{reasonMessage, fine, fine, fine, reasonMessage, reasonMessage}},
		{"C3", "A", "with the codes", [6]string{reasonMessage, reasonMessage, reasonMessage, reasonMessage, fine, reasonOther}},
		{"C3", "A", "typed", [6]string{reasonMessage, reasonMessage, reasonMessage, reasonMessage, fine, reasonOther}},
		{"C3", "A", "dropped", [6]string{reasonOrder, reasonOrder, reasonOrder, reasonOrder, reasonOrder, reasonOrder}},
	} {
		for i, name := range names {
			t.Run(c.rule+" "+c.side+" "+c.step+" gets "+name, func(t *testing.T) {
				p := newPair(t, 3)
				to := bring(p, c.side, c.step)
				before := to.State()
				_, err := to.Receive(0, sample(t, p, name))
				if c.want[i] == fine {
					if err != nil {
						t.Errorf("got %v", err)
					}
					return
				}
				wantFault(t, err, c.want[i])
				if after := to.State(); after != Failed && before != Verified {
					t.Errorf("state %v", after)
				}
			})
		}
	}
}

// bring takes a pair to a step and returns the side that stands there.
func bring(p *pair, side, step string) *Session {
	p.t.Helper()
	to := map[string]*Session{"A": p.a, "B": p.b}[side]
	switch step {
	case "after the hello":
		p.deliver(p.b, 0, p.toB[0])
	case "after the commitment":
		p.deliver(p.b, 0, p.toB[0])
		p.deliver(p.b, 0, p.toB[1])
	case "with the codes", "typed", "confirmed", "verified":
		p.show(0)
	}
	yes := encoded(p.t, SasDone{V: 1, Run: p.a.run, OK: true})
	switch step {
	case "confirmed":
		p.deliver(to, 0, yes)
	case "verified":
		p.deliver(to, 0, yes)
		fallthrough
	case "typed":
		if _, err := to.Enter(0, to.expected); err != nil {
			p.t.Fatal(err)
		}
	case "dropped":
		to.Drop(0)
	}
	return to
}

// sample is a message of the pair's run, with the contents that fit it best.
func sample(t *testing.T, p *pair, name string) []byte {
	switch name {
	case "hello":
		return p.toB[0]
	case "commit":
		return p.toB[1]
	case "reply":
		return encoded(t, SasReply{V: 1, Run: p.a.run, Random: p.b.ours})
	case "open":
		return encoded(t, SasOpen{V: 1, Run: p.a.run, Random: p.a.ours})
	case "done yes":
		return encoded(t, SasDone{V: 1, Run: p.a.run, OK: true})
	}
	return encoded(t, SasDone{V: 1, Run: p.a.run, OK: false})
}
