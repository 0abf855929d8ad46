package feed

import (
	"bytes"
	"testing"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

// The checks below hold for every input: no panic, no second encoding, and
// nothing accepted that breaks a rule.

func checkEnvelope(t testing.TB, raw []byte) {
	e, err := Parse(raw)
	if outcome := seal.OutcomeOf(err); err != nil && outcome != seal.Reject && outcome != seal.Pend {
		t.Fatalf("outcome %v for %x", outcome, raw)
	}
	if e == nil {
		return
	}
	e.Verify()
	if again := encode(t, wire{Payload: e.Payload, Sig: e.Sig, CT: e.CT}); !bytes.Equal(again, raw) {
		t.Fatalf("%x is accepted but written as %x", raw, again)
	}
	if e.ID != seal.Hash(labelEnvelope, e.Payload) {
		t.Fatal("the id is not that of the payload")
	}
	if err == nil && (int(e.Header.CTLen) != len(e.CT) || seal.Sum(e.CT) != e.Header.CTHash) {
		t.Fatal("the content is not the one the header names")
	}
	e.Open(seal.Key{1})
}

func checkHeader(t testing.TB, payload []byte) {
	h, err := parseHeader(payload)
	if err == nil && !bytes.Equal(encode(t, h), payload) {
		t.Fatalf("%x is accepted but written as %x", payload, encode(t, h))
	}
}

func checkPlain(t testing.TB, raw []byte) {
	a := newAuthor(1)
	e := &Envelope{Header: a.next, CT: a.sealed(raw)}
	p, err := e.Open(a.content)
	if outcome := seal.OutcomeOf(err); err != nil && outcome != seal.Quarantine {
		t.Fatalf("outcome %v for %x", outcome, raw)
	}
	if err == nil {
		if n := len(raw) - p.size(); n > 0 {
			p.Pad = make([]byte, padOfTotal(n))
		}
		if !bytes.Equal(encode(t, p), raw) {
			t.Fatalf("%x is accepted but written as %x", raw, encode(t, p))
		}
	}
}

// padOfTotal is the padding whose encoding, head included, has n bytes.
func padOfTotal(n int) int {
	for _, head := range []int{1, 2, 3, 5} {
		if n >= head && headSize(uint64(n-head)) == head {
			return n - head
		}
	}
	return 0
}

func checkForkProof(t testing.TB, raw []byte) {
	p, fork, err := ParseForkProof(raw)
	if err != nil {
		return
	}
	if again := encode(t, p); !bytes.Equal(again, raw) {
		t.Fatalf("%x is accepted but written as %x", raw, again)
	}
	if fork.IDs[0] == fork.IDs[1] {
		t.Fatal("one envelope was taken for a fork")
	}
}

func envelopeCorpus(t testing.TB) [][]byte {
	a := newAuthor(1)
	ct := a.sealed(plain(t, nil))
	later := a.raw(t, encode(t, a.header(ct, func(h *Header) { h.V = 2 })), ct)
	return [][]byte{a.write(t, Plain{Body: []byte("x")}).Raw, a.write(t, Plain{Deps: make([]seal.ID, 16)}).Raw, later}
}

func headerCorpus(t testing.TB) [][]byte {
	a := newAuthor(1)
	ct := make([]byte, minCT)
	return [][]byte{
		encode(t, a.header(ct, nil)),
		encode(t, a.header(ct, func(h *Header) { h.V, h.LogRefs = 2, []seal.ID{{1}, {2}, {3}, {4}} })),
	}
}

func plainCorpus(t testing.TB) [][]byte {
	return [][]byte{plain(t, nil), plain(t, func(p *Plain) { p.Deps = nil })}
}

func forkCorpus(t testing.TB) [][]byte {
	a := newAuthor(1)
	b := a.fork()
	p, err := NewForkProof(a.write(t, Plain{}), b.write(t, Plain{}))
	if err != nil {
		t.Fatal(err)
	}
	return [][]byte{encode(t, p)}
}

func TestMutations(t *testing.T) {
	for _, decoder := range []struct {
		name   string
		corpus [][]byte
		check  func(testing.TB, []byte)
	}{
		{"E14 envelope", envelopeCorpus(t), checkEnvelope},
		{"E14 header", headerCorpus(t), checkHeader},
		{"E14 content", plainCorpus(t), checkPlain},
		{"E14 fork proof", forkCorpus(t), checkForkProof},
	} {
		t.Run(decoder.name, func(t *testing.T) {
			for raw := range sealtest.Mutations(1, decoder.corpus, sealtest.Inputs) {
				decoder.check(t, raw)
			}
		})
	}
}

func TestLargestInput(t *testing.T) {
	t.Run("E14 the largest envelope takes a few times its size", func(t *testing.T) {
		a := newAuthor(1)
		e := a.write(t, Plain{Body: make([]byte, MaxBody)})
		used := sealtest.Allocated(func() {
			parsed, err := Parse(e.Raw)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parsed.Open(a.content); err != nil {
				t.Fatal(err)
			}
		})
		if used > 8*MaxEnvelope {
			t.Errorf("%d bytes allocated for %d", used, len(e.Raw))
		}
	})
}

func fuzz(f *testing.F, corpus [][]byte, check func(testing.TB, []byte)) {
	for _, raw := range corpus {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) { check(t, raw) })
}

func FuzzEnvelope(f *testing.F)  { fuzz(f, envelopeCorpus(f), checkEnvelope) }
func FuzzHeader(f *testing.F)    { fuzz(f, headerCorpus(f), checkHeader) }
func FuzzPlain(f *testing.F)     { fuzz(f, plainCorpus(f), checkPlain) }
func FuzzForkProof(f *testing.F) { fuzz(f, forkCorpus(f), checkForkProof) }
