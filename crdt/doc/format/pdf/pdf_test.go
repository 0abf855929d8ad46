package pdf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/pdf"
	"parvis/crdt/doc/rich"
)

// shelf has one picture, "good", and one that is none.
type shelf struct{ t *testing.T }

func (s shelf) Image(_ context.Context, file string) ([]byte, string, error) {
	switch file {
	case "good":
		var out bytes.Buffer
		if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 300, 120))); err != nil {
			s.t.Fatal(err)
		}
		return out.Bytes(), "image/png", nil
	case "broken":
		return []byte("\x89PNG\r\n\x1a\nnot really"), "image/png", nil
	}
	return nil, "", errors.New("not here")
}

func text(s string, marks ...rich.Marks) *rich.Text {
	t := &rich.Text{Text: s}
	if len(marks) > 0 {
		t.Marks = marks[0]
	}
	return t
}

func paragraph(inlines ...rich.Inline) *rich.Paragraph { return &rich.Paragraph{Text: inlines} }

// report is a document with everything in it, some pages long.
func report() rich.Document {
	long := strings.Repeat("Le renard « brun » saute par-dessus le chien paresseux, et ça recommence. ", 14)
	d := rich.Document{
		Notes: map[string][]rich.Inline{"n1": {text("The first note, " + strings.Repeat("which is long, ", 20) + "ends.")}, "n2": {text("La seconde note.")}},
		Comments: []rich.Comment{{ID: "c1", Messages: []rich.Message{
			{ID: "m1", Name: "Anaïs", AtMs: 1795336996875, Text: "Is this so?\nReally?"}, {ID: "m2", Name: "Ben", Text: "Ναι."},
		}}},
		Page: rich.Page{Header: "Rapport d’activité", Footer: "Confidentiel", Numbers: true},
	}
	d.Blocks = append(d.Blocks, &rich.Heading{Level: 1, Text: []rich.Inline{text("Rapport annuel")}}, &rich.Contents{}, &rich.PageBreak{})
	for i := range 6 {
		d.Blocks = append(d.Blocks,
			&rich.Heading{Level: 1 + i%4, Text: []rich.Inline{text(fmt.Sprintf("Chapter %d", i+1))}},
			&rich.Paragraph{Align: rich.AlignJustify, Text: []rich.Inline{text(long)}},
			paragraph(text("Bold ", rich.Marks{Strong: true}), text("and slanted", rich.Marks{Em: true}), text(" and "), text("struck", rich.Marks{Strike: true}), text(", "),
				text("under", rich.Marks{Underline: true}), text(" "), text("code", rich.Marks{Code: true}), text(" "), text("red", rich.Marks{Color: "#c02020"}), text(" "),
				text("marked", rich.Marks{Highlight: "#fff3a0"}), text(" "), text("a link", rich.Marks{Link: rich.Link{Href: "https://example.org"}}), text(". "),
				text("Commented", rich.Marks{Comments: []string{"c1"}}), text(" words.")),
		)
	}
	d.Blocks = append(d.Blocks,
		paragraph(text("With a note"), &rich.Footnote{ID: "n1"}, text(" and another"), &rich.Footnote{ID: "n2"}, text(".")),
		&rich.List{Kind: rich.Numbered, Start: 3, Items: []rich.Item{
			{Blocks: []rich.Node{paragraph(text("third")), &rich.List{Kind: rich.Bullets, Items: []rich.Item{{Blocks: []rich.Node{paragraph(text("inner"))}}}}}},
			{Blocks: []rich.Node{paragraph(text("fourth"))}},
		}},
		&rich.List{Kind: rich.Tasks, Items: []rich.Item{{Checked: true, Blocks: []rich.Node{paragraph(text("done"))}}, {Blocks: []rich.Node{paragraph(text("open"))}}}},
		&rich.Quote{Blocks: []rich.Node{paragraph(text(long)), &rich.Quote{Blocks: []rich.Node{paragraph(text("deeper"))}}}},
		&rich.Code{Language: "go", Text: "func main() {\n\tfmt.Println(\"x\")\n}"},
		paragraph(&rich.Image{File: "good", Alt: "grey"}), paragraph(&rich.Image{File: "good", Width: 3000}),
		paragraph(text("Ελληνικά, Русский")), paragraph(text(strings.Repeat("verylongword", 40))),
	)
	table := &rich.Table{ID: "t", Columns: []string{"a", "b", "c"}}
	for r := range 60 {
		row := rich.Row{ID: strconv.Itoa(r)}
		for c := range 3 {
			words := fmt.Sprintf("cell %d.%d", r, c)
			if r == 0 {
				words = fmt.Sprintf("Column %d", c)
			}
			row.Cells = append(row.Cells, rich.Cell{Header: r == 0, Blocks: []rich.Node{paragraph(text(words))}})
		}
		table.Rows = append(table.Rows, row)
	}
	table.Rows[20].Cells[1].Blocks = []rich.Node{paragraph(text(strings.Repeat(long, 8)))} // higher than a page
	d.Blocks = append(d.Blocks, table, paragraph(text("The end.")))
	return d
}

