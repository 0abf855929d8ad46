package feed

import (
	"testing"

	"parvis/crdt/seal"
)

// BenchmarkEnvelope measures each step for a body of 1 kB, and the bare
// cryptography beside it, which is the floor.
func BenchmarkEnvelope(b *testing.B) {
	key := seal.NewSignKey([32]byte{1})
	h := Header{WS: seal.ID{1}, Space: seal.SpaceID{2}, Dev: key.Public(), Seq: 1, LogRefs: []seal.ID{{3}}, EpochID: seal.ID{4}}
	content := ContentKey(seal.Key{5}, h.Space, h.EpochID, h.Dev)
	p := Plain{Kind: 1, HintMs: 1_700_000_000_000, Deps: []seal.ID{{6}}, Body: make([]byte, 900)}
	e, err := Seal(key, content, h, p)
	if err != nil {
		b.Fatal(err)
	}
	steps := []struct {
		name string
		run  func()
	}{
		{"seal", func() { Seal(key, content, h, p) }},
		{"parse", func() { Parse(e.Raw) }},
		{"verify", func() { e.Verify() }},
		{"open", func() { e.Open(content) }},
		{"check", func() { Check(e, Tail{}, allowed) }},
		{"bare sign", func() { key.Sign(labelEnvelope, e.Payload) }},
		{"bare seal", func() { content.Seal(make([]byte, 1024), e.Payload[:32]) }},
		{"bare sum", func() { seal.Sum(e.CT) }},
		{"content key", func() { ContentKey(seal.Key{5}, h.Space, h.EpochID, h.Dev) }},
	}
	for _, step := range steps {
		b.Run(step.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				step.run()
			}
		})
	}
}
