package doctest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

func (s suite) merge() {
	a, b := s.open(1), s.open(2)
	first := s.write(a, 0, 0, "shared")
	s.apply(b, first)
	ofA := s.change(a, func(e doc.Edit) error { return e.Mark("text", doc.MarkRange{Mark: strong(), Start: 0, End: 3}) })
	ofB := s.write(b, 6, 0, " by two")
	if heads := a.Heads(); len(heads) != 1 {
		s.Errorf("heads %v", heads)
	}
	s.apply(a, ofB)
	s.apply(b, ofA)
	s.same(a, b)
	if len(a.Heads()) != 2 || !slices.IsSortedFunc(a.Heads(), seal.ID.Compare) {
		s.Errorf("heads %v", a.Heads())
	}
	s.expectSpans(a, []doc.Span{{Text: "sha", Marks: []doc.Mark{strong()}}, {Text: "red by two"}})
}

func (s suite) save() {
	a := s.open(1)
	s.change(a, func(e doc.Edit) error { return e.SetSpans("text", everything()) })
	file, err := a.Save(s.Context())
	s.ok(err)
	later := s.write(a, 0, 0, "later ")
	b, err := s.engine.Load(s.Context(), slices.Concat(file, later), doc.Actor{2})
	s.ok(err)
	s.same(a, b)
	// A document that begins with its changes: root change and one after the other.
	all, err := a.Changes(s.Context(), nil)
	s.ok(err)
	c, err := s.engine.Load(s.Context(), slices.Concat(all...), doc.Actor{3})
	s.ok(err)
	s.same(a, c)
	s.apply(a, s.write(c, 0, 0, "much "))
	s.same(a, c)
	if _, err := s.engine.Load(s.Context(), later, doc.Actor{2}); !errors.Is(err, doc.ErrMissingDeps) {
		s.Errorf("load of a change without the one before: %v", err)
	}
	s.ok(b.Close())
	s.ok(c.Close())
}

func (s suite) earlier() {
	a := s.open(1)
	s.write(a, 0, 0, "first")
	then := a.Heads()
	before := Describe(s.Context(), a)
	s.change(a, func(e doc.Edit) error {
		if err := e.Put([]string{"page", "size"}, doc.String("letter")); err != nil {
			return err
		}
		return e.Splice("text", 0, 5, "second")
	})
	old, err := a.At(s.Context(), then)
	s.ok(err)
	if !slices.Equal(old.Heads(), then) || Describe(s.Context(), old) != before {
		s.Errorf("earlier state\n%s\nwant\n%s", Describe(s.Context(), old), before)
	}
	file, err := old.Save(s.Context())
	s.ok(err)
	b, err := s.engine.Load(s.Context(), file, doc.Actor{2})
	s.ok(err)
	defer func() { s.ok(b.Close()) }()
	s.same(old, b)
	empty, err := a.At(s.Context(), []seal.ID{doc.RootHash()})
	s.ok(err)
	if s.read(empty) != "" {
		s.Errorf("text %q", s.read(empty))
	}
	if _, err := a.At(s.Context(), []seal.ID{{1}}); !errors.Is(err, doc.ErrMissingDeps) {
		s.Errorf("a state that never was: %v", err)
	}
	s.diff(a, then)
}

// diff expects the splices that lead from "first" to "second".
func (s suite) diff(a doc.Document, then []seal.ID) {
	patches, err := a.Diff(s.Context(), then, a.Heads())
	if s.lacks&NoDiff != 0 && errors.Is(err, errors.ErrUnsupported) {
		return
	}
	s.ok(err)
	text := "first"
	for _, p := range patches {
		switch {
		case p.Action == doc.PatchSplice && slices.Equal(p.Path, []string{"text"}):
			text = text[:p.Index] + p.Text + text[p.Index:]
		case p.Action == doc.PatchDelete && slices.Equal(p.Path, []string{"text"}):
			text = text[:p.Index] + text[p.Index+p.Length:]
		case p.Action == doc.PatchPut && slices.Equal(p.Path, []string{"page", "size"}) && p.Value.Str == "letter":
		default:
			s.Errorf("patch %+v", p)
		}
	}
	if text != "second" {
		s.Errorf("the patches lead to %q", text)
	}
}

// random lets people write at random and get each other's changes at random.
func (s suite) random() {
	seeds := 8
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		people := RandomHistory(s.T, s.engine, uint64(seed), 3, 25)
		for _, d := range people[1:] {
			s.same(people[0], d)
		}
		for _, d := range people {
			s.ok(d.Close())
		}
	}
}

// RandomHistory lets some people write into one document, steps changes each, with
// everything that an [doc.Edit] has, and returns their replicas, which have all changes.
func RandomHistory(t *testing.T, engine doc.Engine, seed uint64, people, steps int) []doc.Document {
	t.Helper()
	h := history{T: t, rng: rand.New(rand.NewPCG(seed, 1)), seen: make([]int, people)}
	for i := range people {
		d, err := engine.New(t.Context(), doc.Actor{byte(i + 1)})
		if err != nil {
			t.Fatal(err)
		}
		h.people = append(h.people, d)
	}
	for range steps * people {
		h.step()
	}
	for i := range h.people {
		h.catchUp(i)
	}
	return h.people
}

