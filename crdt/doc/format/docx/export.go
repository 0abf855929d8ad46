package docx

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// Export writes a document for Word; it is a format.Exporter.
func Export(ctx context.Context, w io.Writer, d rich.Document, o format.Options) (format.Report, error) {
	e := &exporter{ctx: ctx, d: d, o: o, out: archive.NewWriter(w), notes: map[string]int{}, suggestions: map[string]rich.Suggestion{}, pictures: map[string]*picture{}, styles: map[string]string{}, relations: map[string]string{}}
	for i, id := range d.NoteOrder() {
		e.notes[id] = i + 1
	}
	e.number()
	for _, s := range d.Suggestions {
		e.suggestions[s.ID] = s
	}
	e.blocks(d.Blocks, place{})
	e.split()
	body := e.body.String()
	e.footnotes()
	e.write(body)
	if e.err == nil {
		e.err = e.out.Close()
	}
	if e.err != nil {
		return e.lost, fmt.Errorf("write docx: %w", e.err)
	}
	return e.lost, nil
}

// exporter is one document on its way.
type exporter struct {
	ctx         context.Context
	d           rich.Document
	o           format.Options
	out         *archive.Writer
	body        strings.Builder
	lost        format.Report
	err         error
	notes       map[string]int // numbers from 1
	comments    map[string][]int
	suggestions map[string]rich.Suggestion
	pictures    map[string]*picture
	styles      map[string]string // of program languages: id to name
	relations   map[string]string // address or part to id
	open        []string          // comments whose range goes on
	lists       lists
}

// place is the containers around a block.
type place struct {
	depth   int // of lists, 0: none
	quotes  int
	inCell  bool
	numbers string // numbering of the item whose first block comes, or empty
	header  bool
}

func (e *exporter) add(parts ...string) {
	for _, part := range parts {
		e.body.WriteString(part)
	}
}

func esc(text string) string { return archive.Escape(text) }

func (e *exporter) blocks(blocks []rich.Node, at place) {
	for i, block := range blocks {
		if e.err == nil {
			e.err = e.ctx.Err()
		}
		if e.err != nil {
			return
		}
		e.block(block, at)
		at.numbers = ""
		_, table := block.(*rich.Table)
		if table && (i == len(blocks)-1 || isTable(blocks[i+1])) {
			e.add(`<w:p><w:pPr><w:pStyle w:val="AfterTable"/></w:pPr></w:p>`) // Word wants one between and behind tables
		}
	}
}

func isTable(block rich.Node) bool {
	_, ok := block.(*rich.Table)
	return ok
}

func (e *exporter) block(block rich.Node, at place) {
	switch n := block.(type) {
	case *rich.Paragraph:
		if n.Unknown != nil {
			e.lost.Add(format.LossUnknown, 1)
		}
		e.paragraph(e.styleOf(at), at, n.Align, n.Text)
	case *rich.Heading:
		if at.depth > 0 || at.quotes > 0 {
			e.lost.Add(format.LossIndent, 1)
		}
		e.paragraph("Heading"+strconv.Itoa(n.Level), place{numbers: at.numbers}, n.Align, n.Text)
	case *rich.Code:
		if at.depth > 0 || at.quotes > 0 {
			e.lost.Add(format.LossIndent, 1)
		}
		e.code(n)
	case *rich.List:
		e.list(n, at)
	case *rich.Quote:
		if at.depth > 0 {
			e.lost.Add(format.LossIndent, 1)
		}
		at.quotes = min(at.quotes+1, maxQuotes)
		e.blocks(n.Blocks, at)
	case *rich.Table:
		e.table(n)
	case *rich.PageBreak:
		e.add(`<w:p><w:r><w:br w:type="page"/></w:r></w:p>`)
	case *rich.Contents:
		e.contents()
	}
}

// maxQuotes and maxLevels are how deep quotations and lists go.
const (
	maxQuotes = 5
	maxLevels = 9
)

func (e *exporter) styleOf(at place) string {
	switch {
	case at.numbers != "" && at.quotes > 0:
		return "QuoteList" + suffix(at.quotes)
	case at.numbers != "":
		return "ListParagraph"
	case at.depth > 0 && at.quotes > 0:
		e.lost.Add(format.LossIndent, 1)
		return "Quote" + suffix(at.quotes)
	case at.depth > 0:
		return "ListContinue" + suffix(min(at.depth, maxLevels))
	case at.quotes > 0:
		return "Quote" + suffix(at.quotes)
	}
	return ""
}

func suffix(n int) string {
	if n < 2 {
		return ""
	}
	return strconv.Itoa(n)
}

