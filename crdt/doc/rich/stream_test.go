package rich_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/doc/rich"
	"parvis/crdt/doc/rich/richtest"
)

// pick gives one of some values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// anyStream makes spans of which nothing is certain but their Go types.
func anyStream(r *rand.Rand) []doc.Span {
	types := []string{
		"paragraph", "paragraph", "heading", "code-block", "unordered-list-item", "ordered-list-item", "task-list-item",
		"page-break", "table-of-contents", "image", "footnote", "strange", "",
	}
	parents := []string{
		"unordered-list-item", "ordered-list-item", "task-list-item", "blockquote", "blockquote", "strange", "table-cell",
	}
	var spans []doc.Span
	for range r.IntN(12) {
		if r.IntN(3) == 0 {
			spans = append(spans, doc.Span{Text: pick(r, "a", "b\nc", "\n", "x y", ""), Marks: anyMarks(r)})
			continue
		}
		block := &doc.Block{Type: pick(r, types...), Attrs: map[string]doc.Value{}, Embed: r.IntN(5) == 0}
		for range r.IntN(4) {
			block.Parents = append(block.Parents, pick(r, parents...))
		}
		for range r.IntN(4) {
			key := pick(r, "level", "align", "language", "checked", "start", "file", "id", "header", "foo")
			block.Attrs[key] = pick(r, doc.Int(-1), doc.Int(3), doc.Int(70000), doc.String("center"), doc.String(""), doc.Bool(true), doc.Bool(false), doc.Value{})
		}
		spans = append(spans, doc.Span{Block: block})
	}
	return spans
}

// inCells puts some of the blocks into cells of tables. Headers are whole rows.
func inCells(r *rand.Rand, spans []doc.Span, twice bool) {
	seen := map[string]bool{}
	for _, span := range spans {
		if span.Block == nil || span.Block.Embed || r.IntN(4) == 0 {
			continue
		}
		row, col := pick(r, "r1", "r2", "r3"), pick(r, "c1", "c2", "c3", "c4")
		table := pick(r, "t1", "t1", "t1", "t2")
		if !twice && seen[table+row+col] {
			continue
		}
		seen[table+row+col] = true
		span.Block.Parents = append([]string{"table-cell"}, span.Block.Parents...)
		span.Block.Attrs["table"], span.Block.Attrs["row"], span.Block.Attrs["col"] = doc.String(table), doc.String(row), doc.String(col)
		span.Block.Attrs["header"] = doc.Bool(row == "r1")
	}
}

func anyMarks(r *rand.Rand) []doc.Mark {
	all := []doc.Mark{
		{Name: "strong", Value: doc.Bool(true)}, {Name: "em", Value: doc.String("yes")}, {Name: "strange", Value: doc.Int(1)},
		{Name: "link", Value: doc.String(`{"href":"https://example.org","title":"t"}`)}, {Name: "color", Value: doc.String("#00ff00")},
		{Name: "highlight", Value: doc.String("red")}, {Name: "comment:abc", Value: doc.Bool(true)}, {Name: "suggestion:x1", Value: doc.String("delete")},
	}
	var marks []doc.Mark
	for _, m := range all {
		if r.IntN(6) == 0 {
			marks = append(marks, m)
		}
	}
	slices.SortFunc(marks, func(a, b doc.Mark) int { return compare(a.Name, b.Name) })
	return marks
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

func show(spans []doc.Span) string {
	text, err := json.MarshalIndent(spans, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func TestR33ReadingWhatWasWrittenGivesTheSameTree(t *testing.T) {
	for seed := range uint64(8_000) {
		r := rand.New(rand.NewPCG(seed, 33))
		spans := anyStream(r)
		if seed%2 == 1 {
			inCells(r, spans, false)
		}
		first := rich.FromSpans(spans, nil, doc.Root{})
		second := rich.FromSpans(first.Spans(), nil, doc.Root{})
		if a, b := richtest.Dump(first), richtest.Dump(second); a != b {
			t.Fatalf("seed %d\n%s\nread as\n%s\nwritten as\n%s\nread again as\n%s", seed, show(spans), a, show(first.Spans()), b)
		}
	}
}

func TestR33TwiceDoubledColumnsStay(t *testing.T) {
	for seed := range uint64(2_000) {
		r := rand.New(rand.NewPCG(seed, 17))
		spans := anyStream(r)
		inCells(r, spans, true)
		first := rich.FromSpans(spans, nil, doc.Root{})
		if a, b := textOf(first), textOf(rich.FromSpans(first.Spans(), nil, doc.Root{})); a != b {
			t.Fatalf("seed %d: text %q became %q", seed, a, b)
		}
	}
}

// textOf is the text of all blocks, sorted, because columns may change places.
func textOf(d rich.Document) string {
	var all []string
	for block := range d.All() {
		all = append(all, rich.PlainText(rich.Line(block)))
		if code, ok := block.(*rich.Code); ok {
			all = append(all, code.Text)
		}
	}
	slices.Sort(all)
	return fmt.Sprint(slices.DeleteFunc(all, func(text string) bool { return text == "" }))
}

func TestRandomDocumentsAreWrittenAndRead(t *testing.T) {
	for seed := range uint64(2_000) {
		d := richtest.Random(rand.New(rand.NewPCG(seed, 1)), richtest.Without{})
		again := rich.FromSpans(d.Spans(), nil, doc.Root{})
		again.Notes, again.Comments, again.Suggestions, again.Page = d.Notes, d.Comments, d.Suggestions, d.Page
		if a, b := richtest.Dump(d), richtest.Dump(again); a != b {
			t.Fatalf("seed %d: %s\nbecame\n%s", seed, a, b)
		}
	}
}
