package call_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

var key = seal.NewSignKey([32]byte{1, 2, 3})

func signal() call.Signal {
	return call.Signal{
		Workspace: seal.ID{1}, Space: seal.SpaceID{2}, Call: call.ID{3}, From: key.Public(), To: seal.ID{4}, N: 7,
		Type: call.Offer, SDP: "v=0\r\n", Fingerprint: seal.ID{5},
	}
}

func sealed(t testing.TB, s call.Signal) []byte {
	t.Helper()
	raw, err := call.Seal(key, s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSignal(t *testing.T) {
	t.Run("V1 what was sealed opens the same", func(t *testing.T) {
		for kind := call.Offer; kind <= call.Bye; kind++ {
			s := signal()
			s.Type = kind
			if kind == call.Bye {
				s.SDP = ""
			}
			if kind >= call.ICE {
				s.Fingerprint = seal.ID{}
			}
			got, err := call.Open(sealed(t, s))
			s.V = 1
			if err != nil || got != s {
				t.Errorf("type %d: %+v, %v", kind, got, err)
			}
		}
	})
	t.Run("V1 the golden signal stays", func(t *testing.T) {
		want, err := os.ReadFile("testdata/signal.bin")
		if err != nil {
			t.Fatal(err)
		}
		if got := sealed(t, signal()); !bytes.Equal(got, want) {
			t.Errorf("the encoding changed: %x", got)
		}
	})
	t.Run("V1 too large and other encodings", func(t *testing.T) {
		raw := sealed(t, signal())
		for name, bad := range map[string][]byte{
			"empty": {}, "cut": raw[:len(raw)-1], "longer": append(bytes.Clone(raw), 0), "huge": make([]byte, call.MaxSignal+1),
		} {
			if _, err := call.Open(bad); seal.OutcomeOf(err) != seal.Drop {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("V3 a changed signal is refused", func(t *testing.T) {
		raw := sealed(t, signal())
		at := bytes.Index(raw, []byte("v=0"))
		raw[at] = 'w'
		if _, err := call.Open(raw); seal.OutcomeOf(err) != seal.Reject {
			t.Error(err)
		}
	})
	t.Run("V3 nobody signs for another device", func(t *testing.T) {
		s := signal()
		s.From = seal.NewSignKey([32]byte{9}).Public()
		if _, err := call.Open(sealed(t, s)); seal.OutcomeOf(err) != seal.Reject {
			t.Error(err)
		}
	})
}

func TestSignalRightInItself(t *testing.T) {
	for name, change := range map[string]func(*call.Signal){
		"V2 no type":                     func(s *call.Signal) { s.Type = 0 },
		"V2 unknown type":                func(s *call.Signal) { s.Type = call.Bye + 1 },
		"V2 no number":                   func(s *call.Signal) { s.N = 0 },
		"V2 no call":                     func(s *call.Signal) { s.Call = call.ID{} },
		"V2 nobody it is for":            func(s *call.Signal) { s.To = seal.ID{} },
		"V2 nobody it is from":           func(s *call.Signal) { s.From = seal.ID{} },
		"V2 to itself":                   func(s *call.Signal) { s.To = s.From },
		"V2 no description":              func(s *call.Signal) { s.SDP = "" },
		"V2 description too long":        func(s *call.Signal) { s.SDP = strings.Repeat("a", call.MaxSDP+1) },
		"V2 bye with a description":      func(s *call.Signal) { s.Type, s.Fingerprint = call.Bye, seal.ID{} },
		"V2 offer without a fingerprint": func(s *call.Signal) { s.Fingerprint = seal.ID{} },
		"V2 candidate with one":          func(s *call.Signal) { s.Type = call.ICE },
	} {
		s := signal()
		change(&s)
		if _, err := call.Seal(key, s); seal.OutcomeOf(err) != seal.Drop {
			t.Errorf("%s: sealed, %v", name, err)
		}
		s.V = 1
		payload, err := seal.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := seal.Encode([][]byte{payload, key.Sign("parvis1/call", payload)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := call.Open(raw); seal.OutcomeOf(err) != seal.Drop {
			t.Errorf("%s: opened, %v", name, err)
		}
	}
}

func TestSignalOrder(t *testing.T) {
	var seen call.Seen
	for _, step := range []struct {
		name string
		n    uint64
		new  bool
	}{{"V4 first", 5, true}, {"V4 again", 5, false}, {"V4 older", 4, false}, {"V4 next", 6, true}} {
		s := signal()
		s.N = step.n
		if got := seen.New(s); got != step.new {
			t.Errorf("%s: %v", step.name, got)
		}
	}
	other := signal()
	other.From, other.N = seal.ID{8}, 1
	if !seen.New(other) {
		t.Error("V4 another device counts for itself")
	}
	counter := call.Counter{}
	if a, b, c := counter.Next(100), counter.Next(90), counter.Next(200); a != 100 || b != 101 || c != 200 {
		t.Errorf("V4 numbers %d %d %d", a, b, c)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(sealed(f, signal()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := call.Open(raw)
		if err != nil {
			return
		}
		if len(s.SDP) > call.MaxSDP || s.From == s.To {
			t.Errorf("opened %+v", s)
		}
	})
}