func (e *exporter) paragraph(style string, at place, align rich.Align, line []rich.Inline) {
	e.add("<w:p><w:pPr>")
	if style != "" {
		e.add(`<w:pStyle w:val="`, style, `"/>`)
	}
	e.add(at.numbers)
	if jc := map[rich.Align]string{rich.AlignLeft: "left", rich.AlignCenter: "center", rich.AlignRight: "right", rich.AlignJustify: "both"}[align]; jc != "" {
		e.add(`<w:jc w:val="`, jc, `"/>`)
	}
	e.add("</w:pPr>")
	e.line(line)
	e.add("</w:p>")
}

// code writes program text: a paragraph whose style names the language.
func (e *exporter) code(n *rich.Code) {
	style := "SourceCode"
	if n.Language != "" {
		style = "SourceCode" + fmt.Sprintf("%x", n.Language)
		e.styles[style] = n.Language
	}
	e.add(`<w:p><w:pPr><w:pStyle w:val="`, style, `"/></w:pPr><w:r>`)
	for i, text := range strings.Split(n.Text, "\n") {
		if i > 0 {
			e.add("<w:br/>")
		}
		e.text(text)
	}
	e.add("</w:r></w:p>")
}

// text writes the characters of a run; tabs have an element of their own.
func (e *exporter) text(text string) {
	for i, part := range strings.Split(text, "\t") {
		if i > 0 {
			e.add("<w:tab/>")
		}
		if part != "" {
			e.add(`<w:t xml:space="preserve">`, esc(part), `</w:t>`)
		}
	}
}

// table writes a table with columns of one width. A header row is repeated on every
// page; header cells are shaded.
func (e *exporter) table(t *rich.Table) {
	e.split()
	const width = 9000 // twentieths of a point
	e.add(`<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="5000" w:type="pct"/><w:tblLook w:val="04A0"/></w:tblPr><w:tblGrid>`)
	each := strconv.Itoa(width / max(1, len(t.Columns)))
	for range t.Columns {
		e.add(`<w:gridCol w:w="`, each, `"/>`)
	}
	e.add("</w:tblGrid>")
	for _, row := range t.Rows {
		e.add("<w:tr>")
		whole := len(row.Cells) > 0
		for _, cell := range row.Cells {
			whole = whole && cell.Header
		}
		if whole {
			e.add("<w:trPr><w:tblHeader/></w:trPr>")
		}
		for _, cell := range row.Cells {
			e.add(`<w:tc><w:tcPr><w:tcW w:w="`, each, `" w:type="dxa"/>`)
			if cell.Header {
				e.add(`<w:shd w:val="clear" w:color="auto" w:fill="`, headerFill, `"/>`)
			}
			e.add("</w:tcPr>")
			if len(cell.Blocks) == 0 {
				e.add("<w:p/>")
			}
			e.blocks(cell.Blocks, place{inCell: true})
			e.split()
			if len(cell.Blocks) > 0 && isTable(cell.Blocks[len(cell.Blocks)-1]) {
				e.add("<w:p/>")
			}
			e.add("</w:tc>")
		}
		e.add("</w:tr>")
	}
	e.add("</w:tbl>")
}

// split ends the open comments: a range does not cross the edge of a cell.
func (e *exporter) split() {
	if len(e.open) > 0 {
		e.add(`<w:p><w:pPr><w:pStyle w:val="AfterTable"/></w:pPr>`)
		e.turnComments(nil)
		e.add("</w:p>")
	}
}

// headerFill is the colour behind header cells, by which Import knows ours.
const headerFill = "EEEEEB"

// contents writes a table of contents with what it says now; Word makes it anew
// when asked.
func (e *exporter) contents() {
	title := "Contents"
	if e.o.Lang == "fr" {
		title = "Sommaire"
	}
	e.add(`<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/><w:docPartUnique/></w:docPartObj></w:sdtPr><w:sdtContent>`,
		`<w:p><w:pPr><w:pStyle w:val="TOC1"/></w:pPr><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> TOC \o "1-4" \h \z \u </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>`)
	count := 0
	for block := range e.d.All() {
		if h, ok := block.(*rich.Heading); ok {
			if count > 0 {
				e.add(`<w:p><w:pPr><w:pStyle w:val="TOC`, strconv.Itoa(h.Level), `"/></w:pPr>`)
			}
			count++
			e.add(`<w:r><w:t xml:space="preserve">`, esc(rich.PlainText(h.Text)), `</w:t></w:r></w:p>`)
		}
	}
	if count == 0 {
		e.add(`<w:r><w:t>`, title, `</w:t></w:r></w:p>`)
	}
	e.add(`<w:p><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:sdtContent></w:sdt>`)
}
