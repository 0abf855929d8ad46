package markdown_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/markdown"
	"parvis/crdt/doc/rich"
	"parvis/crdt/doc/rich/richtest"
	"parvis/crdt/seal/sealtest"
)

var pictures = format.Options{Images: richtest.Pictures{}, Files: richtest.Pictures{}}

// keeps is what Markdown can hold.
var keeps = richtest.Without{Align: true, Color: true, Suggestions: true, Page: true, CellBlocks: true, HeaderRowOnly: true}

func export(t testing.TB, d rich.Document) (string, format.Report) {
	t.Helper()
	var out bytes.Buffer
	lost, err := markdown.Export(t.Context(), &out, d, pictures)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), lost
}

func read(t testing.TB, source string) (rich.Document, format.Report) {
	t.Helper()
	d, lost, err := markdown.Import(t.Context(), []byte(source), pictures)
	if err != nil {
		t.Fatal(err)
	}
	return d, lost
}

func TestDocumentsComeBack(t *testing.T) {
	for seed := range uint64(500) {
		d := richtest.Random(rand.New(rand.NewPCG(seed, 4)), keeps)
		source, lost := export(t, d)
		if len(lost) > 0 {
			t.Fatalf("seed %d: lost %v", seed, lost)
		}
		again, lost := read(t, source)
		if len(lost) > 0 {
			t.Errorf("seed %d: lost %v", seed, lost)
		}
		if diff := richtest.Diff(richtest.Renumber(d), richtest.Renumber(again)); diff != "" {
			t.Fatalf("seed %d: %s\nby\n%s", seed, diff, source)
		}
	}
}

// An empty item at the end of an inner list does not end the lists around it.
func TestEmptyItemsComeBack(t *testing.T) {
	item := func(text string, blocks ...rich.Node) rich.Item {
		own := &rich.Paragraph{}
		if text != "" {
			own.Text = []rich.Inline{&rich.Text{Text: text}}
		}
		return rich.Item{Blocks: append([]rich.Node{own}, blocks...)}
	}
	for _, kind := range []rich.ListKind{rich.Bullets, rich.Numbered, rich.Tasks} {
		list := func(items ...rich.Item) *rich.List {
			made := &rich.List{Kind: kind, Items: items}
			if kind == rich.Numbered {
				made.Start = 1
			}
			return made
		}
		for i, want := range []*rich.List{
			list(item("one", list(item("one a", list(item(""))), item("one b"))), item("two")),
			list(item("one", list(item("one a", list(item("i"), item(""), item(""))), item("one b")))),
			list(item("", list(item(""), item("x"))), item(""), item("two")),
			list(item("one"), item("")),
		} {
			source, _ := export(t, rich.Document{Blocks: []rich.Node{want}})
			again, lost := read(t, source)
			if diff := richtest.Diff(richtest.Renumber(rich.Document{Blocks: []rich.Node{want}}), richtest.Renumber(again)); diff != "" || len(lost) > 0 {
				t.Errorf("%s %d: lost %v, %s\nby\n%s", kind, i, lost, diff, source)
			}
		}
	}
}

// Of a suggestion that was decided only its entry is left.
func TestDecidedSuggestionsAreNotLost(t *testing.T) {
	d := rich.Document{
		Suggestions: []rich.Suggestion{{ID: "a"}, {ID: "b"}},
		Blocks: []rich.Node{&rich.Paragraph{Text: []rich.Inline{
			&rich.Text{Text: "old", Marks: rich.Marks{Suggested: []rich.Suggested{{ID: "b", Delete: true}}}},
			&rich.Text{Text: "new", Marks: rich.Marks{Suggested: []rich.Suggested{{ID: "b"}}}},
		}}},
	}
	if _, lost := export(t, d); len(lost) != 1 || lost[0] != (format.Loss{What: format.LossSuggestion, Count: 1}) {
		t.Errorf("lost %v, want one suggestion", lost)
	}
	d.Blocks = []rich.Node{&rich.Paragraph{Text: []rich.Inline{&rich.Text{Text: "new"}}}}
	if _, lost := export(t, d); len(lost) > 0 {
		t.Errorf("lost %v of a text without suggestions", lost)
	}
}