// export writes a document and returns the path of the file.
func export(t *testing.T, d rich.Document, o format.Options) (string, format.Report) {
	t.Helper()
	var out bytes.Buffer
	lost, err := pdf.Export(t.Context(), &out, d, o)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "out.pdf")
	if keep := os.Getenv("PARVIS_KEEP_PDF"); keep != "" {
		path = keep
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, lost
}

// run runs a program of poppler, which make test installs.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s (install poppler-utils: make setup-test): %v\n%s", name, err, out)
	}
	return string(out)
}

var space = regexp.MustCompile(`\s+`)

func words(s string) string { return space.ReplaceAllString(strings.ReplaceAll(s, "\u00a0", " "), " ") }

func TestCommentsStandOnPaperOnlyWhenAskedFor(t *testing.T) {
	for _, with := range []bool{false, true} {
		path, _ := export(t, report(), format.Options{Images: shelf{t}, Comments: with})
		said := words(run(t, "pdftotext", "-layout", path, "-"))
		for _, part := range []string{"Is this so?", "Ben –", "[1]"} {
			if strings.Contains(said, part) != with {
				t.Errorf("with comments %t: %q is in the text: %t", with, part, !with)
			}
		}
		if !strings.Contains(said, "Commented") {
			t.Error("the text that is commented is not there")
		}
	}
}

func TestEverythingStandsOnPaper(t *testing.T) {
	path, lost := export(t, report(), format.Options{Title: "Rapport", Lang: "fr", Images: shelf{t}, Comments: true})
	if len(lost) > 0 {
		t.Errorf("lost %+v", lost)
	}
	said := words(run(t, "pdftotext", "-layout", path, "-"))
	for _, want := range []string{
		"Rapport annuel", "Chapter 6", "Bold and slanted and struck", "a link", "3. third", "4. fourth", "• inner", "done", "deeper", `fmt.Println("x")`,
		"Ελληνικά, Русский", "cell 59.2", "The first note", "La seconde note.", "Anaïs, 2026-11-22", "Really?", "Ναι.", "The end.", "Confidentiel", "Rapport d’activité",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in the text", want)
		}
	}
	if got, want := strings.Count(said, "verylongword"), 30; got < want {
		t.Errorf("a word wider than a line: %d of its 40 parts are whole, want %d", got, want)
	}
	if got := strings.Count(strings.ReplaceAll(said, " ", ""), "chienparesseux"); got < 6*14+14+8*14-9 { // nine pages may end inside one
		t.Errorf("%d of %d sentences are there", got, 6*14+14+8*14)
	}
	info := run(t, "pdfinfo", path)
	pages, err := strconv.Atoi(strings.TrimSpace(regexp.MustCompile(`Pages:\s+(\d+)`).FindStringSubmatch(info)[1]))
	if err != nil || !strings.Contains(info, "A4") {
		t.Fatalf("pdfinfo says %s", info)
	}
	for n := 1; n <= pages; n++ {
		page := words(run(t, "pdftotext", "-layout", "-f", strconv.Itoa(n), "-l", strconv.Itoa(n), path, "-"))
		if !strings.Contains(page, fmt.Sprintf("%d / %d", n, pages)) {
			t.Errorf("page %d has no number", n)
		}
		if strings.Contains(page, "cell ") && !strings.Contains(page, "Column 1") {
			t.Errorf("page %d has rows without their header", n)
		}
	}
	if listed := run(t, "pdfimages", "-list", path); strings.Count(listed, "300   120") < 2 {
		t.Errorf("the pictures are %s", listed)
	}
}

