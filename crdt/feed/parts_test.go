package feed

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

// partVector is one part of an envelope by itself, with the verdict of its
// reader: the header's payload, or the content before it is sealed.
type partVector struct {
	Name string
	Raw  sealtest.Hex
	verdict
}

func TestHeaderVectors(t *testing.T) {
	list := sealtest.Golden(t, "testdata/header.json", *update, func() []partVector {
		a := newAuthor(1)
		ct := make([]byte, minCT)
		good := encode(t, a.header(ct, nil))
		list := []partVector{
			{"right", good, verdict{Outcome: "ok"}},
			{"version 2 with a field more", append(append([]byte{0x8b, 2}, good[2:]...), 0xf5), verdict{"pend", reasonVersion}},
			{"version 2 with the common fields only", laterRaw(t, good, 6), verdict{"pend", reasonVersion}},
			{"version 2 without all common fields", laterRaw(t, good, 5), verdict{"reject", reasonHeader}},
		}
		for name, length := range map[string]uint32{"ct_len below any": minCT - 1, "ct_len beyond the limit": MaxCT + 1} {
			raw := encode(t, a.header(ct, func(h *Header) { h.CTLen = length }))
			list = append(list, partVector{name, raw, verdict{"reject", reasonCTLen}})
		}
		slices.SortFunc(list, func(a, b partVector) int { return strings.Compare(a.Name, b.Name) })
		for _, bad := range sealtest.Malform(t, good) {
			list = append(list, partVector{bad.Name, bad.Raw, verdict{"reject", reasonHeader}})
		}
		return list
	})
	t.Run("E1 E2 E3 recorded headers end as before", func(t *testing.T) {
		for _, v := range list {
			if _, err := parseHeader(v.Raw); verdictOf(err) != v.verdict {
				t.Errorf("%s: got %+v, want %+v", v.Name, verdictOf(err), v.verdict)
			}
		}
		if len(list) < leastInvalid+1 {
			t.Errorf("only %d headers", len(list))
		}
	})
}

// laterRaw is a header of version 2 with the first n fields of good.
func laterRaw(t *testing.T, good []byte, n int) []byte {
	fields, err := seal.Elements(good)
	if err != nil {
		t.Fatal(err)
	}
	raw := []byte{0x80 | byte(n), 2}
	for _, field := range fields[1:n] {
		raw = append(raw, field...)
	}
	return raw
}

func TestPlainVectors(t *testing.T) {
	list := sealtest.Golden(t, "testdata/plain.json", *update, func() []partVector {
		good := plain(t, nil)
		list := []partVector{{"right", good, verdict{Outcome: "ok"}}}
		add := func(name string, raw []byte, reason string) {
			list = append(list, partVector{name, raw, verdict{"quarantine", reason}})
		}
		add("padding not of zeros", plain(t, func(p *Plain) { p.Pad[3] = 1 }), reasonPadding)
		add("padding too short", plain(t, func(p *Plain) { p.Pad = p.Pad[1:] }), reasonPadding)
		add("no padding", plain(t, func(p *Plain) { p.Pad = nil }), reasonPadding)
		add("empty", nil, reasonPadding)
		add("17 deps", plain(t, func(p *Plain) {
			p.Deps = make([]seal.ID, MaxDeps+1)
			p.Pad = make([]byte, padLength(p.size()))
		}), reasonDeps)
		add("only zeros", make([]byte, minPlain), reasonPlain)
		for _, bad := range sealtest.Malform(t, good) {
			reason := reasonPadding
			if isPaddedSize(len(bad.Raw)) {
				reason = reasonPlain
			}
			add(bad.Name, bad.Raw, reason)
		}
		// The same mistakes again where the length gives nothing away.
		for i, shorter := range malformToSize(t) {
			add(fmt.Sprintf("padded size %d: %s", i, shorter.Name), shorter.Raw, reasonPlain)
		}
		return list
	})
	t.Run("E8 E11 recorded contents end as before", func(t *testing.T) {
		a := newAuthor(1)
		for _, v := range list {
			e := &Envelope{Header: a.next, CT: a.sealed(v.Raw)}
			if _, err := e.Open(a.content); verdictOf(err) != v.verdict {
				t.Errorf("%s: got %+v, want %+v", v.Name, verdictOf(err), v.verdict)
			}
		}
		if len(list) < leastInvalid+1 {
			t.Errorf("only %d contents", len(list))
		}
	})
	t.Run("E11 a body beyond the limit is quarantined", func(t *testing.T) {
		a := newAuthor(1)
		p := Plain{Body: make([]byte, MaxBody+1)}
		p.Pad = make([]byte, padLength(p.size()))
		e := &Envelope{Header: a.next, CT: a.sealed(encode(t, p))}
		_, err := e.Open(a.content)
		wantFault(t, err, seal.Quarantine, reasonBody)
	})
}

