package odt

import (
	"slices"
	"strconv"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// marking is what encloses a piece of text.
type marking struct {
	look    rich.Marks
	link    rich.Link
	deleted []rich.Suggested
}

// maxBudget is how many spaces and empty cells the elements of a file may stand for
// that repeat what is written once.
const maxBudget = 200_000

// budget takes from it and gives what is left of what was wanted.
func (i *importer) budget(wanted int) int {
	const key = "repeated"
	given := max(0, min(wanted, maxBudget-i.counts[key]))
	i.counts[key] += given
	return given
}

// content reads what stands in a line.
func (w *walker) content(n *archive.Node, m marking) {
	for _, c := range n.Children {
		if c.Name == "" {
			w.characters(c.Text, m)
		} else {
			w.inline(c, m)
		}
	}
}

// characters adds text; white space is one space, and none at the start.
func (w *walker) characters(text string, m marking) {
	var out strings.Builder
	for _, r := range text {
		switch r {
		case ' ', '\t', '\n', '\r':
			if !w.space {
				out.WriteByte(' ')
			}
			w.space = true
		default:
			out.WriteRune(r)
			w.space = false
		}
	}
	w.put(out.String(), m)
}

func (w *walker) inline(n *archive.Node, m marking) {
	switch n.Name {
	case "span":
		w.span(n, m)
	case "a":
		m.link = w.link(n)
		w.content(n, m)
	case "s":
		count, err := strconv.Atoi(n.Attr("c"))
		if err != nil {
			count = 1
		}
		w.put(strings.Repeat(" ", 1+w.i.budget(count-1)), m)
		w.space = false
	case "tab":
		w.put("\t", m)
		w.space = false
	case "line-break":
		w.line = append(w.line, &rich.Break{Marks: w.marks(m)})
		w.space = false
	case "note":
		w.footnote(n)
	case "note-ref":
		w.noteRef(n, m)
	case "annotation":
		w.annotation(n)
	case "annotation-end":
		w.annotationEnd(n)
	case "change", "change-start", "change-end":
		w.changed(n, m)
	case "ruby":
		w.i.lost.Add(format.LossMark, 1)
		if base := n.Child("ruby-base"); base != nil {
			w.content(base, m)
		}
	case "meta", "meta-field", "bibliography-mark", "hidden-paragraph":
		w.content(n, m)
	case "bookmark", "bookmark-start", "bookmark-end", "reference-mark", "reference-mark-start", "reference-mark-end", "toc-mark", "toc-mark-start", "toc-mark-end", "alphabetical-index-mark", "alphabetical-index-mark-start", "alphabetical-index-mark-end", "user-index-mark", "user-index-mark-start", "user-index-mark-end", "soft-page-break", "number", "event-listeners", "index-source-styles":
	case "page-number", "page-count":
		w.pageNumbers = true
		if !w.margin {
			w.field(n, m)
		}
	case "math":
		w.i.lost.Add(format.LossFormula, 1)
	default:
		if !w.drawing(n, m) {
			w.field(n, m)
		}
	}
}

// field keeps what a computed field said last.
func (w *walker) field(n *archive.Node, m marking) {
	w.i.lost.Add(format.LossField, 1)
	w.space = false
	w.put(strings.Join(strings.Fields(n.Plain()), " "), m)
}

// span reads text with a style. The page number of our own footers is a setting of
// the page.
func (w *walker) span(n *archive.Node, m marking) {
	if w.margin && n.Find("page-number") != nil && strings.EqualFold(w.shownStyle("text", n.Attr("style-name")), pageNumber) {
		w.pageNumbers = true
		return
	}
	m.look = w.look(m.look, n.Attr("style-name"))
	w.content(n, m)
}

func (w *walker) shownStyle(family, name string) string {
	for _, s := range w.sheet.chain(family, name) {
		if !s.automatic {
			return s.name
		}
	}
	return ""
}

// linkColors are the colours that other programs give to links.
var linkColors = []string{"#0000ff", "#000080", "#0563c1", "#1155cc", "#800080", "#0000ee"}

// link is where a link leads to. Those inside the document are left out.
func (w *walker) link(n *archive.Node) rich.Link {
	l := rich.Link{Href: n.Attr("href"), Title: n.Attr("title")}
	if rich.ValidHref(l.Href) {
		return l
	}
	if !strings.HasPrefix(l.Href, "#") && l.Href != "" {
		w.i.lost.Add(format.LossLink, 1)
	}
	return rich.Link{}
}

// put adds text with its marks.
func (w *walker) put(text string, m marking) {
	if text == "" {
		return
	}
	marks := w.marks(m)
	if w.open.points != nil && !w.note {
		marks.Comments = sortedUnique(append(marks.Comments, w.open.points...))
		w.open.points = nil
	}
	w.i.threads.fresh = false
	w.line = rich.AppendText(w.line, text, marks)
}

// marks is the look of a piece together with what encloses it.
func (w *walker) marks(m marking) rich.Marks {
	marks := m.look
	marks.Link = m.link
	if m.link.Href != "" && !w.i.ours && (marks.Color == "" || slices.Contains(linkColors, marks.Color)) {
		marks.Underline, marks.Color = false, "" // how links usually look
	}
	if !w.note {
		for id := range w.open.comments {
			marks.Comments = append(marks.Comments, id)
		}
		slices.Sort(marks.Comments)
	}
	for _, one := range w.open.inserts {
		marks.Suggested = append(marks.Suggested, one.is)
	}
	marks.Suggested = append(marks.Suggested, m.deleted...)
	slices.SortFunc(marks.Suggested, func(a, b rich.Suggested) int { return strings.Compare(a.ID, b.ID) })
	marks.Suggested = slices.CompactFunc(marks.Suggested, func(a, b rich.Suggested) bool { return a.ID == b.ID })
	return marks
}

func sortedUnique(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}
