package doctest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parvis/crdt/doc"
	"parvis/crdt/doc/rewrite"
	"parvis/crdt/seal"
)

// Lack is what an engine admits that it cannot do.
type Lack uint8

// What an engine may lack.
const (
	NoMarks Lack = 1 << iota // it cannot read marks
	NoDiff                   // it cannot compare states
)

// Contract runs the suite on the engine that start makes.
func Contract(t *testing.T, lacks Lack, start func(t *testing.T) doc.Engine) {
	engine := start(t)
	for _, c := range []struct {
		name string
		test func(suite)
	}{
		{"a new document holds the root change", suite.emptyDocument},
		{"a change travels", suite.changeTravels},
		{"nothing changed is no change", suite.noChange},
		{"a failed edit leaves nothing", suite.failedEdit},
		{"positions are UTF-16 code units", suite.positions},
		{"spans read as they were set", suite.spans},
		{"any spans read as they were set", suite.anySpans},
		{"marks grow as they should", suite.growth},
		{"what is beside the text has an author", suite.root},
		{"concurrent changes merge", suite.merge},
		{"bad changes leave the document as it was", suite.badChanges},
		{"an actor cannot have two changes of one number", suite.sequence},
		{"bad files are refused", suite.badFiles},
		{"saved documents load", suite.save},
		{"earlier states read as they were", suite.earlier},
		{"the end of a context ends the call only", suite.deadline},
		{"random histories converge", suite.random},
		{"a closed document says so", suite.closed},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(suite{t, engine, lacks}) })
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.New(context.Background(), doc.Actor{1}); !errors.Is(err, doc.ErrClosed) {
		t.Errorf("new document of a closed engine: %v", err)
	}
}

type suite struct {
	*testing.T
	engine doc.Engine
	lacks  Lack
}

// at is when the tests write.
func at() time.Time { return time.Unix(1_700_000_000, 0) }

func (s suite) open(actor byte) doc.Document {
	s.Helper()
	d, err := s.engine.New(s.Context(), doc.Actor{actor})
	s.ok(err)
	s.Cleanup(func() { _ = d.Close() })
	return d
}

func (s suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s suite) change(d doc.Document, run func(doc.Edit) error) []byte {
	s.Helper()
	change, err := d.Change(s.Context(), at(), run)
	s.ok(err)
	return change
}

func (s suite) write(d doc.Document, pos, del uint32, text string) []byte {
	s.Helper()
	return s.change(d, func(e doc.Edit) error { return e.Splice("text", pos, del, text) })
}

func (s suite) apply(d doc.Document, changes ...[]byte) {
	s.Helper()
	s.ok(d.Apply(s.Context(), changes))
}

func (s suite) read(d doc.Reader) string {
	s.Helper()
	text, err := d.Text(s.Context(), "text")
	s.ok(err)
	return text
}

// expectSpans compares the document's text with spans, as far as the engine can read.
func (s suite) expectSpans(d doc.Reader, want []doc.Span) {
	s.Helper()
	spans, err := d.Spans(s.Context(), "text")
	s.ok(err)
	if s.lacks&NoMarks != 0 {
		want = WithoutMarks(want)
	}
	if got, want := SpanText(spans), SpanText(rewrite.Normalize(want)); got != want {
		s.Fatalf("spans\n%s\nwant\n%s", got, want)
	}
}

// WithoutMarks is a text without its marks.
func WithoutMarks(spans []doc.Span) []doc.Span {
	bare := slices.Clone(spans)
	for i := range bare {
		bare[i].Marks = nil
	}
	return rewrite.Normalize(bare)
}

// same compares two states in full.
func (s suite) same(a, b doc.Reader) {
	s.Helper()
	if !slices.Equal(a.Heads(), b.Heads()) {
		s.Fatalf("heads %v and %v", a.Heads(), b.Heads())
	}
	if x, y := Describe(s.Context(), a), Describe(s.Context(), b); x != y {
		s.Fatalf("states differ:\n%s\n%s", x, y)
	}
}

// expect wants an error of a kind, and the document as it was.
func (s suite) expect(d doc.Document, kind error, run func() error) {
	s.Helper()
	heads, before := d.Heads(), Describe(s.Context(), d)
	if err := run(); !errors.Is(err, kind) {
		s.Errorf("error %v, want %v", err, kind)
	}
	if !slices.Equal(heads, d.Heads()) || Describe(s.Context(), d) != before {
		s.Errorf("the document is not as it was")
	}
}

func (s suite) emptyDocument() {
	d := s.open(1)
	if !slices.Equal(d.Heads(), []seal.ID{doc.RootHash()}) {
		s.Errorf("heads %v, want %v", d.Heads(), doc.RootHash())
	}
	root, err := d.Root(s.Context())
	s.ok(err)
	if root.Version != 1 || s.read(d) != "" {
		s.Errorf("root %+v, text %q", root, s.read(d))
	}
	if _, err := d.Spans(s.Context(), "notes/none"); !errors.Is(err, doc.ErrNoObject) {
		s.Errorf("a note that is not there: %v", err)
	}
	changes, err := d.Changes(s.Context(), nil)
	s.ok(err)
	if len(changes) != 1 || !slices.Equal(changes[0], doc.RootChange()) {
		s.Errorf("changes of an empty document: %x", changes)
	}
}

