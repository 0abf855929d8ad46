package sas

import (
	"fmt"
	"regexp"
	"testing"

	"parvis/crdt/seal"
)

func TestRun(t *testing.T) {
	t.Run("C3 C5 C9 two people who type each other's codes verify", func(t *testing.T) {
		p := newPair(t, 1)
		if p.a.State() != Waiting || p.b.State() != Waiting || p.a.Code() != "" || p.b.Code() != "" {
			t.Fatal("there is a code before the numbers are known")
		}
		p.show(1)
		six := regexp.MustCompile(`^\d{6}$`)
		if !six.MatchString(p.a.Code()) || !six.MatchString(p.b.Code()) || p.a.Code() == p.b.Code() {
			t.Fatalf("codes %q and %q", p.a.Code(), p.b.Code())
		}
		if p.a.State() != Comparing || p.b.State() != Comparing {
			t.Fatal("the codes cannot be compared")
		}
		if p.b.Terms() != terms(anna, ben) || p.a.Terms() != p.b.Terms() || p.a.Peer() != ben.Device {
			t.Errorf("terms %+v", p.b.Terms())
		}
		doneA, err := p.a.Enter(2, " "+p.b.Code()[:3]+"\u00a0"+p.b.Code()[3:])
		if err != nil || p.a.State() != Entered {
			t.Fatalf("state %v, %v", p.a.State(), err)
		}
		p.deliver(p.b, 3, doneA)
		if p.b.State() != Comparing {
			t.Fatal("B is verified before its person typed")
		}
		doneB, err := p.b.Enter(4, p.a.Code())
		if err != nil || p.b.State() != Verified {
			t.Fatalf("state %v, %v", p.b.State(), err)
		}
		p.deliver(p.a, 5, doneB)
		if p.a.State() != Verified {
			t.Fatal("A is not verified")
		}
		if _, err := p.a.Receive(6, doneB); err == nil {
			t.Error("a message after the end was accepted")
		}
		if p.deskA.Spent(seal.ID{8}) || len(p.deskA.failures)+len(p.deskB.failures) != 0 {
			t.Error("a good run counts as a failure")
		}
	})
	t.Run("C9 a wrong code ends the run on both sides", func(t *testing.T) {
		for _, wrong := range []func(p *pair) string{
			func(p *pair) string { return p.a.Code() }, // one's own
			func(p *pair) string { return "" },
			func(p *pair) string { return p.b.Code()[:5] },
			func(p *pair) string { return p.b.Code() + "0" },
		} {
			p := newPair(t, 1)
			p.show(1)
			done, err := p.a.Enter(2, wrong(p))
			wantFault(t, err, reasonCode)
			_, err = p.b.Receive(3, done)
			wantFault(t, err, reasonOther)
			if p.a.State() != Failed || p.b.State() != Failed {
				t.Errorf("states %v and %v", p.a.State(), p.b.State())
			}
			if _, err := p.b.Enter(4, p.a.Code()); err == nil {
				t.Error("a code was accepted after the end")
			}
		}
	})
	t.Run("C9 a code is typed once, and not before there is one", func(t *testing.T) {
		p := newPair(t, 1)
		_, err := p.a.Enter(1, "")
		wantFault(t, err, reasonOrder)
		p.show(1)
		if _, err := p.a.Enter(2, p.b.Code()); err != nil {
			t.Fatal(err)
		}
		_, err = p.a.Enter(3, p.b.Code())
		wantFault(t, err, reasonOrder)
		if p.a.State() != Entered {
			t.Error("typing twice ended the run")
		}
	})
	t.Run("C6 random numbers are fresh in each run", func(t *testing.T) {
		seen := map[string]bool{}
		for seed := range uint64(50) {
			p := newPair(t, seed)
			p.show(1)
			seen[p.a.Code()+p.b.Code()] = true
		}
		if len(seen) != 50 {
			t.Errorf("%d different pairs of codes in 50 runs", len(seen))
		}
	})
}

