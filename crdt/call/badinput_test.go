package call_test

import (
	"bytes"
	"strings"
	"testing"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// The row of protocol 2.18 for the signals of calls, column by column, with the exact
// outcome and reason. What costs a peer points is p2p/signal's, who may take part is
// app/calls'. The page crdt/BAD-INPUT.md names the test of every cell.
func TestBadInputCallSignal(t *testing.T) {
	good := sealed(t, signal())
	payload := func(change func(*call.Signal)) []byte {
		s := signal()
		s.V = 1
		change(&s)
		raw, err := seal.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	wire := func(payload, sig []byte) []byte {
		raw, err := seal.Encode([][]byte{payload, sig})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	signed := func(payload []byte) []byte { return wire(payload, key.Sign("parvis1/call", payload)) }
	same := payload(func(*call.Signal) {})
	huge := payload(func(s *call.Signal) { s.SDP = strings.Repeat("a", call.MaxSDP+2<<10) })
	for _, cell := range []struct {
		column string
		raw    []byte
		want   seal.Outcome
		reason string // its beginning
	}{
		{"right", signed(same), seal.OK, ""},
		{"malformed: cut off", good[:len(good)-1], seal.Drop, "call signal framing: "},
		{"malformed: not canonical", append(bytes.Clone(good), 0), seal.Drop, "call signal framing: "},
		{"malformed: no signal inside", signed([]byte{0x80}), seal.Drop, "call signal: "},
		{"malformed: a signal of another length", signed(append(bytes.Clone(same), 0)), seal.Drop, "call signal: "},
		{"malformed: too large", signed(huge), seal.Drop, "call signal too large"},
		{"newer version", signed(payload(func(s *call.Signal) { s.V = 2 })), seal.Drop, "call signal: made by a newer version"},
		{"version 0", signed(payload(func(s *call.Signal) { s.V = 0 })), seal.Drop, "call signal: made by a newer version"},
		{"newer type", signed(payload(func(s *call.Signal) { s.Type = call.Bye + 1 })), seal.Drop, "call signal: made by a newer version"},
		{"type 0", signed(payload(func(s *call.Signal) { s.Type, s.Fingerprint = 0, seal.ID{} })), seal.Drop, "call signal: made by a newer version"},
		{"wrong signature", wire(same, key.Sign("parvis1/call", []byte("else"))), seal.Reject, "call signal: wrong signature"},
		{"wrong signature: of another purpose", wire(same, key.Sign("parvis1/env", same)), seal.Reject, "call signal: wrong signature"},
		{"not allowed: names nobody", signed(payload(func(s *call.Signal) { s.To = seal.ID{} })), seal.Drop, "call signal: names nobody"},
	} {
		t.Run(cell.column, func(t *testing.T) {
			_, err := call.Open(cell.raw)
			if got := seal.OutcomeOf(err); got != cell.want {
				t.Errorf("got %v, want %v", got, cell.want)
			}
			if err != nil && !strings.HasPrefix(err.Error(), cell.want.String()+": "+cell.reason) {
				t.Errorf("got %q, want %q", err, cell.reason)
			}
			if newer := strings.Contains(cell.column, "newer") || strings.HasSuffix(cell.column, " 0"); err != nil && strings.Contains(err.Error(), "newer") != newer {
				t.Errorf("got %q: what is no signal is taken for a newer one, or not", err)
			}
		})
	}
	t.Run("duplicate", func(t *testing.T) {
		var seen call.Seen
		s, err := call.Open(good)
		if err != nil || !seen.New(s) || seen.New(s) {
			t.Errorf("a signal counts twice, or not at all (%v)", err)
		}
	})
}
