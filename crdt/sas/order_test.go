package sas

import (
	"errors"
	"testing"

	"parvis/crdt/seal"
)

// TestBadMessages sends one wrong message at each step.
func TestBadMessages(t *testing.T) {
	none := Run{}
	hello := func(p *pair, change func(*SasHello)) []byte {
		m, err := seal.Decode[SasHello](p.toB[0])
		if err != nil {
			t.Fatal(err)
		}
		change(&m)
		return encoded(t, m)
	}
	// Each case brings a fresh pair to its step and names who receives what.
	for _, c := range []struct {
		name   string
		send   func(p *pair) (*Session, []byte)
		reason string
	}{
		{"C3 a commitment before the hello", func(p *pair) (*Session, []byte) { return p.b, p.toB[1] }, reasonMessage},
		{"C3 an opening to A before the reply", func(p *pair) (*Session, []byte) {
			return p.a, encoded(t, SasDone{V: 1, Run: p.a.run, OK: true})
		}, reasonMessage},
		{"C3 a done to B before the opening", func(p *pair) (*Session, []byte) {
			p.deliver(p.b, 0, p.toB[0])
			p.deliver(p.b, 0, p.toB[1])
			return p.b, encoded(t, SasDone{V: 1, Run: p.b.run, OK: true})
		}, reasonMessage},
		{"C3 hello twice", func(p *pair) (*Session, []byte) {
			p.deliver(p.b, 0, p.toB[0])
			return p.b, p.toB[0]
		}, reasonMessage},
		{"C3 done twice", func(p *pair) (*Session, []byte) {
			p.show(0)
			p.deliver(p.a, 0, encoded(t, SasDone{V: 1, Run: p.a.run, OK: true}))
			return p.a, encoded(t, SasDone{V: 1, Run: p.a.run, OK: true})
		}, reasonOrder},
		{"C3 the commitment again instead of the opening", func(p *pair) (*Session, []byte) {
			p.deliver(p.b, 0, p.toB[0])
			p.deliver(p.b, 0, p.toB[1])
			return p.b, p.toB[1]
		}, reasonCommit},
		{"C4 another number than committed to", func(p *pair) (*Session, []byte) {
			p.deliver(p.b, 0, p.toB[0])
			p.deliver(p.b, 0, p.toB[1])
			return p.b, encoded(t, SasOpen{V: 1, Run: p.b.run, Random: seal.ID{1}})
		}, reasonCommit},
		{"C1 C7 hello of a later version", func(p *pair) (*Session, []byte) {
			return p.b, hello(p, func(m *SasHello) { m.V = 2 })
		}, reasonVersion},
		{"C7 hello for another purpose", func(p *pair) (*Session, []byte) {
			return p.b, hello(p, func(m *SasHello) { m.Purpose = PurposeDevice })
		}, reasonPurpose},
		{"C1 genesis too long", func(p *pair) (*Session, []byte) {
			return p.b, hello(p, func(m *SasHello) { m.Genesis = make([]byte, MaxGenesis+1) })
		}, reasonMessage},
		{"C1 record too long", func(p *pair) (*Session, []byte) {
			return p.b, hello(p, func(m *SasHello) { m.Record = make([]byte, MaxRecord+1) })
		}, reasonMessage},
		{"C1 message too long", func(p *pair) (*Session, []byte) { return p.b, make([]byte, MaxMessage+1) }, reasonMessage},
		{"C7 hello by somebody who cannot be identified", func(p *pair) (*Session, []byte) {
			return p.b, hello(p, func(m *SasHello) { m.Genesis = nil })
		}, reasonParty},
		{"C2 hello by our own device", func(p *pair) (*Session, []byte) {
			return p.b, hello(p, func(m *SasHello) { m.Record = ben.Device[:] })
		}, reasonParty},
		{"C7 commitment of another run", func(p *pair) (*Session, []byte) {
			p.deliver(p.b, 0, p.toB[0])
			return p.b, encoded(t, SasCommit{V: 1, Run: none, Commit: seal.ID{1}})
		}, reasonRun},
		{"C7 commitment of a later version", func(p *pair) (*Session, []byte) {
			p.deliver(p.b, 0, p.toB[0])
			return p.b, encoded(t, SasCommit{V: 2, Run: p.b.run, Commit: seal.ID{1}})
		}, reasonVersion},
		{"C7 reply of another run", func(p *pair) (*Session, []byte) {
			return p.a, encoded(t, SasReply{V: 1, Run: none})
		}, reasonRun},
		{"C7 opening of another run", func(p *pair) (*Session, []byte) {
			p.deliver(p.b, 0, p.toB[0])
			p.deliver(p.b, 0, p.toB[1])
			return p.b, encoded(t, SasOpen{V: 1, Run: none})
		}, reasonRun},
		{"C7 done of another run", func(p *pair) (*Session, []byte) {
			p.show(0)
			return p.a, encoded(t, SasDone{V: 1, Run: none, OK: true})
		}, reasonRun},
		{"C7 done of version 0", func(p *pair) (*Session, []byte) {
			p.show(0)
			return p.b, encoded(t, SasDone{V: 0, Run: p.b.run, OK: true})
		}, reasonVersion},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t, 1)
			to, raw := c.send(p)
			send, err := to.Receive(0, raw)
			wantFault(t, err, c.reason)
			if send != nil || to.State() != Failed {
				t.Errorf("sent %x, state %v", send, to.State())
			}
		})
	}
	t.Run("C1 an introduction too long is not sent", func(t *testing.T) {
		_, _, err := new(Desk).Initiate(0, ben.Device, terms(anna, ben), Introduction{Genesis: make([]byte, MaxGenesis+1)}, seeded(1))
		wantFault(t, err, reasonMessage)
	})
	t.Run("C7 the fault tells the caller to reject", func(t *testing.T) {
		p := newPair(t, 1)
		_, err := p.a.Receive(0, []byte{0xff})
		if fault, ok := errors.AsType[*seal.Fault](err); !ok || fault.Outcome != seal.Reject {
			t.Errorf("error %v", err)
		}
	})
}
