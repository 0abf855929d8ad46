package rewrite_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"parvis/crdt/doc"
	"parvis/crdt/doc/doctest"
	"parvis/crdt/doc/rewrite"
)

// position is what a text holds at one position.
type position struct {
	unit  uint16
	block *doc.Block
	marks []doc.Mark
}

// plain is a text without any of Automerge's ways: one entry for each position.
type plain []position

func plainOf(spans []doc.Span) plain {
	var p plain
	for _, span := range spans {
		if span.Block != nil {
			p = append(p, position{block: span.Block})
			continue
		}
		for _, unit := range utf16.Encode([]rune(span.Text)) {
			p = append(p, position{unit: unit, marks: span.Marks})
		}
	}
	return p
}

func (p plain) spans() []doc.Span {
	var spans []doc.Span
	for i := 0; i < len(p); i++ {
		switch {
		case p[i].block != nil:
			spans = append(spans, doc.Span{Block: p[i].block})
		case utf16.IsSurrogate(rune(p[i].unit)) && i+1 < len(p):
			spans = append(spans, doc.Span{Text: string(utf16.DecodeRune(rune(p[i].unit), rune(p[i+1].unit))), Marks: p[i].marks})
			i++
		default:
			spans = append(spans, doc.Span{Text: string(rune(p[i].unit)), Marks: p[i].marks})
		}
	}
	return rewrite.Normalize(spans)
}

func (p plain) do(step rewrite.Step) plain {
	if step.Block == nil {
		return slices.Replace(p, int(step.Pos), int(step.Pos+step.Del), plainOf([]doc.Span{{Text: step.Text}})...)
	}
	return slices.Replace(p, int(step.Pos), int(step.Pos+step.Del), position{block: step.Block})
}

func (p plain) mark(m doc.MarkRange) {
	for i := m.Start; i < m.End; i++ {
		p[i].marks = append(slices.DeleteFunc(slices.Clone(p[i].marks), func(old doc.Mark) bool { return old.Name == m.Name }), m.Mark)
	}
}

// check rewrites one text into another and counts the steps.
func check(t *testing.T, before, after []doc.Span) int {
	t.Helper()
	p := plainOf(before)
	steps := rewrite.Text(before, after)
	for _, step := range steps {
		if step.Block != nil && step.Del == 1 && p[step.Pos].block == nil {
			t.Fatalf("a marker changes where none is: %+v", step)
		}
		p = p.do(step)
	}
	marks := rewrite.Marks(p.spans(), after)
	for _, m := range marks {
		p.mark(m)
	}
	if got, want := doctest.SpanText(p.spans()), doctest.SpanText(rewrite.Normalize(after)); got != want {
		t.Fatalf("from\n%s\nto\n%s\ncame\n%s", doctest.SpanText(before), want, got)
	}
	return len(steps) + len(marks)
}

func TestRandomRewrites(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		check(t, rewrite.Normalize(doctest.RandomSpans(rng)), rewrite.Normalize(doctest.RandomSpans(rng)))
	}
}

// TestLittleChangesLittle: what is not touched is not written again.
func TestLittleChangesLittle(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	var long []doc.Span
	for range 500 {
		long = append(long, doctest.RandomSpans(rng)...)
	}
	long = rewrite.Normalize(long)
	if steps := check(t, long, long); steps != 0 {
		t.Errorf("%d steps between equal texts", steps)
	}
	other := slices.Clone(long)
	at := slices.IndexFunc(other, func(s doc.Span) bool { return s.Block != nil && s.Block.Type == "heading" })
	other[at] = doc.Span{Block: &doc.Block{Type: "paragraph", Parents: []string{"blockquote"}}}
	other[len(other)-1] = doc.Span{Text: "the end"}
	other = append(other[:300:300], append([]doc.Span{{Text: "between", Marks: []doc.Mark{{Name: "code", Value: doc.Bool(true)}}}}, other[300:]...)...)
	if steps := check(t, long, rewrite.Normalize(other)); steps > 8 {
		t.Errorf("%d steps for three changes", steps)
	}
}

// TestAnotherText: texts with nothing in common are replaced, and not compared for ever.
func TestAnotherText(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	letters := func(alphabet string) []doc.Span {
		var b strings.Builder
		for range 200_000 {
			b.WriteByte(alphabet[rng.IntN(len(alphabet))])
		}
		return []doc.Span{{Text: b.String()}}
	}
	if steps := check(t, letters("abcd"), letters("cdef")); steps != 1 {
		t.Errorf("%d steps", steps)
	}
}

func FuzzRewrite(f *testing.F) {
	f.Add("old text", "new text", uint64(1))
	f.Fuzz(func(t *testing.T, old, wanted string, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 1))
		with := func(text string) []doc.Span {
			return rewrite.Normalize(append([]doc.Span{{Text: strings.ToValidUTF8(text, "\uFFFD")}}, doctest.RandomSpans(rng)...))
		}
		check(t, with(old), with(wanted))
	})
}