func TestTheContentsNameThePages(t *testing.T) {
	path, _ := export(t, report(), format.Options{Title: "Rapport", Images: shelf{t}})
	first := run(t, "pdftotext", "-layout", "-f", "1", "-l", "1", path, "-")
	for chapter := 1; chapter <= 6; chapter++ {
		found := regexp.MustCompile(fmt.Sprintf(`Chapter %d\s+(\d+)`, chapter)).FindStringSubmatch(first)
		if found == nil {
			t.Fatalf("no page for chapter %d in\n%s", chapter, first)
		}
		if page := run(t, "pdftotext", "-f", found[1], "-l", found[1], path, "-"); !strings.Contains(page, fmt.Sprintf("Chapter %d", chapter)) {
			t.Errorf("chapter %d is not on page %s", chapter, found[1])
		}
	}
}

func TestWhatPaperCannotHoldIsReported(t *testing.T) {
	d := rich.Document{Blocks: []rich.Node{
		paragraph(text("日本 🙂 fine")), paragraph(&rich.Image{File: "gone", Alt: "a view"}), paragraph(&rich.Image{File: "broken"}), paragraph(&rich.Unknown{}),
	}}
	path, lost := export(t, d, format.Options{Images: shelf{t}})
	want := map[string]int{pdf.LossLetters: 3, format.LossImage: 2, format.LossUnknown: 1}
	for _, l := range lost {
		if want[l.What] != l.Count {
			t.Errorf("%s %d times, want %d", l.What, l.Count, want[l.What])
		}
		delete(want, l.What)
	}
	if len(want) > 0 {
		t.Errorf("not reported: %v", want)
	}
	if said := run(t, "pdftotext", path, "-"); !strings.Contains(said, "[a view]") || !strings.Contains(said, "fine") {
		t.Errorf("the text is %q", said)
	}
}

func TestAnEmptyDocumentIsAPage(t *testing.T) {
	path, _ := export(t, rich.Document{Page: rich.Page{Size: rich.Letter, Landscape: true, Top: 100, Bottom: 100, Left: 100, Right: 100}}, format.Options{})
	if info := run(t, "pdfinfo", path); !strings.Contains(info, "Pages:           1") || !strings.Contains(info, "792 x 612") {
		t.Errorf("pdfinfo says %s", info)
	}
}

func TestALongHeaderIsCutAtItsEnd(t *testing.T) {
	long := strings.Repeat("word ", 80)
	path, _ := export(t, rich.Document{Page: rich.Page{Header: "first " + long, Footer: "lowest " + long, Numbers: true}}, format.Options{})
	said := strings.ReplaceAll(words(run(t, "pdftotext", "-layout", path, "-")), " ", "")
	for _, want := range []string{"firstword", "lowestword", "…1/1"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %q", want, said)
		}
	}
	if n := strings.Count(said, "word"); n > 80 || strings.Count(said, "…") != 2 {
		t.Errorf("two lines of a sheet are %q", said)
	}
}

func TestItEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pdf.Export(ctx, &bytes.Buffer{}, report(), format.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
