package doctest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// Describe writes a state out in full, so that two can be compared. What cannot be read
// stands there with its error.
func Describe(ctx context.Context, d doc.Reader) string {
	var b strings.Builder
	root, err := d.Root(ctx)
	fmt.Fprintf(&b, "%+v %v\n", root, err)
	names := []string{"text"}
	for _, note := range root.Notes {
		names = append(names, "notes/"+note)
	}
	for _, name := range names {
		spans, err := d.Spans(ctx, name)
		fmt.Fprintf(&b, "%s %s %v\n", name, SpanText(spans), err)
	}
	return b.String()
}

// SpanText writes spans in the form that the scripts in testdata use too.
func SpanText(spans []doc.Span) string {
	var b strings.Builder
	for _, span := range spans {
		if span.Block == nil {
			fmt.Fprintf(&b, "%q", span.Text)
			for _, m := range span.Marks {
				fmt.Fprintf(&b, " %s=%s", m.Name, valueText(m.Value))
			}
			b.WriteString("; ")
			continue
		}
		fmt.Fprintf(&b, "[%s %s embed=%t", span.Block.Type, strings.Join(span.Block.Parents, "/"), span.Block.Embed)
		for _, key := range slices.Sorted(maps.Keys(span.Block.Attrs)) {
			fmt.Fprintf(&b, " %s=%s", key, valueText(span.Block.Attrs[key]))
		}
		b.WriteString("]; ")
	}
	return b.String()
}

func valueText(v doc.Value) string {
	switch v.Kind {
	case doc.KindString:
		return fmt.Sprintf("%q", v.Str)
	case doc.KindBool:
		return fmt.Sprint(v.Bool)
	case doc.KindFloat:
		return fmt.Sprint(v.Float)
	case doc.KindBytes:
		return fmt.Sprintf("%x", v.Bytes)
	case doc.KindNull:
		return "null"
	case doc.KindOther:
		return "?"
	}
	return fmt.Sprint(v.Int)
}

func strong() doc.Mark { return doc.Mark{Name: "strong", Value: doc.Bool(true)} }

// everything is a text with each kind of block and mark.
func everything() []doc.Span {
	block := func(kind string, parents []string, attrs map[string]doc.Value) doc.Span {
		return doc.Span{Block: &doc.Block{Type: kind, Parents: parents, Attrs: attrs}}
	}
	cell := func(row, col string) doc.Span {
		return block("paragraph", []string{"table-cell"}, map[string]doc.Value{"table": doc.String("t"), "row": doc.String(row), "col": doc.String(col), "header": doc.Bool(row == "r1")})
	}
	embed := func(kind string, attrs map[string]doc.Value) doc.Span {
		return doc.Span{Block: &doc.Block{Type: kind, Attrs: attrs, Embed: true}}
	}
	text := func(text string, marks ...doc.Mark) doc.Span { return doc.Span{Text: text, Marks: marks} }
	return []doc.Span{
		text("before any block "), text("bold", strong()),
		block("heading", nil, map[string]doc.Value{"level": doc.Int(1), "align": doc.String("center")}), text("Title 😀"),
		block("paragraph", nil, nil), text("one", doc.Mark{Name: "color", Value: doc.String("#ff0000")}, strong()),
		text("two", doc.Mark{Name: "comment:abc", Value: doc.Bool(true)}),
		text("three", doc.Mark{Name: "link", Value: doc.String(`{"href":"https://example.org"}`)}),
		text("gone", doc.Mark{Name: "suggestion:s1", Value: doc.String("delete")}),
		block("unordered-list-item", nil, nil), text("item"),
		block("task-list-item", []string{"unordered-list-item"}, map[string]doc.Value{"checked": doc.Bool(true)}), text("done"),
		block("paragraph", []string{"blockquote"}, nil), text("said"),
		embed("image", map[string]doc.Value{"file": doc.String("00ff"), "width": doc.Int(640)}), text(" and "),
		embed("footnote", map[string]doc.Value{"id": doc.String("n1")}),
		cell("r1", "c1"), text("A"), cell("r1", "c2"), text("B"), cell("r2", "c1"), cell("r2", "c2"), text("D"),
		block("code-block", nil, map[string]doc.Value{"language": doc.String("go")}), text("a\nb"),
		block("page-break", nil, nil), block("table-of-contents", nil, nil), block("paragraph", nil, nil),
	}
}

