package odt_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"parvis/crdt/doc/format/odt"
	"parvis/crdt/doc/format/officetest"
	"parvis/crdt/doc/rich"
	"parvis/crdt/doc/rich/richtest"
)

func words(s string, marks ...rich.Marks) *rich.Text {
	t := &rich.Text{Text: s}
	if len(marks) > 0 {
		t.Marks = marks[0]
	}
	return t
}

func paragraph(inlines ...rich.Inline) *rich.Paragraph { return &rich.Paragraph{Text: inlines} }

func cell(s string) rich.Cell { return rich.Cell{Blocks: []rich.Node{paragraph(words(s))}} }

// picture is the id of a picture that richtest has.
const picture = "0000000000000000000000000000000000000000000000000000000000000004"

// report has everything that OpenDocument can hold.
func report() rich.Document {
	table := rich.NewTable([][]rich.Cell{{cell("Nom"), cell("Âge")}, {cell("Anaïs"), cell("41")}, {cell("Ben"), cell("37")}})
	for i := range table.Rows[0].Cells {
		table.Rows[0].Cells[i].Header = true
	}
	return rich.Document{
		Blocks: []rich.Node{
			&rich.Heading{Level: 1, Text: []rich.Inline{words("Rapport annuel")}},
			paragraph(words("Un texte "), words("gras", rich.Marks{Strong: true}), words(", "), words("penché", rich.Marks{Em: true}), words(" et "), words("lié", rich.Marks{Link: rich.Link{Href: "https://example.org/"}}), words("."), &rich.Footnote{ID: "n1"}),
			&rich.Heading{Level: 2, Text: []rich.Inline{words("Détails")}},
			&rich.List{Kind: rich.Bullets, Items: []rich.Item{{Blocks: []rich.Node{paragraph(words("premier")), &rich.List{Kind: rich.Numbered, Start: 1, Items: []rich.Item{{Blocks: []rich.Node{paragraph(words("dedans"))}}}}}}, {Blocks: []rich.Node{paragraph(words("second"))}}}},
			&rich.Heading{Level: 3, Text: []rich.Inline{words("Chiffres")}},
			table,
			paragraph(words("Avant "), &rich.Image{File: picture, Alt: "un point", Width: 160, Height: 120}, words(" après")),
			&rich.Quote{Blocks: []rich.Node{paragraph(words("Cité"))}},
			&rich.Code{Text: "x := 1\ny := 2"},
			paragraph(words("Discuté", rich.Marks{Comments: []string{"c1"}}), words(" et fini.")),
			paragraph(words("Ajouté", rich.Marks{Suggested: []rich.Suggested{{ID: "s1"}}}), words(" ou "), words("parti", rich.Marks{Suggested: []rich.Suggested{{ID: "s2", Delete: true}}})),
			&rich.List{Kind: rich.Tasks, Items: []rich.Item{{Checked: true, Blocks: []rich.Node{paragraph(words("fait"))}}, {Blocks: []rich.Node{paragraph(words("ouvert"))}}}},
			&rich.PageBreak{},
			&rich.Contents{},
		},
		Suggestions: []rich.Suggestion{{ID: "s1", Name: "Ben", AtMs: 1_700_000_000_000}, {ID: "s2", Name: "Ben", AtMs: 1_700_000_060_000}},
		Notes:       map[string][]rich.Inline{"n1": {words("La note.")}},
		Comments:    []rich.Comment{{ID: "c1", Messages: []rich.Message{{ID: "m1", Name: "Ben", Text: "Vraiment ?"}, {ID: "m2", Name: "Anaïs", Text: "Oui."}}}},
		Page:        rich.Page{Header: "En-tête", Footer: "Pied", Numbers: true},
	}.Settled()
}