func TestExportNamesWhatIsLost(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(60) {
		_, lost := export(t, richtest.Random(rand.New(rand.NewPCG(seed, 6)), richtest.Without{}))
		for _, l := range lost {
			seen[l.What] = true
		}
	}
	for _, code := range []string{format.LossAlign, format.LossColor, format.LossSuggestion, format.LossPage, format.LossTable} {
		if !seen[code] {
			t.Errorf("%s is never reported", code)
		}
	}
	var out bytes.Buffer
	lost, err := markdown.Export(t.Context(), &out, rich.Document{Blocks: []rich.Node{&rich.Paragraph{Text: []rich.Inline{&rich.Image{Alt: "x"}}}}}, format.Options{})
	if err != nil || len(lost) != 1 || lost[0].What != format.LossImage {
		t.Errorf("lost %v, %v", lost, err)
	}
}

func TestExportIsReadable(t *testing.T) {
	d := rich.Document{
		Notes: map[string][]rich.Inline{"a": {&rich.Text{Text: "A note."}}},
		Blocks: []rich.Node{
			&rich.Heading{Level: 2, Text: []rich.Inline{&rich.Text{Text: "What we know: 3 facts"}}},
			&rich.Paragraph{Text: []rich.Inline{
				&rich.Text{Text: "It is "}, &rich.Text{Text: "important", Marks: rich.Marks{Strong: true}}, &rich.Text{Text: ", see "},
				&rich.Text{Text: "here", Marks: rich.Marks{Link: rich.Link{Href: "https://example.org/"}}}, &rich.Text{Text: "."}, &rich.Footnote{ID: "a"},
			}},
			&rich.List{Kind: rich.Tasks, Items: []rich.Item{
				{Checked: true, Blocks: []rich.Node{&rich.Paragraph{Text: []rich.Inline{&rich.Text{Text: "done"}}}}},
				{Blocks: []rich.Node{&rich.Paragraph{Text: []rich.Inline{&rich.Text{Text: "commented", Marks: rich.Marks{Comments: []string{"k"}}}}}}},
			}},
			rich.NewTable([][]rich.Cell{{{Header: true, Blocks: []rich.Node{&rich.Paragraph{Text: []rich.Inline{&rich.Text{Text: "a"}}}}}, {Header: true}}, {{}, {}}}),
		},
		Comments: []rich.Comment{{ID: "k", Resolved: true, Messages: []rich.Message{{Name: "Ana", AtMs: 1_700_000_000_000, Text: "why?"}}}},
	}
	want := `## What we know: 3 facts

It is **important**, see [here](<https://example.org/>).[^1]

* [x] done
* [ ] <span data-comment="c1">commented</span>[^c1]

| a |  |
| --- | --- |
|  |  |

[^1]: A note.

[^c1]: <b>Ana</b> (2023-11-14T22:13:20Z, resolved): why?
`
	if got, _ := export(t, d); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestForeignText: what people and other programs write, as the lines of a dump.
func TestForeignText(t *testing.T) {
	cases := map[string]struct{ source, want, lost string }{
		"setext and soft breaks": {"Title\n=====\n\none\ntwo  \nthree", "heading 1: \"Title\"\nparagraph: \"one two\" break \"three\"", ""},
		"nested signs":           {"**bold *both* `x`** ~~no~~", `paragraph: "bold "{strong} "both"{em,strong} " "{strong} "x"{code,strong} " " "no"{strike}`, ""},
		"lists": {"1. a\n   - b\n\n     c\n2. d\n\n- [x] e\n- f",
			"list ordered start=1\n- item\n  paragraph: \"a\"\n  list bullet start=0\n  - item\n    paragraph: \"b\"\n    paragraph: \"c\"\n- item\n  paragraph: \"d\"\nlist task start=0\n- item checked\n  paragraph: \"e\"\n- item\n  paragraph: \"f\"", ""},
		"links":      {"<https://x.org> https://y.org/a_b [z](javascript:alert(1)) [r][1]\n\n[1]: https://r.org 't'", `paragraph: "https://x.org"{link{"https://x.org" ""}} " " "https://y.org/a_b"{link{"https://y.org/a_b" ""}} " z " "r"{link{"https://r.org" "t"}}`, "link"},
		"pictures":   {"![a *b*](https://x.org/i.png) ![c](x.png)", `paragraph: "a b c"`, "image"},
		"a table":    {"a | b\n:-:|--\nc \\| d | `e`", "table t1 [\"c1\" \"c2\"]\n- row r1\n  - cell header\n    paragraph align=center: \"a\"\n  - cell header\n    paragraph: \"b\"\n- row r2\n  - cell\n    paragraph align=center: \"c | d\"\n  - cell\n    paragraph: \"e\"{code}", ""},
		"HTML":       {"<div align=center>\n<b>x</b>\n</div>\n\na <b>y</b><br>z <i>w\n\n<script>alert(1)</script>\n\n<!-- hidden -->", "paragraph align=center: \"x\"{strong}\nparagraph: \"a \" \"y\"{strong} break \"z \" \"w\"{em}", ""},
		"front":      {"---\ntitle: x\n---\n\ny", `paragraph: "y"`, "frontMatter"},
		"a rule":     {"a\n\n***\n\nb", "paragraph: \"a\"\nparagraph: \"b\"", "rule"},
		"a footnote": {"a[^n] b[^c1]\n\n[^n]: note *x*\n[^c1]: not a comment", "paragraph: \"a\" note n1 \" b\" note n2\nnote 1 \"n1\": \"note \" \"x\"{em}\nnote 2 \"n2\": \"not a comment\"", ""},
		"contents":   {"[TOC]\n\n\\[TOC]\n\n# a", "contents\nparagraph: \"[TOC]\"\nheading 1: \"a\"", ""},
		"code":       {"```go run\na\n\n  b\n```\n\n    c\n    d", "code language=go: \"a\\n\\n  b\"\ncode: \"c\\nd\"", ""},
		"entities":   {"&copy; &#65; &nosuch; \\& a\\*b", `paragraph: "© A &nosuch; & a*b"`, ""},
	}
	for name, c := range cases {
		d, lost := read(t, c.source)
		got, _, _ := strings.Cut(richtest.Dump(richtest.Renumber(d)), "page {")
		if strings.TrimRight(got, "\n") != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
		var codes []string
		for _, l := range lost {
			codes = append(codes, l.What)
		}
		if got := strings.Join(codes, " "); got != c.lost {
			t.Errorf("%s: lost %q, want %q", name, got, c.lost)
		}
	}
}

func TestImportLimits(t *testing.T) {
	if _, _, err := markdown.Import(t.Context(), make([]byte, markdown.MaxFile+1), pictures); !errors.Is(err, format.ErrNotThis) {
		t.Errorf("zeros are no text: %v", err)
	}
	if _, _, err := markdown.Import(t.Context(), bytes.Repeat([]byte("a"), markdown.MaxFile+1), pictures); !errors.Is(err, format.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := markdown.Import(ctx, []byte("a"), pictures); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	d, _ := read(t, strings.Repeat("> - ", 1000)+"x")
	for _, span := range d.Spans() {
		if span.Block != nil && len(span.Block.Parents) > 24 {
			t.Fatalf("%d parents", len(span.Block.Parents))
		}
	}
}

// TestImportEndsInTime: texts that are made to take long.
func TestImportEndsInTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for _, piece := range []string{"> ", "[a](", "_a*"} {
		source := []byte(strings.Repeat(piece, 1<<20/len(piece)))
		if _, _, err := markdown.Import(ctx, source, pictures); !errors.Is(err, format.ErrTooLarge) {
			t.Errorf("%q: %v", piece, err)
		}
	}
}

func seeds(t testing.TB) [][]byte {
	var all [][]byte
	for seed := uint64(0); len(all) < 20; seed++ {
		source, _ := export(t, richtest.Random(rand.New(rand.NewPCG(seed, 5)), richtest.Without{}))
		if len(source) < 1500 { // small ones, for speed
			all = append(all, []byte(source))
		}
	}
	return all
}

func TestImportMutations(t *testing.T) {
	for data := range sealtest.Mutations(11, seeds(t), sealtest.Inputs) {
		if d, _, err := markdown.Import(t.Context(), data, pictures); err == nil {
			_ = d.Spans()
		}
	}
}

func FuzzImport(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if d, _, err := markdown.Import(t.Context(), data, pictures); err == nil {
			_ = d.Spans()
		}
	})
}
