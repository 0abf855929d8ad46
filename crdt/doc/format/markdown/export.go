package markdown

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// What stands for blocks that Markdown does not have. The empty line is an element
// that shows as one.
const (
	emptyLine  = "<br>"
	pageBreak  = "<!-- page break -->"
	contents   = "[TOC]"
	maxColumns = rich.MaxColumns
)

// Export writes a document as Markdown; it is a format.Exporter.
func Export(ctx context.Context, w io.Writer, d rich.Document, o format.Options) (format.Report, error) {
	e := exporter{ctx: ctx, d: d, o: o, notes: map[string]int{}, comments: map[string]int{}, pictures: map[rich.Image]string{}, last: map[string]int{}}
	for i, id := range d.NoteOrder() {
		e.notes[id] = i + 1
	}
	for i, c := range d.Comments {
		e.comments[c.ID] = i + 1
	}
	e.countRuns()
	lines := e.blocks(d.Blocks)
	lines = append(lines, e.definitions()...)
	if d.Page.Header != "" || d.Page.Footer != "" || d.Page.Numbers || d.Page.Landscape || d.Page.Size == rich.Letter || d.Page.Top != 0 {
		e.lost.Add(format.LossPage, 1)
	}
	e.lost.Add(format.LossSuggestion, d.Proposed())
	if err := ctx.Err(); err != nil {
		return e.lost, fmt.Errorf("write markdown: %w", err)
	}
	out := bufio.NewWriter(w)
	for _, line := range lines {
		_, _ = out.WriteString(line)
		_ = out.WriteByte('\n')
	}
	if err := out.Flush(); err != nil { // also tells of the writes before
		return e.lost, fmt.Errorf("write markdown: %w", err)
	}
	return e.lost, nil
}

type exporter struct {
	ctx      context.Context
	d        rich.Document
	o        format.Options
	lost     format.Report
	notes    map[string]int // numbers
	comments map[string]int
	last     map[string]int // how many pieces of text with a comment are still to come
	pictures map[rich.Image]string
	order    []*rich.Image // pictures in the order of their labels
	cell     bool          // inside a table, where a line break would end the row
}

// countRuns counts the pieces of text of each comment: its sign stands behind the
// last one.
func (e *exporter) countRuns() {
	for in := range e.d.Inlines() {
		for _, id := range rich.MarksOf(in).Comments {
			e.last[id]++
		}
	}
}

// blocks gives the lines of blocks with empty lines between them.
func (e *exporter) blocks(blocks []rich.Node) []string {
	var lines []string
	for _, block := range blocks {
		if e.ctx.Err() != nil {
			return nil
		}
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, e.block(block)...)
	}
	return lines
}

func (e *exporter) block(block rich.Node) []string {
	switch n := block.(type) {
	case *rich.Paragraph:
		if n.Unknown != nil {
			e.lost.Add(format.LossUnknown, 1)
		}
		e.aligned(n.Align)
		return strings.Split(orEmpty(e.line(n.Text)), "\n")
	case *rich.Heading:
		e.aligned(n.Align)
		e.cell = true // one line
		line := strings.Repeat("#", n.Level) + " " + e.line(n.Text)
		e.cell = false
		return []string{line}
	case *rich.Code:
		return fenced(n)
	case *rich.List:
		return e.list(n)
	case *rich.Quote:
		return prefixed(e.blocks(n.Blocks), "> ", "> ")
	case *rich.Table:
		return e.table(n)
	case *rich.PageBreak:
		return []string{pageBreak}
	case *rich.Contents:
		return []string{contents}
	}
	return nil
}

func (e *exporter) aligned(align rich.Align) {
	if align != "" {
		e.lost.Add(format.LossAlign, 1)
	}
}

func orEmpty(text string) string {
	if text == "" {
		return emptyLine
	}
	return text
}

// prefixed puts something in front of the first line and of the others.
func prefixed(lines []string, first, others string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		lead := others
		if i == 0 {
			lead = first
		}
		if line == "" {
			lead = strings.TrimRight(lead, " ")
		}
		out[i] = lead + line
	}
	return out
}

// fenced writes a code block between fences that do not occur in it.
func fenced(code *rich.Code) []string {
	fence := "```"
	for strings.Contains(code.Text, fence) {
		fence += "`"
	}
	language := strings.Map(func(r rune) rune {
		if r <= ' ' || r == '`' || r == '\\' || r == '&' {
			return -1
		}
		return r
	}, code.Language)
	lines := []string{fence + language}
	lines = append(lines, strings.Split(strings.ReplaceAll(code.Text, "\r", ""), "\n")...)
	return append(lines, fence)
}