func TestTerms(t *testing.T) {
	t.Run("C2 any difference in the terms changes the codes", func(t *testing.T) {
		base := terms(anna, ben)
		seen := map[seal.ID]string{base.transcript(): "base"}
		for name, change := range map[string]func(*Terms){
			"ws": func(x *Terms) { x.WS[0]++ }, "invite": func(x *Terms) { x.Invite = seal.ID{} },
			"purpose": func(x *Terms) { x.Purpose = PurposeDevice }, "log head": func(x *Terms) { x.LogHead[0]++ },
			"person A": func(x *Terms) { x.A.Person[0]++ }, "device A": func(x *Terms) { x.A.Device[0]++ },
			"person B": func(x *Terms) { x.B.Person[0]++ }, "device B": func(x *Terms) { x.B.Device[0]++ },
			"sides": func(x *Terms) { x.A, x.B = x.B, x.A },
		} {
			changed := base
			change(&changed)
			tr := changed.transcript()
			if other, ok := seen[tr]; ok {
				t.Errorf("%s gives the transcript of %s", name, other)
			}
			seen[tr] = name
		}
	})
	t.Run("C2 unknown purposes and a device with itself are refused", func(t *testing.T) {
		for _, c := range []struct {
			reason string
			change func(*Terms)
		}{
			{reasonPurpose, func(x *Terms) { x.Purpose = 0 }},
			{reasonPurpose, func(x *Terms) { x.Purpose = 4 }},
			{reasonParty, func(x *Terms) { x.B.Device = x.A.Device }},
			{reasonParty, func(x *Terms) { x.A.Device = seal.ID{} }},
			{reasonParty, func(x *Terms) { x.B.Device = seal.ID{} }},
		} {
			bad := terms(anna, ben)
			c.change(&bad)
			_, _, err := new(Desk).Initiate(0, ben.Device, bad, introduce(anna), seeded(1))
			wantFault(t, err, c.reason)
		}
	})
	t.Run("C5 codes keep their leading zeros and both halves count", func(t *testing.T) {
		zeros := false
		for i := range byte(100) {
			a, b := codes(seal.ID{}, seal.ID{i}, seal.ID{}, Digits)
			c, d := codes(seal.ID{}, seal.ID{}, seal.ID{i}, Digits)
			if len(a) != Digits || len(b) != Digits || i > 0 && (a == c || b == d) {
				t.Fatalf("codes %q %q %q %q", a, b, c, d)
			}
			zeros = zeros || a[0] == '0' || b[0] == '0'
		}
		if !zeros {
			t.Error("no code of 200 begins with a zero")
		}
	})
}

