package rich_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/doc/rich"
	"parvis/crdt/doc/rich/richtest"
	"parvis/crdt/seal"
)

// memory is a document in which only whole texts and keys are set.
type memory struct {
	spans  map[string][]doc.Span
	values map[string]doc.Value
	fail   error
}

func (m *memory) Splice(string, uint32, uint32, string) error { return errors.New("not used") }
func (m *memory) Delete([]string) error                       { return errors.New("not used") }
func (m *memory) Mark(string, doc.MarkRange) error            { return errors.New("not used") }

func (m *memory) SetSpans(object string, spans []doc.Span) error {
	m.spans[object] = spans
	return m.fail
}

func (m *memory) Put(path []string, v doc.Value) error {
	m.values[strings.Join(path, "/")] = v
	return m.fail
}

func (m *memory) Heads() []seal.ID                             { return nil }
func (m *memory) Text(context.Context, string) (string, error) { return "", nil }
func (m *memory) Save(context.Context) ([]byte, error)         { return nil, nil }
func (m *memory) Spans(_ context.Context, object string) ([]doc.Span, error) {
	return m.spans[object], m.fail
}

func (m *memory) Root(context.Context) (doc.Root, error) {
	var root doc.Root
	for object := range m.spans {
		if id, ok := strings.CutPrefix(object, "notes/"); ok {
			root.Notes = append(root.Notes, id)
		}
	}
	comments := map[string]*doc.Comment{}
	for path, v := range m.values {
		parts := strings.Split(path, "/")
		if parts[0] == "suggestions" {
			root.Suggestions = append(root.Suggestions, doc.Suggestion{ID: parts[1], AtMs: v.Int})
			continue
		}
		if parts[0] != "comments" {
			continue
		}
		c := comments[parts[1]]
		if c == nil {
			c = &doc.Comment{ID: parts[1]}
			comments[parts[1]] = c
		}
		if parts[2] == "resolved" {
			c.Resolved = v.Bool
		} else if parts[4] == "text" {
			at := m.values[strings.Join(append(parts[:4:4], "at"), "/")]
			c.Messages = append(c.Messages, doc.Message{ID: parts[3], Text: v.Str, AtMs: at.Int})
		}
	}
	for _, c := range comments {
		slices.SortFunc(c.Messages, func(a, b doc.Message) int { return compare(fmt.Sprint(a.AtMs, a.ID), fmt.Sprint(b.AtMs, b.ID)) })
		root.Comments = append(root.Comments, *c)
	}
	p := m.values
	root.Page = doc.Page{
		Size: p["page/size"].Str, Landscape: p["page/landscape"].Bool, Margins: p["page/margins"].Str,
		Header: p["page/header"].Str, Footer: p["page/footer"].Str, Numbers: p["page/numbers"].Bool,
	}
	return root, m.fail
}