func TestLibreOfficeReadsWhatWeWrite(t *testing.T) {
	file, lost := export(t, report())
	if len(lost) > 0 {
		t.Fatalf("lost %v", lost)
	}
	files := map[string][]byte{"report.odt": file}
	flat := officetest.Convert(t, "fodt", files)["report"]
	counts := officetest.Count(t, flat)
	for name, want := range map[string]int{"h": 3, "table": 1, "table-row": 2, "image": 1, "note": 1, "annotation": 2, "annotation-end": 1, "list-item": 5, "insertion": 1, "deletion": 1, "table-of-content": 1} {
		if counts[name] < want {
			t.Errorf("LibreOffice sees %d × %s, want %d", counts[name], name, want)
		}
	}
	var ours strings.Builder
	for block := range report().All() {
		for _, in := range rich.Line(block) {
			if text, ok := in.(*rich.Text); ok {
				ours.WriteString(text.Text)
			}
		}
		ours.WriteString("\n")
		if code, ok := block.(*rich.Code); ok {
			ours.WriteString(code.Text + "\n")
		}
	}
	said := officetest.Words(string(officetest.Convert(t, "txt:Text (encoded):UTF8", files)["report"]))
	at := 0
	for _, word := range strings.Fields(strings.ReplaceAll(ours.String(), "\ufffc", " ")) {
		if i := strings.Index(said[at:], word); i < 0 {
			t.Errorf("%q is not in its place in %q", word, said)
		} else {
			at += i
		}
	}
	paper := t.TempDir() + "/out.pdf"
	write(t, paper, officetest.Convert(t, "pdf", files)["report"])
	out, err := exec.CommandContext(t.Context(), "pdftotext", paper, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext: %v %s", err, out)
	}
	for _, want := range []string{"Rapport annuel", "Anaïs", "La note.", "En-tête", "Pied", "1 / 2", "2 / 2", "☑"} {
		if said := strings.ReplaceAll(string(out), " ", ""); !strings.Contains(said, strings.ReplaceAll(want, " ", "")) {
			t.Errorf("the paper lacks %q: %s", want, out)
		}
	}
}

// foreign are five files as LibreOffice writes them, made of these pages, with what
// has to be found in them and what has to be reported.
var foreign = map[string]struct{ page, want, lost string }{
	"letter": {"<p>Dear <b>Ben</b>,</p><p align=right>yours, <i>Ana</i></p><p><u>under</u> <s>struck</s> <a href='https://example.org/'>link</a></p>",
		"paragraph: \"Dear \" \"Ben\"{strong} \",\"\nparagraph align=right: \"yours, \" \"Ana\"{em}\nparagraph: \"under\"{underline} \" \" \"struck\"{strike} \" \" \"link\"{link{\"https://example.org/\" \"\"}}", ""},
	"headings": {"<h1>One</h1><p>text</p><h2>Two</h2><h3>Three</h3><h4>Four</h4><h5>Five</h5><p>end</p>",
		"heading 1: \"One\"\nparagraph: \"text\"\nheading 2: \"Two\"\nheading 3: \"Three\"\nheading 4: \"Four\"\nheading 4: \"Five\"\nparagraph: \"end\"", "heading"},
	"lists": {"<ul><li>a</li><li>b<ol><li>one</li><li>two</li></ol></li></ul><p>between</p><ol start=3><li>three</li><li>four</li></ol>",
		"list bullet start=0\n- item\n  paragraph: \"a\"\n- item\n  paragraph: \"b\"\n  list ordered start=1\n  - item\n    paragraph: \"one\"\n  - item\n    paragraph: \"two\"\nparagraph: \"between\"\nlist ordered start=3\n- item\n  paragraph: \"three\"\n- item\n  paragraph: \"four\"", ""},
	"table": {"<table border=1><thead><tr><th>A</th><th>B</th></tr></thead><tr><td>1</td><td>2</td></tr><tr><td colspan=2>both</td></tr></table><p>after</p>",
		"- cell header", "merged"},
	"mixed": {"<blockquote>quoted</blockquote><pre>x = 1\ny = 2</pre><p>a<br>b</p><p style='page-break-before:always'>new page</p>",
		"quote\n  paragraph: \"quoted\"\ncode: \"x = 1\\ny = 2\"\nparagraph: \"a\" break \"b\"\npage break\nparagraph: \"new page\"", ""},
}

func TestWeReadWhatLibreOfficeWrites(t *testing.T) {
	pages := map[string][]byte{}
	for name, f := range foreign {
		pages[name+".html"] = []byte("<html><body>" + f.page + "</body></html>")
	}
	for name, file := range officetest.Convert(t, "odt:writer8", pages) {
		d, lost, err := odt.Import(t.Context(), file, pictures)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := richtest.Dump(richtest.Renumber(d)); !strings.Contains(got, foreign[name].want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, foreign[name].want)
		}
		var codes []string
		for _, l := range lost {
			codes = append(codes, l.What)
		}
		if got := strings.Join(codes, " "); got != foreign[name].lost {
			t.Errorf("%s: reported %q, want %q", name, got, foreign[name].lost)
		}
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
