package text_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/text"
	"parvis/crdt/doc/rich"
	"parvis/crdt/doc/rich/richtest"
)

func words(text string, m rich.Marks) rich.Inline { return &rich.Text{Text: text, Marks: m} }

func line(in ...rich.Inline) *rich.Paragraph { return &rich.Paragraph{Text: in} }

func TestExportShowsWhatTextCanShow(t *testing.T) {
	d := rich.Document{
		Notes: map[string][]rich.Inline{"a": {words("A note", rich.Marks{})}},
		Blocks: []rich.Node{
			&rich.Contents{},
			&rich.Heading{Level: 1, Text: []rich.Inline{words("Title", rich.Marks{})}},
			line(words("See ", rich.Marks{}), words("he", rich.Marks{Link: rich.Link{Href: "https://x.org"}}), words("re", rich.Marks{Strong: true, Link: rich.Link{Href: "https://x.org"}}), &rich.Footnote{ID: "a"}, &rich.Break{}, words("next", rich.Marks{})),
			&rich.List{Kind: rich.Numbered, Start: 9, Items: []rich.Item{
				{Blocks: []rich.Node{line(words("nine", rich.Marks{}))}},
				{Blocks: []rich.Node{line(words("ten", rich.Marks{})), &rich.List{Kind: rich.Tasks, Items: []rich.Item{{Checked: true, Blocks: []rich.Node{line(words("done", rich.Marks{}))}}}}}},
			}},
			&rich.Quote{Blocks: []rich.Node{line(words("q", rich.Marks{})), line(words("r", rich.Marks{}))}},
			rich.NewTable([][]rich.Cell{{{Blocks: []rich.Node{line(words("a", rich.Marks{})), line(words("b", rich.Marks{}))}}, {}}, {{}, {Blocks: []rich.Node{line(words("c", rich.Marks{}))}}}}),
			&rich.Code{Text: "x\n  y"},
		},
	}
	want := "Title\n\nTitle\n\nSee here <https://x.org>[1]\nnext\n\n9. nine\n10. ten\n\n    [x] done\n\n> q\n>\n> r\n\na b\t\n\tc\n\nx\n  y\n\n[1] A note\n"
	var out bytes.Buffer
	lost, err := text.Export(t.Context(), &out, d, format.Options{})
	if err != nil || out.String() != want {
		t.Errorf("%v: got\n%s\nwant\n%s", err, &out, want)
	}
	if len(lost) != 2 || lost[0] != (format.Loss{What: format.LossMark, Count: 1}) || lost[1] != (format.Loss{What: format.LossTable, Count: 1}) {
		t.Errorf("lost %v", lost)
	}
}

func TestExportHoldsAllText(t *testing.T) {
	for seed := range uint64(300) {
		d := richtest.Random(rand.New(rand.NewPCG(seed, 8)), richtest.Without{})
		var out bytes.Buffer
		if _, err := text.Export(t.Context(), &out, d, format.Options{}); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(strings.Fields(out.String()), " ")
		for in := range d.Inlines() {
			if run, ok := in.(*rich.Text); ok && !strings.Contains(got, strings.Join(strings.Fields(run.Text), " ")) {
				t.Fatalf("seed %d: %q is not in\n%s", seed, run.Text, &out)
			}
		}
	}
}

func TestParagraphsComeBack(t *testing.T) {
	source := "one\ntwo  \n\n\n  three\tx\n"
	d, lost, err := text.Import(t.Context(), []byte(source), format.Options{})
	if err != nil || len(lost) > 0 {
		t.Fatal(lost, err)
	}
	want := "paragraph: \"one\" break \"two\"\nparagraph: \"  three\\tx\"\n"
	if got := richtest.Dump(d); !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	var out bytes.Buffer
	if _, err := text.Export(t.Context(), &out, d, format.Options{}); err != nil || out.String() != "one\ntwo\n\n  three\tx\n" {
		t.Errorf("%v: %q", err, &out)
	}
}

func TestImportTakesEveryEncoding(t *testing.T) {
	for name, data := range map[string]string{
		"UTF-8": "é€", "UTF-8 with a mark": "\xef\xbb\xbfé€", "UTF-16LE": "\xff\xfe\xe9\x00\xac\x20", "UTF-16BE": "\xfe\xff\x00\xe9\x20\xac", "Windows": "\xe9\x80", "CRLF": "\r\n\r\né€\r\n",
	} {
		d, _, err := text.Import(t.Context(), []byte(data), format.Options{})
		if got := rich.PlainText(rich.Line(d.Blocks[0])); err != nil || got != "é€" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, _, err := text.Import(t.Context(), make([]byte, text.MaxFile+1), format.Options{}); !errors.Is(err, format.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := text.Import(ctx, nil, format.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func check(t testing.TB, data []byte) {
	d, _, err := text.Import(t.Context(), data, format.Options{})
	if !format.IsText(data) {
		if !errors.Is(err, format.ErrNotThis) {
			t.Fatalf("%q is no text: %v", data, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, span := range d.Spans() {
		if !utf8.ValidString(span.Text) {
			t.Fatalf("%q from %q", span.Text, data)
		}
	}
}

func TestImportMutations(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		data := make([]byte, r.IntN(64))
		for i := range data {
			data[i] = "\x1b\r\n\t \xff\xfe\xef\xbb\xbfabé\x80"[r.IntN(15)]
		}
		check(t, data)
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte("one\r\ntwo\n\nthree"))
	f.Add([]byte("\xff\xfea\x00\x00\xd8"))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, data) })
}