// list writes the items of a list. Tasks have another sign than bullets, so that
// lists of both can stand next to each other.
func (e *exporter) list(list *rich.List) []string {
	var lines []string
	for i, item := range list.Items {
		sign := "- "
		switch list.Kind {
		case rich.Numbered:
			sign = strconv.Itoa(max(list.Start, 1)+i) + ". "
		case rich.Tasks:
			sign = "* "
		}
		blocks := item.Blocks
		own := ""
		if first, ok := firstOf(blocks).(*rich.Paragraph); ok {
			e.aligned(first.Align)
			own = e.line(first.Text)
			blocks = blocks[1:]
		}
		// An empty item in front of an empty line ends more lists than its own for the reader.
		if last := i == len(list.Items)-1; own == "" && (last || len(blocks) > 0 || list.Kind == rich.Tasks) {
			own = emptyLine
		}
		box := ""
		if list.Kind == rich.Tasks {
			box = "[ ] "
			if item.Checked {
				box = "[x] "
			}
		}
		inside := strings.Split(box+own, "\n")
		if rest := e.blocks(blocks); len(rest) > 0 {
			inside = append(append(inside, ""), rest...)
		}
		lines = append(lines, prefixed(inside, sign, strings.Repeat(" ", len(sign)))...)
		if len(inside) > 1 && i < len(list.Items)-1 {
			lines = append(lines, "")
		}
	}
	return lines
}

func firstOf(blocks []rich.Node) rich.Node {
	if len(blocks) == 0 {
		return nil
	}
	return blocks[0]
}

// table writes a table. Markdown has a header row always and only there: a table
// without one gets an empty one.
func (e *exporter) table(t *rich.Table) []string {
	rows := t.Rows
	head := make([]string, len(t.Columns))
	if len(rows) > 0 && allHeaders(rows[0]) {
		head = e.cells(rows[0])
		rows = rows[1:]
		if strings.Join(head, "") == "" && len(rows) > 0 && len(head) > 0 {
			head[0] = emptyLine // else it would be no header
		}
	}
	lines := []string{"| " + strings.Join(head, " | ") + " |", "|" + strings.Repeat(" --- |", len(t.Columns))}
	for _, row := range rows {
		for _, cell := range row.Cells {
			if cell.Header {
				e.lost.Add(format.LossTable, 1)
				break
			}
		}
		lines = append(lines, "| "+strings.Join(e.cells(row), " | ")+" |")
	}
	return lines
}

func allHeaders(row rich.Row) bool {
	for _, cell := range row.Cells {
		if !cell.Header {
			return false
		}
	}
	return true
}

// cells writes the cells of a row, each on one line.
func (e *exporter) cells(row rich.Row) []string {
	e.cell = true
	defer func() { e.cell = false }()
	var out []string
	for _, cell := range row.Cells {
		if len(cell.Blocks) > 1 {
			e.lost.Add(format.LossTable, 1)
		} else if len(cell.Blocks) == 1 {
			if only, ok := cell.Blocks[0].(*rich.Paragraph); !ok {
				e.lost.Add(format.LossTable, 1)
			} else {
				e.aligned(only.Align)
			}
		}
		out = append(out, e.line(rich.OneLine(cell.Blocks)))
	}
	return out
}

// definitions are the lines at the end: notes, comments, pictures.
func (e *exporter) definitions() []string {
	var lines []string
	for _, id := range e.d.NoteOrder() {
		text := orEmpty(e.line(e.d.Notes[id]))
		lines = append(lines, "")
		lines = append(lines, prefixed(strings.Split(text, "\n"), "[^"+strconv.Itoa(e.notes[id])+"]: ", "    ")...)
	}
	for i, c := range e.d.Comments {
		lines = append(lines, "")
		lines = append(lines, prefixed(e.thread(c), "[^c"+strconv.Itoa(i+1)+"]: ", "    ")...)
		if e.placed(c.ID) {
			continue
		}
		lines = append(lines, "", "<span data-comment=\"c"+strconv.Itoa(i+1)+"\"></span>[^c"+strconv.Itoa(i+1)+"]")
	}
	for i, image := range e.order {
		if i == 0 {
			lines = append(lines, "")
		}
		lines = append(lines, e.picture(image))
	}
	return lines
}

// placed reports whether the text refers to a comment.
func (e *exporter) placed(id string) bool {
	_, ok := e.last[id]
	return ok
}

// picture is the definition of a picture, its name and size in the title.
func (e *exporter) picture(image *rich.Image) string {
	src := ""
	if e.o.Images != nil {
		data, mime, err := e.o.Images.Image(e.ctx, image.File)
		if err == nil && format.IsPicture(mime) {
			src = "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(data)
		}
	}
	if src == "" {
		e.lost.Add(format.LossImage, 1)
		src = "#"
	}
	title := image.Name
	if image.Width > 0 || image.Height > 0 {
		title += fmt.Sprintf(" =%dx%d", image.Width, image.Height)
	}
	if title != "" {
		title = ` "` + quoted(title) + `"`
	}
	return "[" + e.pictures[*image] + "]: <" + src + ">" + title
}