func (s suite) changeTravels() {
	a, b := s.open(1), s.open(2)
	one := s.write(a, 0, 0, "Hello")
	two := s.write(a, 5, 0, " world")
	s.apply(b, one, two)
	s.apply(b, two, one, doc.RootChange()) // known ones are skipped
	s.same(a, b)
	if s.read(b) != "Hello world" {
		s.Errorf("text %q", s.read(b))
	}
	all, err := b.Changes(s.Context(), []seal.ID{doc.RootHash()})
	s.ok(err)
	if !slices.EqualFunc(all, [][]byte{one, two}, slices.Equal) {
		s.Errorf("changes do not come out as they went in")
	}
}

func (s suite) noChange() {
	d := s.open(1)
	s.write(d, 0, 0, "text")
	s.expect(d, nil, func() error {
		if change := s.change(d, func(doc.Edit) error { return nil }); change != nil {
			s.Errorf("a change of nothing: %x", change)
		}
		return nil
	})
	spans, err := d.Spans(s.Context(), "text")
	s.ok(err)
	if change := s.change(d, func(e doc.Edit) error { return e.SetSpans("text", spans) }); change != nil {
		s.Errorf("the same spans are a change: %x", change)
	}
}

func (s suite) failedEdit() {
	d := s.open(1)
	s.write(d, 0, 0, "text")
	failure := errors.New("no")
	s.expect(d, failure, func() error {
		_, err := d.Change(s.Context(), at(), func(e doc.Edit) error {
			s.ok(e.Splice("text", 0, 4, "lost"))
			return failure
		})
		return err
	})
	if _, err := d.Change(s.Context(), at(), func(e doc.Edit) error { return e.Splice("text", 9, 0, "x") }); err == nil {
		s.Errorf("spliced beyond the end")
	}
	if s.read(d) != "text" {
		s.Errorf("text %q", s.read(d))
	}
}

func (s suite) positions() {
	d := s.open(1)
	text := "a😀é\u0301漢🏴\u200d☠\ufe0fz"
	s.write(d, 0, 0, text)
	s.write(d, doc.Width(text)-1, 0, "|")
	s.write(d, 1, doc.Width("😀"), "_")
	if want := "a_é\u0301漢🏴\u200d☠\ufe0f|z"; s.read(d) != want {
		s.Errorf("text %q, want %q", s.read(d), want)
	}
}

func (s suite) badChanges() {
	a, b := s.open(1), s.open(2)
	one, two := s.write(a, 0, 0, "one"), s.write(a, 3, 0, " two")
	s.expect(b, doc.ErrMissingDeps, func() error { return b.Apply(s.Context(), [][]byte{two}) })
	broken := slices.Clone(two)
	broken[len(broken)-1] ^= 1
	for _, bad := range [][]byte{nil, {}, []byte("no change"), broken, two[:len(two)-1], make([]byte, 1000)} {
		s.expect(b, doc.ErrUndecodable, func() error { return b.Apply(s.Context(), [][]byte{one, bad}) })
	}
	s.apply(b, one, two)
	s.same(a, b)
}

func (s suite) sequence() {
	a, twin, b := s.open(1), s.open(1), s.open(2)
	one, other := s.write(a, 0, 0, "one"), s.write(twin, 0, 0, "other")
	s.apply(b, one)
	s.expect(b, doc.ErrUndecodable, func() error { return b.Apply(s.Context(), [][]byte{other}) })
	s.write(b, 0, 0, "still here: ")
	if s.read(b) != "still here: one" {
		s.Errorf("text %q", s.read(b))
	}
}

func (s suite) badFiles() {
	d := s.open(1)
	s.write(d, 0, 0, "text")
	file, err := d.Save(s.Context())
	s.ok(err)
	broken := slices.Clone(file)
	broken[len(broken)/2] ^= 1
	for _, bad := range [][]byte{[]byte("no file"), broken, file[:len(file)-1]} {
		if _, err := s.engine.Load(s.Context(), bad, doc.Actor{2}); !errors.Is(err, doc.ErrUndecodable) {
			s.Errorf("load of %d bytes: %v", len(bad), err)
		}
	}
}

func (s suite) closed() {
	d := s.open(1)
	s.ok(d.Close())
	s.ok(d.Close())
	_, err := d.Save(s.Context())
	if !errors.Is(err, doc.ErrClosed) {
		s.Errorf("save: %v", err)
	}
	if err := d.Apply(s.Context(), [][]byte{doc.RootChange()}); !errors.Is(err, doc.ErrClosed) {
		s.Errorf("apply: %v", err)
	}
}

func (s suite) deadline() {
	d := s.open(1)
	s.write(d, 0, 0, "text")
	over, cancel := context.WithCancel(s.Context())
	cancel()
	s.expect(d, doc.ErrEngine, func() error { _, err := d.Save(over); return err })
	s.write(d, 4, 0, "!")
	if s.read(d) != "text!" {
		s.Errorf("text %q", s.read(d))
	}
}
