// Package richtest helps to test what reads and writes documents: it shows trees
// as text, makes random ones and forgets ids that do not matter.
package richtest

import (
	"fmt"
	"strings"

	"parvis/crdt/doc/rich"
)

// Dump writes a document as lines of text. Two documents are equal when their
// dumps are.
func Dump(d rich.Document) string {
	var out strings.Builder
	dumpBlocks(&out, d.Blocks, "")
	for i, id := range d.NoteOrder() {
		fmt.Fprintf(&out, "note %d %q: %s\n", i+1, id, Line(d.Notes[id]))
	}
	for _, c := range d.Comments {
		fmt.Fprintf(&out, "comment %s resolved=%t\n", c.ID, c.Resolved)
		for _, m := range c.Messages {
			fmt.Fprintf(&out, "  %s %s %q at %d: %q %v\n", m.ID, m.Author, m.Name, m.AtMs, m.Text, m.Mentions)
		}
	}
	for _, s := range d.Suggestions {
		fmt.Fprintf(&out, "suggestion %s %s %q at %d\n", s.ID, s.Author, s.Name, s.AtMs)
	}
	page := d.Page
	if page.Size == "" {
		page.Size = rich.A4
	}
	page.Top, page.Right, page.Bottom, page.Left = page.Margins()
	fmt.Fprintf(&out, "page %+v\n", page)
	return out.String()
}

func dumpBlocks(out *strings.Builder, blocks []rich.Node, indent string) {
	for _, block := range blocks {
		switch n := block.(type) {
		case *rich.Paragraph:
			fmt.Fprintf(out, "%sparagraph%s%s%s: %s\n", indent, option("align", string(n.Align)), flag("ghost", n.Ghost), unknown(n), Line(n.Text))
		case *rich.Heading:
			fmt.Fprintf(out, "%sheading %d%s: %s\n", indent, n.Level, option("align", string(n.Align)), Line(n.Text))
		case *rich.Code:
			fmt.Fprintf(out, "%scode%s: %q\n", indent, option("language", n.Language), n.Text)
		case *rich.List:
			fmt.Fprintf(out, "%slist %s start=%d\n", indent, n.Kind, n.Start)
			for _, item := range n.Items {
				fmt.Fprintf(out, "%s- item%s%s\n", indent, flag("checked", item.Checked), flag("implicit", item.Implicit))
				dumpBlocks(out, item.Blocks, indent+"  ")
			}
		case *rich.Quote:
			fmt.Fprintf(out, "%squote\n", indent)
			dumpBlocks(out, n.Blocks, indent+"  ")
		case *rich.Table:
			dumpTable(out, n, indent)
		case *rich.PageBreak:
			fmt.Fprintf(out, "%spage break\n", indent)
		case *rich.Contents:
			fmt.Fprintf(out, "%scontents\n", indent)
		default:
			fmt.Fprintf(out, "%s%T\n", indent, n)
		}
	}
}

func dumpTable(out *strings.Builder, t *rich.Table, indent string) {
	fmt.Fprintf(out, "%stable %s %q\n", indent, t.ID, t.Columns)
	for _, row := range t.Rows {
		fmt.Fprintf(out, "%s- row %s\n", indent, row.ID)
		for _, cell := range row.Cells {
			fmt.Fprintf(out, "%s  - cell%s\n", indent, flag("header", cell.Header))
			dumpBlocks(out, cell.Blocks, indent+"    ")
		}
	}
}

func unknown(p *rich.Paragraph) string {
	if p.Unknown == nil {
		return ""
	}
	return fmt.Sprintf(" unknown=%q%q%v", p.Unknown.Type, p.Unknown.Parents, p.Unknown.Attrs)
}

func option(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + "=" + value
}

func flag(name string, on bool) string {
	if !on {
		return ""
	}
	return " " + name
}

// Line writes the pieces of a line.
func Line(line []rich.Inline) string {
	var parts []string
	for _, in := range line {
		switch n := in.(type) {
		case *rich.Text:
			parts = append(parts, fmt.Sprintf("%q%s", n.Text, marks(n.Marks)))
		case *rich.Break:
			parts = append(parts, "break"+marks(n.Marks))
		case *rich.Image:
			parts = append(parts, fmt.Sprintf("image%+v", *n))
		case *rich.Footnote:
			parts = append(parts, "note "+n.ID)
		case *rich.Unknown:
			parts = append(parts, fmt.Sprintf("unknown%+v", n.Marker))
		}
	}
	return strings.Join(parts, " ")
}

func marks(m rich.Marks) string {
	var all []string
	for name, on := range map[string]bool{"strong": m.Strong, "em": m.Em, "underline": m.Underline, "strike": m.Strike, "code": m.Code} {
		if on {
			all = append(all, name)
		}
	}
	if m.Link.Href != "" {
		all = append(all, fmt.Sprintf("link{%q %q}", m.Link.Href, m.Link.Title))
	}
	for name, value := range map[string]string{"color": m.Color, "highlight": m.Highlight} {
		if value != "" {
			all = append(all, name+"="+value)
		}
	}
	for _, id := range m.Comments {
		all = append(all, "comment="+id)
	}
	for _, s := range m.Suggested {
		all = append(all, fmt.Sprintf("suggested=%v", s))
	}
	for _, other := range m.Other {
		all = append(all, fmt.Sprintf("other=%v", other))
	}
	if len(all) == 0 {
		return ""
	}
	return "{" + sortedJoin(all) + "}"
}

// Diff is the first line in which the dumps of two documents differ, and empty
// when they are equal.
func Diff(want, got rich.Document) string {
	a, b := strings.Split(Dump(want), "\n"), strings.Split(Dump(got), "\n")
	for i := range max(len(a), len(b)) {
		var lineA, lineB string
		if i < len(a) {
			lineA = a[i]
		}
		if i < len(b) {
			lineB = b[i]
		}
		if lineA != lineB {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, lineA, lineB)
		}
	}
	return ""
}
