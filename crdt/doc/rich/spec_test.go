package rich_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/doc/rich"
	"parvis/crdt/doc/rich/richtest"
)

func TestEveryRuleIsNamedByATest(t *testing.T) {
	page, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	named := ""
	for _, pattern := range []string{"*_test.go", "testdata/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			named += string(text)
		}
	}
	tests := regexp.MustCompile(`(?:func Test|"name": ")((?:R[0-9]+)+)`).FindAllStringSubmatch(named, -1)
	var quoted []string
	for _, match := range tests {
		quoted = append(quoted, regexp.MustCompile(`R[0-9]+`).FindAllString(match[1], -1)...)
	}
	rules := regexp.MustCompile(`(?m)^\| (R[0-9]+) \|`).FindAllStringSubmatch(string(page), -1)
	if len(rules) < 30 {
		t.Fatalf("only %d rules found", len(rules))
	}
	for _, rule := range rules {
		if !slices.Contains(quoted, rule[1]) {
			t.Errorf("%s is named by no test", rule[1])
		}
	}
}

func TestR25MarksGrowAtTheirEdges(t *testing.T) {
	for name, want := range map[string]doc.Expand{
		"strong": doc.ExpandBoth, "em": doc.ExpandBoth, "underline": doc.ExpandBoth, "strike": doc.ExpandBoth, "color": doc.ExpandBoth,
		"highlight": doc.ExpandBoth, "code": doc.ExpandNone, "link": doc.ExpandNone, "comment:abc": doc.ExpandNone, "unknown": doc.ExpandNone,
	} {
		if got := doc.ExpandOf(doc.Mark{Name: name, Value: doc.Bool(true)}); got != want {
			t.Errorf("%s grows %d, want %d", name, got, want)
		}
	}
	for value, want := range map[string]doc.Expand{"insert": doc.ExpandAfter, "delete": doc.ExpandNone} {
		if got := doc.ExpandOf(doc.Mark{Name: "suggestion:s", Value: doc.String(value)}); got != want {
			t.Errorf("suggestion to %s grows %d, want %d", value, got, want)
		}
	}
}

func words(text string) []rich.Inline { return []rich.Inline{&rich.Text{Text: text}} }

// written is a document as the types, attributes and texts of its spans.
func written(blocks ...rich.Node) string {
	var parts []string
	for _, span := range (rich.Document{Blocks: blocks}).Spans() {
		if span.Block == nil {
			parts = append(parts, "“"+span.Text+"”")
			continue
		}
		var attrs []string
		for _, key := range sortedKeys(span.Block.Attrs) {
			attrs = append(attrs, key+"="+plain(span.Block.Attrs[key]))
		}
		parts = append(parts, strings.Join(append(slices.Clone(span.Block.Parents), span.Block.Type), "/")+"("+strings.Join(attrs, " ")+")")
	}
	return strings.Join(parts, " ")
}

// plain is a value of one digit, a text or a truth.
func plain(v doc.Value) string {
	switch v.Kind {
	case doc.KindString:
		return v.Str
	case doc.KindBool:
		return map[bool]string{true: "true", false: "false"}[v.Bool]
	}
	return string(rune('0' + v.Int))
}

func TestR30R31WhatIsWritten(t *testing.T) {
	item := func(text string, more ...rich.Node) rich.Item {
		return rich.Item{Blocks: append([]rich.Node{&rich.Paragraph{Text: words(text)}}, more...)}
	}
	cases := map[string]struct{ got, want string }{
		"a heading": {written(&rich.Heading{Level: 2, Align: rich.AlignCenter, Text: words("a")}), "heading(align=center level=2) “a”"},
		"lists": {written(&rich.List{Kind: rich.Numbered, Start: 3, Items: []rich.Item{item("a", &rich.Code{Language: "go", Text: "b"}), item("c")}}),
			"ordered-list-item(start=3) “a” ordered-list-item/code-block(language=go) “b” ordered-list-item() “c”"},
		"tasks":   {written(&rich.List{Kind: rich.Tasks, Items: []rich.Item{item("a")}}), "task-list-item(checked=false) “a”"},
		"a quote": {written(&rich.Quote{Blocks: []rich.Node{&rich.List{Kind: rich.Bullets, Items: []rich.Item{item("a")}}}}), "blockquote/unordered-list-item() “a”"},
		"an atom": {written(&rich.PageBreak{}, &rich.Quote{Blocks: []rich.Node{&rich.Contents{}}}), "page-break()"},
		"ghosts": {written(&rich.Paragraph{Ghost: true, Text: words("a")}, &rich.Paragraph{Ghost: true, Text: words("b")}, &rich.PageBreak{}, &rich.Paragraph{Ghost: true, Text: words("c")}),
			"“a” paragraph() “b” page-break() “c”"},
		"an empty ghost": {written(&rich.Paragraph{Ghost: true}), ""},
	}
	for name, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: wrote %s, want %s", name, c.got, c.want)
		}
	}
}

func TestR32EmptyCellsAreWrittenWhereTheyMatter(t *testing.T) {
	full := func(header bool) rich.Cell {
		return rich.Cell{Header: header, Blocks: []rich.Node{&rich.Paragraph{Text: words("x")}}}
	}
	for name, rows := range map[string][][]rich.Cell{
		"all empty":           {{{}, {}}, {{}, {}}},
		"a column":            {{full(false), {}}, {full(false), {}}},
		"a row":               {{full(false), full(false)}, {{}, {}}},
		"a header":            {{{Header: true}, {Header: true}}, {full(false), {}}},
		"a header of its own": {{{}, {Header: true}, full(false)}, {full(true), {}, {}}},
		"the first":           {{{}, full(false)}, {full(false), {}}},
	} {
		d := rich.Document{Blocks: []rich.Node{rich.NewTable(rows)}}.Settled()
		table := d.Blocks[0].(*rich.Table)
		if len(table.Rows) != len(rows) || len(table.Columns) != len(rows[0]) {
			t.Errorf("%s: %d rows and %d columns\n%s", name, len(table.Rows), len(table.Columns), richtest.Dump(d))
			continue
		}
		for i, row := range rows {
			for j, cell := range row {
				got := table.Rows[i].Cells[j]
				if got.Header != cell.Header || len(cell.Blocks) > 0 != (len(got.Blocks) > 0 && len(rich.Line(got.Blocks[0])) > 0) {
					t.Errorf("%s: cell %d, %d differs\n%s", name, i, j, richtest.Dump(d))
				}
			}
		}
	}
}
