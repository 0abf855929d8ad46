package text

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// Export writes a document as plain text; it is a format.Exporter. The report
// names all that plain text cannot show.
func Export(ctx context.Context, w io.Writer, d rich.Document, o format.Options) (format.Report, error) {
	e := exporter{ctx: ctx, d: d, o: o, notes: map[string]int{}}
	for i, id := range d.NoteOrder() {
		e.notes[id] = i + 1
	}
	lines := e.blocks(d.Blocks)
	for i, id := range d.NoteOrder() {
		lines = append(lines, "")
		number := "[" + strconv.Itoa(i+1) + "] "
		lines = append(lines, indented(e.lines(d.Notes[id]), number, strings.Repeat(" ", len(number)))...)
	}
	e.lost.Add(format.LossComment, len(d.Comments))
	e.lost.Add(format.LossSuggestion, d.Proposed())
	if d.Page.Header != "" || d.Page.Footer != "" {
		e.lost.Add(format.LossHeader, 1)
	}
	if err := ctx.Err(); err != nil {
		return e.lost, fmt.Errorf("write text: %w", err)
	}
	out := bufio.NewWriter(w)
	for _, line := range lines {
		_, _ = out.WriteString(line)
		_ = out.WriteByte('\n')
	}
	if err := out.Flush(); err != nil { // also tells of the writes before
		return e.lost, fmt.Errorf("write text: %w", err)
	}
	return e.lost, nil
}

type exporter struct {
	ctx   context.Context
	d     rich.Document
	o     format.Options
	lost  format.Report
	notes map[string]int // numbers
	seen  int            // tables of contents so far
}

// blocks gives the lines of blocks with an empty line between them.
func (e *exporter) blocks(blocks []rich.Node) []string {
	var lines []string
	for i, block := range blocks {
		if e.ctx.Err() != nil {
			return nil
		}
		if i > 0 {
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
		return e.aligned(n.Align, n.Text)
	case *rich.Heading:
		return e.aligned(n.Align, n.Text)
	case *rich.Code:
		return strings.Split(n.Text, "\n")
	case *rich.List:
		return e.list(n)
	case *rich.Quote:
		return indented(e.blocks(n.Blocks), "> ", "> ")
	case *rich.Table:
		return e.table(n)
	case *rich.PageBreak:
		e.lost.Add(format.LossPageBreak, 1)
	case *rich.Contents:
		return e.contents()
	}
	return nil
}

func (e *exporter) aligned(align rich.Align, line []rich.Inline) []string {
	if align != "" {
		e.lost.Add(format.LossAlign, 1)
	}
	return e.lines(line)
}

func indented(lines []string, first, others string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		lead := others
		if i == 0 {
			lead = first
		}
		out[i] = strings.TrimRight(lead+line, " ")
	}
	return out
}

func (e *exporter) list(list *rich.List) []string {
	var lines []string
	for i, item := range list.Items {
		sign := "• "
		switch {
		case list.Kind == rich.Numbered:
			sign = strconv.Itoa(max(list.Start, 1)+i) + ". "
		case list.Kind == rich.Tasks && item.Checked:
			sign = "[x] "
		case list.Kind == rich.Tasks:
			sign = "[ ] "
		}
		inside := e.blocks(item.Blocks)
		if len(inside) == 0 {
			inside = []string{""}
		}
		lines = append(lines, indented(inside, sign, strings.Repeat(" ", len([]rune(sign))))...)
	}
	return lines
}

// table writes a row per line. Cells of several lines are drawn together.
func (e *exporter) table(t *rich.Table) []string {
	e.lost.Add(format.LossTable, 1)
	var lines []string
	for _, row := range t.Rows {
		var cells []string
		for _, cell := range row.Cells {
			cells = append(cells, strings.Join(strings.Fields(strings.Join(e.blocks(cell.Blocks), " ")), " "))
		}
		lines = append(lines, strings.Join(cells, "\t"))
	}
	return lines
}

func (e *exporter) contents() []string {
	var lines []string
	e.seen++
	for block := range e.d.All() {
		if e.seen > format.MaxContents {
			break
		}
		if heading, ok := block.(*rich.Heading); ok {
			lines = append(lines, strings.Repeat("  ", heading.Level-1)+strings.ReplaceAll(rich.PlainText(heading.Text), "\n", " "))
		}
	}
	return lines
}

// lines writes a line of the document; its breaks begin new lines.
func (e *exporter) lines(line []rich.Inline) []string {
	var out strings.Builder
	for i, in := range line {
		m := rich.MarksOf(in)
		e.marks(m)
		switch n := in.(type) {
		case *rich.Text:
			out.WriteString(n.Text)
		case *rich.Break:
			out.WriteByte('\n')
		case *rich.Image:
			e.lost.Add(format.LossImage, 1)
			if n.Alt != "" {
				out.WriteString("[" + n.Alt + "]")
			}
		case *rich.Footnote:
			out.WriteString("[" + strconv.Itoa(e.notes[n.ID]) + "]")
		case *rich.Unknown:
			e.lost.Add(format.LossUnknown, 1)
		}
		if m.Link.Href != "" && (i == len(line)-1 || rich.MarksOf(line[i+1]).Link != m.Link) && !strings.HasSuffix(out.String(), m.Link.Href) {
			out.WriteString(" <" + m.Link.Href + ">")
		}
	}
	return strings.Split(out.String(), "\n")
}

// marks counts what the look of text says.
func (e *exporter) marks(m rich.Marks) {
	if m.Strong || m.Em || m.Underline || m.Strike || m.Code || len(m.Other) > 0 {
		e.lost.Add(format.LossMark, 1)
	}
	if m.Color != "" || m.Highlight != "" {
		e.lost.Add(format.LossColor, 1)
	}
}