func TestDesk(t *testing.T) {
	t.Run("C6 one run at a time per peer", func(t *testing.T) {
		p := newPair(t, 1)
		_, _, err := p.deskA.Initiate(1, ben.Device, terms(anna, ben), introduce(anna), seeded(2))
		wantFault(t, err, reasonBusy)
		_, err = p.deskB.Respond(1, anna.Device, termsOfB(ben), identify, seeded(2))
		wantFault(t, err, reasonBusy)
		if _, _, err := p.deskA.Initiate(1, mallet.Device, terms(anna, mallet), introduce(anna), seeded(2)); err != nil {
			t.Errorf("another peer is held up: %v", err)
		}
	})
	t.Run("C6 ten seconds between two runs without an invitation", func(t *testing.T) {
		p := newPair(t, 1)
		p.a.Drop(1000)
		later := terms(anna, ben)
		later.Invite, later.Purpose = seal.ID{}, PurposeVerify
		_, _, err := p.deskA.Initiate(1000+PauseMs-1, ben.Device, later, introduce(anna), seeded(2))
		wantFault(t, err, reasonTooSoon)
		if _, _, err := p.deskA.Initiate(1000+PauseMs, ben.Device, later, introduce(anna), seeded(2)); err != nil {
			t.Error(err)
		}
	})
	t.Run("C6 no pause where the invitation counts the failures", func(t *testing.T) {
		p := newPair(t, 1)
		p.a.Drop(1000)
		if _, _, err := p.deskA.Initiate(1000, ben.Device, terms(anna, ben), introduce(anna), seeded(2)); err != nil {
			t.Error(err)
		}
	})
	t.Run("C6 a run dies after ten minutes", func(t *testing.T) {
		p := newPair(t, 1)
		p.show(MaxRunMs)
		_, err := p.a.Enter(MaxRunMs+1, p.b.Code())
		wantFault(t, err, reasonExpired)
		_, err = p.b.Receive(MaxRunMs+1, encoded(t, SasDone{V: 1, Run: p.b.run, OK: true}))
		wantFault(t, err, reasonExpired)
		if p.a.State() != Failed || p.b.State() != Failed {
			t.Error("the run goes on")
		}
	})
	t.Run("C6 a dead run does not hold up the next", func(t *testing.T) {
		p := newPair(t, 1)
		if _, _, err := p.deskA.Initiate(MaxRunMs+PauseMs, ben.Device, terms(anna, ben), introduce(anna), seeded(2)); err != nil {
			t.Error(err)
		}
	})
	t.Run("C8 three failures spend the invitation", func(t *testing.T) {
		ends := map[string]func(p *pair, now int64){
			"wrong code":      func(p *pair, now int64) { p.a.Enter(now, "000000x"); p.b.Enter(now, "000000x") },
			"connection lost": func(p *pair, now int64) { p.a.Drop(now); p.b.Drop(now) },
			"bad message":     func(p *pair, now int64) { p.a.Receive(now, nil); p.b.Receive(now, nil) },
		}
		for name, end := range ends {
			p := newPair(t, 1)
			for i := range int64(MaxFailures) {
				now := i * PauseMs
				if i > 0 {
					p.start(now, uint64(i)+1)
				}
				if p.deskA.Spent(seal.ID{8}) || p.deskB.Spent(seal.ID{8}) {
					t.Fatalf("%s: spent after %d failures", name, i)
				}
				p.show(now)
				end(p, now)
			}
			if !p.deskA.Spent(seal.ID{8}) || !p.deskB.Spent(seal.ID{8}) {
				t.Errorf("%s: not spent after %d failures", name, MaxFailures)
			}
			_, _, err := p.deskA.Initiate(MaxFailures*PauseMs, ben.Device, terms(anna, ben), introduce(anna), seeded(9))
			wantFault(t, err, reasonFailures)
		}
	})
	t.Run("C8 a run counts from the moment the other side can know the codes", func(t *testing.T) {
		p := newPair(t, 1)
		p.deliver(p.b, 0, p.toB[0])
		p.b.Drop(0)
		p.a.Drop(0)
		if len(p.deskA.failures)+len(p.deskB.failures) != 0 {
			t.Error("a run without any number exchanged counts")
		}
		p.start(PauseMs, 2)
		p.deliver(p.b, PauseMs, p.toB[0])
		reply := p.deliver(p.b, PauseMs, p.toB[1])
		p.b.Drop(PauseMs)
		if p.deskB.failures[seal.ID{8}] != 1 {
			t.Error("B's run after its reply does not count")
		}
		p.deliver(p.a, PauseMs, reply)
		p.a.Drop(PauseMs)
		p.a.Drop(PauseMs)
		if p.deskA.failures[seal.ID{8}] != 1 {
			t.Error("A's run after its opening does not count once")
		}
	})
	t.Run("C8 without an invitation there is nothing to spend", func(t *testing.T) {
		d := &Desk{}
		for i := range int64(5) {
			x := terms(anna, ben)
			x.Invite, x.Purpose = seal.ID{}, PurposeDevice
			s, _, err := d.Initiate(i*PauseMs, ben.Device, x, introduce(anna), seeded(uint64(i)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Receive(i*PauseMs, encoded(t, SasReply{V: 1, Run: s.run})); err != nil {
				t.Fatal(err)
			}
			s.Drop(i * PauseMs)
		}
		if d.Spent(seal.ID{}) {
			t.Error("no invitation at all is spent")
		}
	})
	t.Run("C4 a commitment seen before ends the run", func(t *testing.T) {
		p := newPair(t, 1)
		p.deliver(p.b, 0, p.toB[0])
		p.deliver(p.b, 0, p.toB[1])
		p.b.Drop(0)
		again, err := p.deskB.Respond(PauseMs, anna.Device, termsOfB(ben), identify, seeded(5))
		if err != nil {
			t.Fatal(err)
		}
		p.deliver(again, PauseMs, p.toB[0])
		_, err = again.Receive(PauseMs, p.toB[1])
		wantFault(t, err, reasonReplay)
		if again.State() != Failed {
			t.Error("the run goes on")
		}
		// The initiator remembers too, so its own commitment cannot come back.
		_, _, err = p.deskA.Initiate(0, mallet.Device, terms(anna, ben), introduce(anna), seeded(1))
		wantFault(t, err, reasonReplay)
	})
	t.Run("C4 the memory for commitments is bounded", func(t *testing.T) {
		d := &Desk{seen: map[seal.ID]struct{}{}}
		for i := range memory + 100 {
			if !d.fresh(seal.Hash("parvis1/test", fmt.Append(nil, i))) {
				t.Fatal("a new commitment was refused")
			}
		}
		if len(d.seen) != memory || len(d.seenOrder) != memory {
			t.Errorf("%d commitments remembered, want %d", len(d.seen), memory)
		}
		if d.fresh(seal.Hash("parvis1/test", fmt.Append(nil, memory+99))) {
			t.Error("the newest was forgotten")
		}
	})
}
