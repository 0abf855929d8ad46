package docx

import (
	"fmt"
	"strconv"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// walker reads the blocks of a part, in the order of the file.
type walker struct {
	i       *importer
	entries []entry
	line    []rich.Inline
	broken  bool // a page break stands in the paragraph
	fields  []*field
	begun   map[string]bool // comments whose range is open
	counts  map[string]int  // of numbered lists, by numbering and level

	margin      bool // a header or footer
	note        bool
	pageNumbers bool
}

// field is a computed field: its code, then its result.
type field struct {
	code    string
	result  bool
	skipped bool   // its result is made anew here
	href    string // of a link
}

// done ends the walk.
func (w *walker) done() []entry { return w.entries }

func (w *walker) children(n *archive.Node, m marking) {
	for _, c := range n.Children {
		if w.i.err == nil {
			w.i.err = w.i.ctx.Err()
		}
		if w.i.err != nil {
			return
		}
		w.node(c, m)
	}
}

// node reads an element that stands among blocks.
func (w *walker) node(n *archive.Node, m marking) {
	switch n.Name {
	case "p":
		w.paragraph(n, m)
	case "tbl":
		w.table(n)
	case "sdt":
		w.control(n, m)
	case "customXml", "smartTag", "ins", "moveTo", "footnote", "endnote", "txbxContent":
		w.children(n, m)
	case "del", "moveFrom":
	case "altChunk":
		w.i.lost.Add(format.LossEmbedded, 1)
	case "commentRangeStart", "commentRangeEnd":
		w.comment(n)
	}
}

// control reads a content control. A table of contents is made anew here.
func (w *walker) control(n *archive.Node, m marking) {
	properties := n.Child("sdtPr")
	if strings.EqualFold(properties.Child("docPartObj", "docPartGallery").Attr("val"), "Table of Contents") {
		w.contents()
		return
	}
	for _, kind := range []string{"dropDownList", "comboBox", "date", "checkbox", "picture"} {
		if properties.Child(kind) != nil && kind != "picture" {
			w.i.lost.Add(format.LossForm, 1)
		}
	}
	if content := n.Child("sdtContent"); content != nil {
		w.children(content, m)
	}
}

func (w *walker) contents() {
	w.entries = append(w.entries, entry{node: &rich.Contents{}})
}

// paragraph reads a paragraph, which becomes a block, or several where a page ends
// inside it.
func (w *walker) paragraph(n *archive.Node, m marking) {
	properties := n.Child("pPr")
	styleID := properties.Child("pStyle").Attr("val")
	as := w.i.roleOf(styleID)
	w.line, w.broken = nil, false
	skippedBefore := w.skipping()
	w.content(n, m)
	if (skippedBefore || w.skipping()) && len(w.line) == 0 {
		return // a line of a table of contents
	}
	breaks := w.broken
	if properties.Child("pageBreakBefore") != nil && on(properties.Child("pageBreakBefore")) && !w.margin {
		w.entries = append(w.entries, entry{node: &rich.PageBreak{}})
	}
	if as.skip && len(w.line) == 0 {
		return
	}
	if !breaks || len(w.line) > 0 {
		w.block(properties, as)
	}
	if breaks && !w.margin && !w.note {
		w.entries = append(w.entries, entry{node: &rich.PageBreak{}})
	}
	w.sectionEnd(properties.Child("sectPr"))
}

// sectionEnd is the end of a section inside the text: a new page, usually.
func (w *walker) sectionEnd(section *archive.Node) {
	if section == nil {
		return
	}
	w.i.columns(section)
	if kind := section.Child("type").Attr("val"); kind != "continuous" && kind != "nextColumn" {
		w.entries = append(w.entries, entry{node: &rich.PageBreak{}})
	}
}

// block adds the line as the block that its style makes of it.
func (w *walker) block(properties *archive.Node, as role) {
	align := map[string]rich.Align{"center": rich.AlignCenter, "right": rich.AlignRight, "end": rich.AlignRight, "both": rich.AlignJustify, "distribute": rich.AlignJustify, "left": rich.AlignLeft, "start": rich.AlignLeft}[properties.Child("jc").Attr("val")]
	if align == rich.AlignLeft && !w.ours() {
		align = "" // how lines lie anyway
	}
	e := entry{quotes: as.quotes, goesOn: as.goesOn}
	switch {
	case as.heading > 0:
		if as.heading > 4 {
			w.i.lost.Add(format.LossHeading, 1)
		}
		e.node = &rich.Heading{Level: min(as.heading, 4), Align: align, Text: w.line}
	case as.code:
		w.code(as)
		return
	default:
		e.node = &rich.Paragraph{Align: align, Text: w.line}
		e.list = w.itemOf(properties)
		w.indented(properties, e)
	}
	w.entries = append(w.entries, e)
}

// indented reports an indentation of a paragraph's own.
func (w *walker) indented(properties *archive.Node, e entry) {
	indent := properties.Child("ind")
	if indent == nil || e.list != nil || e.quotes > 0 || w.note || w.margin {
		return
	}
	for _, side := range []string{"left", "start", "firstLine", "hanging"} {
		if mm := millimetres(indent.Attr(side)); mm > 1 {
			w.i.lost.Add(format.LossIndent, 1)
			return
		}
	}
}

// code adds program text; one paragraph after the other makes one block.
func (w *walker) code(as role) {
	text := rich.PlainText(w.line)
	if len(w.entries) > 0 {
		before, ok := w.entries[len(w.entries)-1].node.(*rich.Code)
		if ok && before.Language == as.language && as.language == "" && !w.ours() {
			before.Text += "\n" + text
			return
		}
	}
	w.entries = append(w.entries, entry{node: &rich.Code{Language: as.language, Text: text}})
}

// ours reports whether each block of program text is one paragraph, as we write it.
func (w *walker) ours() bool { _, ok := w.i.styles["SourceText"]; return ok }

// itemOf is the list that a paragraph is an item of; nil for none. What its style
// says counts unless it says something itself.
func (w *walker) itemOf(properties *archive.Node) *listPlace {
	num := properties.Child("numPr")
	id, level := num.Child("numId").Attr("val"), num.Child("ilvl").Attr("val")
	for _, s := range w.i.chain(properties.Child("pStyle").Attr("val")) {
		if id == "" {
			id = s.num.Child("numId").Attr("val")
		}
		if level == "" {
			level = s.num.Child("ilvl").Attr("val")
		}
	}
	if level == "" {
		level = "0"
	}
	look, ok := w.i.numbering[id+"/"+level]
	n, err := strconv.Atoi(level)
	if id == "" || id == "0" || !ok || err != nil || look.none || n < 0 || n >= maxLevels {
		return nil
	}
	return &listPlace{level: n, numbering: id, look: look, number: w.count(id, n, look)}
}

// count is the number of the next item of a numbering. An item of an outer level
// lets the inner ones begin anew.
func (w *walker) count(id string, level int, look numbered) int {
	if w.counts == nil {
		w.counts = map[string]int{}
	}
	for inner := level + 1; inner < maxLevels; inner++ {
		delete(w.counts, id+"/"+strconv.Itoa(inner))
	}
	key := id + "/" + strconv.Itoa(level)
	if _, begun := w.counts[key]; !begun {
		w.counts[key] = look.start - 1
	}
	w.counts[key]++
	return w.counts[key]
}

// maxCells bounds all tables of a file, each row counted at its widest.
const maxCells = 4_000_000

// table reads a table; merged cells are taken apart.
func (w *walker) table(n *archive.Node) {
	var rows [][]rich.Cell
	for _, tr := range rowsOf(n) {
		header := on(tr.Child("trPr", "tblHeader")) && tr.Child("trPr", "tblHeader") != nil
		var cells []rich.Cell
		for _, tc := range tr.Children {
			if tc.Name == "sdt" {
				tc = tc.Child("sdtContent", "tc")
			}
			if tc == nil || tc.Name != "tc" {
				continue
			}
			properties := tc.Child("tcPr")
			inner := walker{i: w.i, begun: w.begun}
			inner.children(tc, marking{})
			cell := rich.Cell{Header: header || strings.EqualFold(properties.Child("shd").Attr("fill"), headerFill), Blocks: inCell(w.i, assemble(inner.done()))}
			if len(cell.Blocks) == 1 {
				if only, ok := cell.Blocks[0].(*rich.Paragraph); ok && len(only.Text) == 0 && only.Align == "" && (!w.ours() || tc.Child("p", "pPr") == nil) {
					cell.Blocks = nil
				}
			}
			cells = append(cells, cell)
			if merge := properties.Child("vMerge"); merge != nil && merge.Attr("val") == "restart" {
				w.i.lost.Add(format.LossMerged, 1)
			}
			if span, err := strconv.Atoi(properties.Child("gridSpan").Attr("val")); err == nil && span > 1 && span <= rich.MaxColumns {
				w.i.lost.Add(format.LossMerged, 1)
				for range span - 1 {
					cells = append(cells, rich.Cell{Header: cell.Header})
				}
			}
		}
		if len(cells) > rich.MaxColumns {
			w.i.lost.Add(format.LossTable, 1)
		}
		if w.i.cells += rich.MaxColumns; w.i.cells > maxCells {
			w.i.err = fmt.Errorf("tables of more than %d cells: %w", maxCells, format.ErrTooLarge)
			return
		}
		rows = append(rows, cells)
	}
	if len(rows) > 0 {
		w.entries = append(w.entries, entry{node: rich.NewTable(rows)})
	}
}

func rowsOf(n *archive.Node) []*archive.Node {
	var rows []*archive.Node
	for _, c := range n.Children {
		switch c.Name {
		case "tr":
			rows = append(rows, c)
		case "sdt", "sdtContent", "customXml", "ins":
			rows = append(rows, rowsOf(c)...)
		}
	}
	return rows
}

// inCell takes apart what cannot stand in a cell: tables and page breaks.
func inCell(i *importer, blocks []rich.Node) []rich.Node {
	var kept []rich.Node
	for _, block := range blocks {
		switch n := block.(type) {
		case *rich.Table:
			i.lost.Add(format.LossNested, 1)
			for _, row := range n.Rows {
				for _, cell := range row.Cells {
					kept = append(kept, cell.Blocks...)
				}
			}
		case *rich.PageBreak, *rich.Contents:
			i.lost.Add(format.LossPageBreak, 1)
		default:
			kept = append(kept, block)
		}
	}
	return kept
}

// on reads a property that is there, or there with a false value.
func on(n *archive.Node) bool {
	switch n.Attr("val") {
	case "0", "false", "off", "none":
		return false
	}
	return n != nil
}