func TestWriteAndLoadKeepTheDocument(t *testing.T) {
	for seed := range uint64(300) {
		d := richtest.Random(rand.New(rand.NewPCG(seed, 3)), richtest.Without{})
		m := &memory{spans: map[string][]doc.Span{}, values: map[string]doc.Value{}}
		if err := rich.Write(m, d, 42); err != nil {
			t.Fatal(err)
		}
		again, err := rich.Load(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		for i := range d.Comments { // the name goes into the text
			for j := range d.Comments[i].Messages {
				message := &d.Comments[i].Messages[j]
				message.Text, message.Name = message.Name+": "+message.Text, ""
			}
		}
		for i := range d.Suggestions {
			d.Suggestions[i].Name = ""
		}
		if diff := richtest.Diff(d, again); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

func TestWriteAndLoadPassErrorsOn(t *testing.T) {
	full := errors.New("full")
	m := &memory{spans: map[string][]doc.Span{}, values: map[string]doc.Value{}, fail: full}
	if err := rich.Write(m, rich.Document{}, 0); !errors.Is(err, full) {
		t.Errorf("write: %v", err)
	}
	if _, err := rich.Load(t.Context(), m); !errors.Is(err, full) {
		t.Errorf("load: %v", err)
	}
}

func TestR28MarginsAreFourNumbersOrTheUsual(t *testing.T) {
	for text, want := range map[string][4]int{
		"10 20 30 40": {10, 20, 30, 40}, "": {25, 20, 25, 20}, "10 20 30": {25, 20, 25, 20}, "1 2 3 101": {25, 20, 25, 20},
		"-1 2 3 4": {25, 20, 25, 20}, "a b c d": {25, 20, 25, 20}, "0 0 0 5": {0, 0, 0, 5},
	} {
		page := rich.FromSpans(nil, nil, doc.Root{Page: doc.Page{Margins: text, Size: "A5"}}).Page
		top, right, bottom, left := page.Margins()
		if got := [4]int{top, right, bottom, left}; got != want || page.Size != rich.A4 {
			t.Errorf("%q: %v, %s", text, got, page.Size)
		}
	}
	if w, h := (rich.Page{Size: rich.Letter, Landscape: true}).Paper(); w != 279.4 || h != 215.9 {
		t.Errorf("letter turned is %g × %g", w, h)
	}
}

func TestR27CommentsStandInTheOrderOfTheText(t *testing.T) {
	marked := func(text, mark string, v doc.Value) doc.Span {
		return doc.Span{Text: text, Marks: []doc.Mark{{Name: mark, Value: v}}}
	}
	spans := []doc.Span{
		marked("a", "comment:z", doc.Bool(true)), marked("b", "suggestion:y", doc.String("insert")),
		marked("c", "comment:a", doc.Bool(true)), marked("d", "suggestion:b", doc.String("delete")), marked("e", "comment:z", doc.Bool(true)),
	}
	root := doc.Root{
		Comments:    []doc.Comment{{ID: "a"}, {ID: "c"}, {ID: "b"}, {ID: "z"}},
		Suggestions: []doc.Suggestion{{ID: "b"}, {ID: "x"}, {ID: "y"}},
	}
	d := rich.FromSpans(spans, nil, root)
	var got []string
	for _, c := range d.Comments {
		got = append(got, c.ID)
	}
	for _, s := range d.Suggestions {
		got = append(got, s.ID)
	}
	if want := []string{"z", "a", "b", "c", "y", "b", "x"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

func TestR26NotesAreNumberedByThePlaceInTheText(t *testing.T) {
	note := func(id string) doc.Span {
		return doc.Span{Block: &doc.Block{Type: "footnote", Embed: true, Attrs: map[string]doc.Value{"id": doc.String(id)}}}
	}
	d := rich.FromSpans([]doc.Span{note("b"), note("missing"), note("a"), note("b")}, map[string][]doc.Span{
		"a": {{Text: "one"}, {Block: &doc.Block{Type: "heading"}}, {Text: " two"}}, "b": nil, "never": {{Text: "x"}},
	}, doc.Root{})
	if got := d.NoteOrder(); !slices.Equal(got, []string{"b", "missing", "a"}) {
		t.Errorf("order %v", got)
	}
	if got := rich.PlainText(d.Notes["a"]); got != "one two" {
		t.Errorf("text %q", got)
	}
}

func TestATableHasAtMost64Columns(t *testing.T) {
	var spans []doc.Span
	for i := range 200 {
		attrs := map[string]doc.Value{"table": doc.String("t"), "row": doc.String("r"), "col": doc.String(fmt.Sprint("c", i))}
		spans = append(spans, doc.Span{Block: &doc.Block{Type: "paragraph", Parents: []string{"table-cell"}, Attrs: attrs}}, doc.Span{Text: fmt.Sprint(i)})
	}
	d := rich.FromSpans(spans, nil, doc.Root{})
	var widths []int
	for _, block := range d.Blocks {
		widths = append(widths, len(block.(*rich.Table).Columns))
	}
	if !slices.Equal(widths, []int{64, 64, 64, 8}) {
		t.Errorf("columns %v", widths)
	}
}

// TestTimeGrowsWithTheLength: a line of many breaks and of many runs is read and
// written in time that grows with its length, not with its square.
func TestTimeGrowsWithTheLength(t *testing.T) {
	spans := []doc.Span{{Block: &doc.Block{Type: "paragraph"}}, {Text: strings.Repeat("line\n", 400_000)}}
	for i := range 200_000 {
		spans = append(spans, doc.Span{Text: "x", Marks: []doc.Mark{{Name: "m", Value: doc.Int(int64(i % 2 / 2))}}})
	}
	d := rich.FromSpans(spans, nil, doc.Root{})
	if got := rich.FromSpans(d.Spans(), nil, doc.Root{}); len(rich.Line(got.Blocks[0])) != len(rich.Line(d.Blocks[0])) {
		t.Error("the line changed")
	}
}

func FuzzFromSpans(f *testing.F) {
	f.Add(uint64(1), uint64(2), true)
	f.Fuzz(func(t *testing.T, a, b uint64, twice bool) {
		r := rand.New(rand.NewPCG(a, b))
		spans := anyStream(r)
		inCells(r, spans, twice)
		first := rich.FromSpans(spans, nil, doc.Root{})
		second := rich.FromSpans(first.Spans(), nil, doc.Root{})
		if !twice && richtest.Diff(first, second) != "" {
			t.Fatal(richtest.Diff(first, second))
		}
	})
}