func (s suite) spans() {
	d := s.open(1)
	want := everything()
	s.change(d, func(e doc.Edit) error { return e.SetSpans("text", want) })
	s.expectSpans(d, want)
	want = slices.Delete(want, 3, 5)
	want[0].Text, want[1].Marks = "before ", nil
	want[0].Text, want = want[0].Text+want[1].Text, slices.Delete(want, 1, 2)
	want[1] = doc.Span{Block: &doc.Block{Type: "heading", Attrs: map[string]doc.Value{"level": doc.Int(3)}}}
	s.change(d, func(e doc.Edit) error { return e.SetSpans("text", want) })
	s.expectSpans(d, want)
	other := s.open(2)
	changes, err := d.Changes(s.Context(), d.Heads()[:0])
	s.ok(err)
	s.apply(other, changes...)
	s.same(d, other)
}

func (s suite) growth() {
	if s.lacks&NoMarks != 0 {
		s.Skip("the engine cannot read marks")
	}
	d := s.open(1)
	s.write(d, 0, 0, "abcd")
	s.change(d, func(e doc.Edit) error {
		if err := e.Mark("text", doc.MarkRange{Mark: strong(), Start: 1, End: 3, Expand: doc.ExpandBoth}); err != nil {
			return err
		}
		return e.Mark("text", doc.MarkRange{Mark: doc.Mark{Name: "code", Value: doc.Bool(true)}, Start: 1, End: 3})
	})
	s.write(d, 3, 0, "X")
	s.change(d, func(e doc.Edit) error {
		return e.Mark("text", doc.MarkRange{Mark: doc.Mark{Name: "strong"}, Start: 1, End: 2})
	})
	spans, err := d.Spans(s.Context(), "text")
	s.ok(err)
	if got, want := SpanText(spans), `"a"; "b" code=true; "c" code=true strong=true; "X" strong=true; "d"; `; got != want {
		s.Errorf("spans %s, want %s", got, want)
	}
}

func (s suite) root() {
	a, b := s.open(1), s.open(2)
	person := seal.Sum([]byte("person"))
	s.apply(b, s.change(a, func(e doc.Edit) error {
		puts := []struct {
			path []string
			v    doc.Value
		}{
			{[]string{"comments", "c1", "resolved"}, doc.Bool(false)},
			{[]string{"comments", "c1", "messages", "m1", "text"}, doc.String("Why?")},
			{[]string{"comments", "c1", "messages", "m1", "at"}, doc.Int(1000)},
			{[]string{"comments", "c1", "messages", "m1", "mentions"}, doc.String(person.String() + ",junk")},
			{[]string{"suggestions", "s1", "at"}, doc.Int(2000)},
			{[]string{"versions", "v1", "name"}, doc.String("First")},
			{[]string{"versions", "v1", "heads"}, doc.String(doc.RootHash().String())},
			{[]string{"page", "size"}, doc.String("A4")},
			{[]string{"page", "numbers"}, doc.Bool(true)},
		}
		for _, p := range puts {
			if err := e.Put(p.path, p.v); err != nil {
				return err
			}
		}
		return e.SetSpans("notes/n1", []doc.Span{{Text: "a note", Marks: []doc.Mark{strong()}}})
	}))
	s.apply(a, s.change(b, func(e doc.Edit) error {
		if err := e.Put([]string{"comments", "c1", "messages", "m0", "text"}, doc.String("Because.")); err != nil {
			return err
		}
		if err := e.Put([]string{"comments", "c1", "messages", "m0", "at"}, doc.Int(3000)); err != nil {
			return err
		}
		if err := e.Delete([]string{"suggestions", "s1"}); err != nil {
			return err
		}
		return e.Delete([]string{"suggestions", "none", "at"})
	}))
	s.same(a, b)
	root, err := b.Root(s.Context())
	s.ok(err)
	want := doc.Root{
		Version: 1, Notes: []string{"n1"},
		Comments: []doc.Comment{{ID: "c1", Author: doc.Actor{1}, Messages: []doc.Message{
			{ID: "m1", Author: doc.Actor{1}, Text: "Why?", AtMs: 1000, Mentions: []seal.ID{person}},
			{ID: "m0", Author: doc.Actor{2}, Text: "Because.", AtMs: 3000},
		}}},
		Versions: []doc.Version{{ID: "v1", Author: doc.Actor{1}, Name: "First", Heads: []seal.ID{doc.RootHash()}}},
		Page:     doc.Page{Size: "A4", Numbers: true},
	}
	if fmt.Sprintf("%+v", root) != fmt.Sprintf("%+v", want) {
		s.Errorf("root\n%+v\nwant\n%+v", root, want)
	}
	if text, err := b.Text(s.Context(), "notes/n1"); err != nil || text != "a note" {
		s.Errorf("note %q, %v", text, err)
	}
}
