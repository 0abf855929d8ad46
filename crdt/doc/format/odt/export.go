package odt

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

// Export writes a document for LibreOffice; it is a format.Exporter.
func Export(ctx context.Context, w io.Writer, d rich.Document, o format.Options) (format.Report, error) {
	e := &exporter{
		ctx: ctx, d: d, o: o, out: archive.NewWriter(w), body: &strings.Builder{}, notes: map[string]int{}, noted: map[string]bool{},
		suggestions: map[string]rich.Suggestion{}, ranges: rangesOf(d), pictures: map[string]*picture{}, sheet: newSheet(), count: counts{names: map[string]bool{}},
	}
	for i, id := range d.NoteOrder() {
		e.notes[id] = i + 1
	}
	for _, s := range d.Suggestions {
		e.suggestions[s.ID] = s
	}
	e.lost.Add(format.LossComment, e.ranges.lost)
	e.blocks(d.Blocks, place{})
	e.write()
	if e.err == nil {
		e.err = e.out.Close()
	}
	if e.err != nil {
		return e.lost, fmt.Errorf("write odt: %w", e.err)
	}
	return e.lost, nil
}

// exporter is one document on its way.
type exporter struct {
	ctx         context.Context
	d           rich.Document
	o           format.Options
	out         *archive.Writer
	body        *strings.Builder
	lost        format.Report
	err         error
	notes       map[string]int  // numbers from 1
	noted       map[string]bool // notes whose text is written
	suggestions map[string]rich.Suggestion
	ranges      ranges
	changes     changes
	pictures    map[string]*picture
	sheet       *sheet
	count       counts
}

// counts number what needs a name of its own.
type counts struct {
	frames, tables, contents int
	names                    map[string]bool // of pictures
}

// place is the containers around a block.
type place struct {
	depth  int // of lists, 0: none
	quotes int // inside the innermost item or cell
	cell   bool
	header bool
	broken bool // a page begins with it
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
		if _, isBreak := block.(*rich.PageBreak); isBreak {
			if at.broken = i+1 < len(blocks) && takesBreak(blocks[i+1]); !at.broken {
				e.add(`<text:p text:style-name="`, styleName(pageBreak), `"/>`)
			}
			continue
		}
		e.block(block, at)
		at.broken = false
	}
}

// takesBreak reports whether a block can itself say that a page begins with it.
func takesBreak(block rich.Node) bool {
	switch block.(type) {
	case *rich.Paragraph, *rich.Heading, *rich.Code:
		return true
	}
	return false
}

func (e *exporter) block(block rich.Node, at place) {
	switch n := block.(type) {
	case *rich.Paragraph:
		if n.Unknown != nil {
			e.lost.Add(format.LossUnknown, 1)
		}
		e.add(`<text:p text:style-name="`, e.sheet.paragraph(usual(at), n.Align, at), `">`)
		e.line(n.Text)
		e.add("</text:p>")
	case *rich.Heading:
		level := strconv.Itoa(min(max(n.Level, 1), 4))
		e.add(`<text:h text:style-name="`, e.sheet.paragraph("Heading "+level, n.Align, at), `" text:outline-level="`, level, `">`)
		e.line(n.Text)
		e.add("</text:h>")
	case *rich.Code:
		name := sourceCode
		if n.Language != "" {
			name += ": " + n.Language
		}
		e.add(`<text:p text:style-name="`, e.sheet.paragraph(name, "", at), `">`)
		e.text(n.Text)
		e.add("</text:p>")
	case *rich.List:
		e.list(n, at)
	case *rich.Quote:
		at.quotes++
		e.blocks(n.Blocks, at)
	case *rich.Table:
		e.table(n, at)
	case *rich.Contents:
		e.contents()
	}
}

// usual is the style of plain text in a place.
func usual(at place) string {
	switch {
	case at.quotes > 0:
		return ""
	case at.depth > 0:
		return "List"
	case at.header:
		return "Table Heading"
	case at.cell:
		return "Table Contents"
	}
	return "Text body"
}

// text writes characters. OpenDocument makes one space of many and leaves out those
// at the ends, so only a space between two letters is written as one.
func (e *exporter) text(text string) {
	e.add(plain(text))
}

func plain(text string) string {
	var out strings.Builder
	runes := []rune(text)
	from := 0
	flush := func(to int) {
		out.WriteString(esc(string(runes[from:to])))
		from = to + 1
	}
	for i := 0; i < len(runes); i++ {
		switch runes[i] {
		case '\n':
			flush(i)
			out.WriteString("<text:line-break/>")
		case '\t':
			flush(i)
			out.WriteString("<text:tab/>")
		case ' ':
			end := i
			for end+1 < len(runes) && runes[end+1] == ' ' {
				end++
			}
			if end == i && i > 0 && i+1 < len(runes) && !strings.ContainsRune("\t\n", runes[i-1]) && !strings.ContainsRune("\t\n", runes[i+1]) {
				continue
			}
			flush(i)
			out.WriteString(`<text:s text:c="` + strconv.Itoa(end-i+1) + `"/>`)
			i, from = end, end+1
		}
	}
	flush(len(runes))
	return out.String()
}

// contents writes a table of contents with what it says now; LibreOffice makes it
// anew when asked.
func (e *exporter) contents() {
	title := "Contents"
	if e.o.Lang == "fr" {
		title = "Sommaire"
	}
	e.count.contents++
	e.add(`<text:table-of-content text:name="Contents `, strconv.Itoa(e.count.contents), `"><text:table-of-content-source text:outline-level="4">`,
		`<text:index-title-template text:style-name="Contents_20_Heading">`, title, `</text:index-title-template>`)
	for level := 1; level <= 4; level++ {
		n := strconv.Itoa(level)
		e.add(`<text:table-of-content-entry-template text:outline-level="`, n, `" text:style-name="Contents_20_`, n, `"><text:index-entry-text/><text:index-entry-tab-stop style:type="right" style:leader-char="."/><text:index-entry-page-number/></text:table-of-content-entry-template>`)
	}
	e.add(`</text:table-of-content-source><text:index-body><text:index-title text:name="Contents `, strconv.Itoa(e.count.contents), ` Head"><text:p text:style-name="Contents_20_Heading">`, title, `</text:p></text:index-title>`)
	for block := range e.d.All() {
		if h, ok := block.(*rich.Heading); ok && e.count.contents <= format.MaxContents {
			e.add(`<text:p text:style-name="Contents_20_`, strconv.Itoa(min(max(h.Level, 1), 4)), `">`, plain(rich.PlainText(h.Text)), `</text:p>`)
		}
	}
	e.add(`</text:index-body></text:table-of-content>`)
}
