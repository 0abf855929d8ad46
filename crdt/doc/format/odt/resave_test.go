package odt_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"parvis/crdt/doc/format/odt"
	"parvis/crdt/doc/format/officetest"
	"parvis/crdt/doc/rich"
	"parvis/crdt/doc/rich/richtest"
)

// kept is what has to be there when LibreOffice has opened a file and saved it.
func kept(d rich.Document) string {
	d = richtest.Renumber(d)
	var text, kinds []string
	for block := range d.All() {
		text = append(text, rich.PlainText(rich.Line(block)))
		switch n := block.(type) {
		case *rich.Heading:
			kinds = append(kinds, fmt.Sprint("heading ", n.Level))
		case *rich.Code:
			kinds = append(kinds, "code "+n.Language)
			text = append(text, n.Text)
		case *rich.Table:
			kinds = append(kinds, fmt.Sprint("table ", len(n.Rows), "×", len(n.Columns)))
		case *rich.PageBreak, *rich.Contents:
			kinds = append(kinds, fmt.Sprintf("%T", n))
		case *rich.List:
			for _, item := range n.Items {
				if item.Checked {
					kinds = append(kinds, "done")
				}
			}
		}
	}
	for in := range d.Inlines() {
		if image, ok := in.(*rich.Image); ok {
			kinds = append(kinds, "picture "+image.Alt)
		}
	}
	for _, id := range d.NoteOrder() {
		kinds = append(kinds, "note "+rich.PlainText(d.Notes[id]))
	}
	for _, c := range d.Comments {
		kinds = append(kinds, fmt.Sprint("comment ", c.Resolved))
		for _, m := range c.Messages {
			kinds = append(kinds, fmt.Sprint("message ", m.Name, m.AtMs, m.Text))
		}
	}
	for _, s := range d.Suggestions {
		kinds = append(kinds, fmt.Sprint("suggestion ", s.Name, s.AtMs))
	}
	kinds = append(kinds, fmt.Sprintf("page %q %q %t %s %t", d.Page.Header, d.Page.Footer, d.Page.Numbers, fmt.Sprint(d.Page.Paper()), d.Page.Landscape))
	slices.Sort(kinds)
	return strings.Join(strings.Fields(strings.Join(text, " ")), " ") + "\n" + strings.Join(kinds, "\n")
}

func TestLibreOfficeGivesBackWhatWeWrote(t *testing.T) {
	wrote := map[string]rich.Document{}
	files := map[string][]byte{}
	for seed := range uint64(12) {
		name := fmt.Sprint("random", seed)
		wrote[name] = richtest.Random(rand.New(rand.NewPCG(seed, 4)), richtest.Without{})
		files[name+".odt"], _ = export(t, wrote[name])
	}
	for name, file := range officetest.Convert(t, "odt", files) {
		d, lost, err := odt.Import(t.Context(), file, pictures)
		if err != nil || len(lost) > 0 {
			t.Errorf("%s: %v, lost %v", name, err, lost)
			continue
		}
		want, got := strings.Split(kept(wrote[name]), "\n"), strings.Split(kept(d), "\n")
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("%s: %q is gone, of %q", name, line, got)
			}
		}
	}
}
