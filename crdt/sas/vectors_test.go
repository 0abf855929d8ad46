package sas

import (
	"flag"
	"testing"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

var update = flag.Bool("update", false, "write the test vectors again")

// runVector is one whole run: the terms, both numbers, every message, both codes.
type runVector struct {
	WS, Invite, LogHead    sealtest.Hex
	Purpose                uint
	PersonA, DeviceA       sealtest.Hex
	PersonB, DeviceB       sealtest.Hex
	RandomA, RandomB       sealtest.Hex
	Transcript, Commitment sealtest.Hex
	Hello, Commit          sealtest.Hex
	Reply, Open, Done      sealtest.Hex
	CodeA, CodeB           string
}

func makeRuns(t *testing.T) []runVector {
	var list []runVector
	for seed := range uint64(3) {
		p := newPair(t, seed)
		p.deliver(p.b, 0, p.toB[0])
		reply := p.deliver(p.b, 0, p.toB[1])
		open := p.deliver(p.a, 0, reply)
		p.deliver(p.b, 0, open)
		done, err := p.a.Enter(0, p.b.Code())
		if err != nil {
			t.Fatal(err)
		}
		x := terms(anna, ben)
		tr := x.transcript()
		list = append(list, runVector{
			WS: x.WS[:], Invite: x.Invite[:], LogHead: x.LogHead[:], Purpose: uint(x.Purpose),
			PersonA: anna.Person[:], DeviceA: anna.Device[:], PersonB: ben.Person[:], DeviceB: ben.Device[:],
			RandomA: p.a.ours[:], RandomB: p.b.ours[:], Transcript: tr[:], Commitment: p.a.commit[:],
			Hello: p.toB[0], Commit: p.toB[1], Reply: reply, Open: open, Done: done,
			CodeA: p.a.Code(), CodeB: p.b.Code(),
		})
	}
	return list
}

func TestRunVectors(t *testing.T) {
	list := sealtest.Golden(t, "testdata/runs.json", *update, func() []runVector { return makeRuns(t) })
	t.Run("C1 C2 C4 C5 recorded runs come out again", func(t *testing.T) {
		for _, v := range list {
			x := Terms{
				WS: seal.ID(v.WS), Invite: seal.ID(v.Invite), Purpose: Purpose(v.Purpose), LogHead: seal.ID(v.LogHead),
				A: Party{seal.ID(v.PersonA), seal.ID(v.DeviceA)}, B: Party{seal.ID(v.PersonB), seal.ID(v.DeviceB)},
			}
			tr := x.transcript()
			if tr != seal.ID(v.Transcript) || commitment(tr, seal.ID(v.RandomA)) != seal.ID(v.Commitment) {
				t.Errorf("transcript %s or commitment differs", tr)
			}
			a, b := codes(tr, seal.ID(v.RandomA), seal.ID(v.RandomB), Digits)
			if a != v.CodeA || b != v.CodeB {
				t.Errorf("codes %s %s, want %s %s", a, b, v.CodeA, v.CodeB)
			}
			for _, raw := range []sealtest.Hex{v.Hello, v.Commit, v.Reply, v.Open, v.Done} {
				checkMessage(t, raw)
			}
			// The recorded messages carry a real responder to the recorded code.
			s, err := new(Desk).Respond(0, anna.Device, termsOfB(x.B), identify, func(n int) []byte { return v.RandomB[:n] })
			if err != nil {
				t.Fatal(err)
			}
			for _, raw := range []sealtest.Hex{v.Hello, v.Commit, v.Open} {
				if _, err := s.Receive(0, raw); err != nil {
					t.Fatal(err)
				}
			}
			if s.Code() != v.CodeB {
				t.Errorf("B shows %s, want %s", s.Code(), v.CodeB)
			}
		}
	})
}

// messageVector is one message that must be refused as the type it claims.
type messageVector struct {
	Type, Name string
	Raw        sealtest.Hex
}

func TestMessageVectors(t *testing.T) {
	types := []struct {
		name string
		good []byte
		read func([]byte) error
	}{
		{"hello", corpus(t)[0], read[SasHello]},
		{"commit", corpus(t)[1], read[SasCommit]},
		{"reply", corpus(t)[2], read[SasReply]},
		{"open", corpus(t)[3], read[SasOpen]},
		{"done", corpus(t)[4], read[SasDone]},
	}
	list := sealtest.Golden(t, "testdata/invalid.json", *update, func() []messageVector {
		var list []messageVector
		for _, m := range types {
			for _, bad := range sealtest.Malform(t, m.good) {
				list = append(list, messageVector{m.name, bad.Name, bad.Raw})
			}
		}
		return list
	})
	t.Run("C1 C7 recorded malformed messages are rejected", func(t *testing.T) {
		for _, m := range types {
			count := 0
			for _, v := range list {
				if v.Type == m.name {
					count++
					wantFault(t, m.read(v.Raw), reasonMessage)
				}
			}
			if count < 20 {
				t.Errorf("%d invalid messages of type %s, want at least 20", count, m.name)
			}
			if err := m.read(m.good); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
		}
	})
}

func read[M message](raw []byte) error {
	_, err := parse[M](raw)
	return err
}