// history is one random history. Changes are in an order in which they can be applied.
type history struct {
	*testing.T
	rng     *rand.Rand
	people  []doc.Document
	changes [][]byte
	seen    []int // how many of them each person has got
}

func (h *history) step() {
	i := h.rng.IntN(len(h.people))
	if h.rng.IntN(4) == 0 {
		h.catchUp(i)
	}
	change, err := h.people[i].Change(h.Context(), at(), func(e doc.Edit) error {
		for range 1 + h.rng.IntN(3) {
			if err := h.edit(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.Fatal(err)
	}
	if change != nil {
		h.changes = append(h.changes, change)
	}
}

func (h *history) catchUp(i int) {
	if err := h.people[i].Apply(h.Context(), h.changes[h.seen[i]:]); err != nil {
		h.Fatal(err)
	}
	h.seen[i] = len(h.changes)
}

// edit does one thing at random. It does not know how long the text is, because a reader
// of the document would wait for the end of the change.
func (h *history) edit(e doc.Edit) error {
	pick := func(from ...string) string { return from[h.rng.IntN(len(from))] }
	switch h.rng.IntN(10) {
	case 0, 1, 2, 3:
		return ignoreRange(e.Splice("text", uint32(h.rng.IntN(40)), 0, pick("a", "word ", "é", "漢字", "😀", "e\u0301", "\n", "שלום")))
	case 4:
		return ignoreRange(e.Splice("text", uint32(h.rng.IntN(20)), uint32(h.rng.IntN(4)), ""))
	case 5, 6:
		start := uint32(h.rng.IntN(20))
		m := doc.Mark{Name: pick("strong", "em", "comment:a", "color", "suggestion:x"), Value: doc.Bool(true)}
		switch m.Name {
		case "color":
			m.Value = doc.String(pick("#000000", "#ff00ff"))
		case "suggestion:x":
			m.Value = doc.String(pick("insert", "delete"))
		}
		expand := doc.ExpandOf(m)
		if h.rng.IntN(3) == 0 {
			m.Value = doc.Value{}
		}
		return ignoreRange(e.Mark("text", doc.MarkRange{Mark: m, Start: start, End: start + 1 + uint32(h.rng.IntN(8)), Expand: expand}))
	case 7:
		spans := everything()
		at := h.rng.IntN(len(spans))
		return e.SetSpans("text", spans[at:min(len(spans), at+1+h.rng.IntN(8))])
	case 8:
		return e.Splice("notes/"+pick("a", "b"), 0, 0, pick("x", "note 😀 "))
	}
	id := pick("p", "q", "r")
	if h.rng.IntN(3) == 0 {
		return e.Delete([]string{"comments", id})
	}
	v := []doc.Value{doc.String("text"), doc.Int(-5), doc.Bool(true), {Kind: doc.KindFloat, Float: 0.5}, {Kind: doc.KindBytes, Bytes: []byte{0, 255}}, {Kind: doc.KindCounter, Int: 3}, {}}[h.rng.IntN(7)]
	return e.Put([]string{"comments", id, "messages", pick("m", "n"), pick("text", "at", "x")}, v)
}

// ignoreRange: a place beyond the end of the text is nothing to fail for.
func ignoreRange(err error) error {
	if err == nil || errors.Is(err, doc.ErrEngine) || errors.Is(err, doc.ErrClosed) {
		return err
	}
	return nil
}

// anySpans sets random spans again and again and wants them read as they were set.
func (s suite) anySpans() {
	rng := rand.New(rand.NewPCG(3, 3))
	d := s.open(1)
	for range 60 {
		want := RandomSpans(rng)
		s.change(d, func(e doc.Edit) error { return e.SetSpans("text", want) })
		s.expectSpans(d, want)
	}
}

// RandomSpans is a short text at random, made of few different parts.
func RandomSpans(rng *rand.Rand) []doc.Span {
	parts := []string{"a", "bcd", "xy ", "ef", "é", "😀", "e\u0301", "\n", "👨\u200d👩\u200d👧"}
	marks := []doc.Mark{strong(), {Name: "em", Value: doc.Bool(true)}, {Name: "color", Value: doc.String("#000000")}, {Name: "color", Value: doc.String("#ffffff")}}
	var spans []doc.Span
	for range rng.IntN(12) {
		if rng.IntN(3) == 0 {
			block := &doc.Block{Type: []string{"paragraph", "heading", "image"}[rng.IntN(3)], Attrs: map[string]doc.Value{"n": doc.Int(int64(rng.IntN(3)))}}
			block.Embed = block.Type == "image"
			spans = append(spans, doc.Span{Block: block})
			continue
		}
		span := doc.Span{Text: parts[rng.IntN(len(parts))]}
		if i := rng.IntN(2 * len(marks)); i < len(marks) {
			span.Marks = append(span.Marks, marks[i])
		}
		spans = append(spans, span)
	}
	return spans
}