// malformToSize malforms contents whose padding makes up for the change of
// length, so that only the decoder can refuse them.
func malformToSize(t *testing.T) []sealtest.Malformed {
	var list []sealtest.Malformed
	for spare := -40; spare <= 40; spare++ {
		p := Plain{Kind: 1, Deps: []seal.ID{{6}}, Body: []byte("body")}
		if n := padLength(p.size()) - spare; n >= 0 {
			p.Pad = make([]byte, n)
		}
		for _, bad := range sealtest.Malform(t, encode(t, p)) {
			if len(bad.Raw) == minPlain && spare != 0 {
				list = append(list, bad)
			}
		}
	}
	return list
}

func TestForkProofVectors(t *testing.T) {
	list := sealtest.Golden(t, "testdata/forkproof.json", *update, func() []partVector {
		cryptotest.SetGlobalRandom(t, 3)
		return makeForkProofs(t)
	})
	t.Run("E13 recorded proofs end as before", func(t *testing.T) {
		for _, v := range list {
			if _, _, err := ParseForkProof(v.Raw); verdictOf(err) != v.verdict {
				t.Errorf("%s: got %+v, want %+v", v.Name, verdictOf(err), v.verdict)
			}
		}
		if len(list) < leastInvalid+2 {
			t.Errorf("only %d proofs", len(list))
		}
	})
}

func makeForkProofs(t *testing.T) []partVector {
	a := newAuthor(1)
	b := a.fork()
	a1, a2 := a.write(t, Plain{}), a.write(t, Plain{})
	b1, b2 := b.write(t, Plain{}), b.write(t, Plain{})
	proof := func(x, y *Envelope) ForkProof {
		p, err := NewForkProof(x, y)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	good := proof(a1, b1)
	list := []partVector{
		{"one place twice", encode(t, good), verdict{Outcome: "ok"}},
		{"a successor of another", encode(t, proof(a1, b2)), verdict{Outcome: "ok"}},
	}
	add := func(name, reason string, change func(*ForkProof)) {
		p := good
		change(&p)
		list = append(list, partVector{name, encode(t, p), verdict{"reject", reason}})
	}
	pair := func(x, y *Envelope) func(*ForkProof) {
		return func(p *ForkProof) {
			*p = ForkProof{V: Version, Header1: x.Payload, Sig1: x.Sig, Header2: y.Payload, Sig2: y.Sig}
		}
	}
	add("wrong order", reasonProof, func(p *ForkProof) {
		p.Header1, p.Sig1, p.Header2, p.Sig2 = p.Header2, p.Sig2, p.Header1, p.Sig1
	})
	add("one envelope twice", reasonProof, pair(a1, a1))
	add("honest neighbours", reasonProof, pair(a1, a2))
	add("later one first", reasonProof, pair(b2, a1))
	add("another device", reasonProof, pair(a1, newAuthor(2).write(t, Plain{})))
	elsewhere := newAuthor(1)
	elsewhere.next.Space[0]++
	add("another space", reasonProof, pair(a1, elsewhere.write(t, Plain{})))
	abroad := newAuthor(1)
	abroad.next.WS[0]++
	add("another workspace", reasonProof, pair(a1, abroad.write(t, Plain{})))
	add("first signature wrong", reasonVerify, func(p *ForkProof) { p.Sig1 = p.Sig2 })
	add("second signature wrong", reasonVerify, func(p *ForkProof) { p.Sig2 = p.Sig1 })
	add("signature missing", reasonVerify, func(p *ForkProof) { p.Sig2 = nil })
	add("header missing", reasonHeader, func(p *ForkProof) { p.Header1 = nil })
	add("header too long", reasonSize, func(p *ForkProof) { p.Header1, p.Sig1 = make([]byte, MaxHeader+1), nil })
	add("version 0 header", reasonVersion, func(p *ForkProof) { p.Header1 = encode(t, a.header(nil, func(h *Header) { h.V = 0 })) })
	add("header with seq 0", reasonSeq, func(p *ForkProof) {
		p.Header2 = encode(t, a.header(make([]byte, minCT), func(h *Header) { h.Seq = 0 }))
	})
	for _, bad := range sealtest.Malform(t, encode(t, good)) {
		list = append(list, partVector{bad.Name, bad.Raw, verdict{"reject", reasonFraming}})
	}
	list = append(list, partVector{"too long", make([]byte, MaxForkProof+1), verdict{"reject", reasonSize}})
	later := good
	later.V = 2
	return append(list, partVector{"version 2", encode(t, later), verdict{"pend", reasonVersion}})
}
