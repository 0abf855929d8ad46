package odt

import (
	"strconv"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// walker reads the blocks of one container, in the order of the file.
type walker struct {
	i     *importer
	sheet *styles
	open  *openRanges // comments and changes whose range is open
	out   []placed
	line  []rich.Inline
	space bool // white space that comes now is left out
	depth int  // of lists

	cell        bool
	margin      bool // a header or footer
	note        bool
	started     bool // a paragraph was there
	pageNumbers bool
}

// inner is a walker for a container inside.
func (w *walker) inner() *walker {
	return &walker{i: w.i, sheet: w.sheet, open: w.open, depth: w.depth, cell: w.cell, margin: w.margin, note: w.note, started: w.started}
}

func (w *walker) children(n *archive.Node) {
	for _, c := range n.Children {
		if w.i.err == nil {
			w.i.err = w.i.ctx.Err()
		}
		if w.i.err != nil {
			return
		}
		w.node(c)
	}
}

// node reads an element that stands among blocks.
func (w *walker) node(n *archive.Node) {
	switch n.Name {
	case "p":
		w.paragraph(n, 0)
	case "h":
		level, err := strconv.Atoi(n.Attr("outline-level"))
		if err != nil || level < 1 {
			level = 1
		}
		w.paragraph(n, level)
	case "list":
		w.list(n)
	case "table":
		w.table(n)
	case "section":
		w.section(n)
	case "table-of-content":
		w.atom(&rich.Contents{}, format.LossContents)
	case "illustration-index", "table-index", "object-index", "user-index", "alphabetical-index", "bibliography":
		w.i.lost.Add(format.LossContents, 1)
		if body := n.Child("index-body"); body != nil {
			w.children(body)
		}
	case "index-title", "numbered-paragraph":
		w.children(n)
	case "change", "change-start", "change-end":
		w.line = nil
		w.changed(n, marking{})
		w.loose()
	case "frame", "custom-shape", "rect", "line", "g", "a", "polyline", "polygon", "path", "ellipse", "circle", "connector", "caption", "control", "measure", "page-thumbnail", "scene", "regular-polygon":
		w.line = nil
		w.inline(n, marking{})
		w.loose()
	}
}

// loose adds what stands between blocks as a paragraph of its own.
func (w *walker) loose() {
	if len(w.line) > 0 {
		w.out = append(w.out, placed{node: &rich.Paragraph{Text: w.line}})
		w.line = nil
	}
}

// section reads a part of the text with settings of its own.
func (w *walker) section(n *archive.Node) {
	if s := w.sheet.find("section", n.Attr("style-name")); s != nil {
		columns := s.node.Child("section-properties", "columns")
		if count, err := strconv.Atoi(columns.Attr("column-count")); err == nil && count > 1 {
			w.i.lost.Add(format.LossSection, 1)
		}
	}
	if n.Child("section-source") != nil {
		w.i.lost.Add(format.LossEmbedded, 1)
	}
	if n.Attr("display") == "none" {
		w.i.lost.Add(format.LossMark, 1)
	}
	w.children(n)
}

// atom adds a block that can stand at the top only.
func (w *walker) atom(node rich.Node, lost string) {
	if w.depth > 0 || w.cell || w.note || w.margin {
		if !w.margin {
			w.i.lost.Add(lost, 1)
		}
		return
	}
	w.out = append(w.out, placed{node: node})
}

// paragraph reads a paragraph, or a heading of a level.
func (w *walker) paragraph(n *archive.Node, heading int) {
	name := n.Attr("style-name")
	as := w.sheet.roleOf(name)
	if heading > 0 {
		as.heading, as.code = heading, false
	}
	before, after := w.breaks(name)
	w.started = true
	w.line, w.space = nil, true
	w.content(n, marking{look: w.paragraphLook(name)})
	if before {
		w.atom(&rich.PageBreak{}, format.LossPageBreak)
	}
	empty := len(w.line) == 0
	switch {
	case as.rule && empty:
		w.i.lost.Add(format.LossRule, 1)
	case as.pageBreak && empty:
	default:
		w.block(name, as)
	}
	if after || as.pageBreak {
		w.atom(&rich.PageBreak{}, format.LossPageBreak)
	}
}

// breaks reports whether a page begins before a paragraph and behind it. A paragraph
// that asks for another kind of page begins one, except the first.
func (w *walker) breaks(name string) (before, after bool) {
	foundBefore, foundAfter := false, false
	for _, s := range w.sheet.chain("paragraph", name) {
		properties := s.node.Child("paragraph-properties")
		if value := properties.Attr("break-before"); value != "" && !foundBefore {
			foundBefore, before = true, value == "page"
		}
		if value := properties.Attr("break-after"); value != "" && !foundAfter && !strings.EqualFold(s.name, pageBreak) {
			foundAfter, after = true, value == "page"
		}
		before = before || s.automatic && s.master != "" && w.started
	}
	return before, after
}

// block adds the line as the block that its style makes of it.
func (w *walker) block(name string, as role) {
	if as.code && as.heading == 0 {
		w.code(as)
		return
	}
	align := w.align(name)
	p := placed{quotes: as.quotes}
	if as.heading > 0 {
		if as.heading > 4 {
			w.i.lost.Add(format.LossHeading, 1)
		}
		p.node = &rich.Heading{Level: min(as.heading, 4), Align: align, Text: w.line}
	} else {
		p.node = &rich.Paragraph{Align: align, Text: w.line}
		if as.quotes == 0 {
			w.indented(name)
		}
	}
	w.out = append(w.out, p)
}

// align is what an automatic style says.
func (w *walker) align(name string) rich.Align {
	s := w.sheet.find("paragraph", name)
	if s == nil || !s.automatic {
		return ""
	}
	align := map[string]rich.Align{"center": rich.AlignCenter, "right": rich.AlignRight, "end": rich.AlignRight, "justify": rich.AlignJustify, "left": rich.AlignLeft, "start": rich.AlignLeft}[s.node.Child("paragraph-properties").Attr("text-align")]
	if align == rich.AlignLeft && !w.i.ours {
		return "" // how lines lie anyway
	}
	return align
}

// indented reports an indentation of a paragraph's own.
func (w *walker) indented(name string) {
	s := w.sheet.find("paragraph", name)
	if s == nil || !s.automatic || w.depth > 0 || w.note || w.margin {
		return
	}
	properties := s.node.Child("paragraph-properties")
	for _, side := range []string{"margin-left", "text-indent"} {
		if mm := length(properties.Attr(side)); mm > 1 || mm < -1 {
			w.i.lost.Add(format.LossIndent, 1)
			return
		}
	}
}

// code adds program text. Other programs write a paragraph for each line.
func (w *walker) code(as role) {
	text := rich.PlainText(w.line)
	if last := len(w.out) - 1; last >= 0 && !as.whole && w.out[last].quotes == as.quotes {
		if before, ok := w.out[last].node.(*rich.Code); ok && before.Language == "" {
			before.Text += "\n" + text
			return
		}
	}
	w.out = append(w.out, placed{node: &rich.Code{Language: as.language, Text: text}, quotes: as.quotes})
}
