package html

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// style makes a page readable and keeps white space as it is.
const style = `body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}
p,h1,h2,h3,h4,li,td,th{white-space:pre-wrap}
table{border-collapse:collapse}td,th{border:1px solid #999;padding:.25rem .5rem;vertical-align:top;text-align:start}
pre{background:#f4f4f4;padding:.5rem;overflow:auto}blockquote{border-inline-start:3px solid #ccc;margin-inline:0;padding-inline-start:1rem}
ul[data-tasks]{list-style:none;padding-inline-start:1rem}img{max-width:100%}[data-comment]{background:#fff3c4}
hr[data-page-break]{break-after:page;border:0;border-top:1px dashed #999}`

// Export writes a document as a web page; it is a format.Exporter. Lost is what
// this version does not know itself, and pictures that cannot be read.
func Export(ctx context.Context, w io.Writer, d rich.Document, o format.Options) (format.Report, error) {
	e := exporter{ctx: ctx, out: bufio.NewWriter(w), d: d, o: o, notes: map[string]int{}, suggestions: map[string]rich.Suggestion{}, files: map[string]string{}}
	for i, id := range d.NoteOrder() {
		e.notes[id] = i + 1
	}
	for _, s := range d.Suggestions {
		e.suggestions[s.ID] = s
	}
	e.head()
	e.blocks(d.Blocks)
	e.noteList()
	e.commentList()
	e.write("</body>\n</html>\n")
	if e.err != nil {
		return e.lost, fmt.Errorf("write html: %w", e.err)
	}
	if err := e.out.Flush(); err != nil {
		return e.lost, fmt.Errorf("write html: %w", err)
	}
	return e.lost, nil
}

type exporter struct {
	ctx         context.Context
	out         *bufio.Writer
	d           rich.Document
	o           format.Options
	lost        format.Report
	err         error
	notes       map[string]int // numbers
	suggestions map[string]rich.Suggestion
	files       map[string]string // data addresses of pictures that were read
	headings    int
	// Tables of contents so far: each is as long as all headings.
	contentsSeen int
}

// write writes markup as it is.
func (e *exporter) write(parts ...string) {
	for _, part := range parts {
		if _, err := e.out.WriteString(part); err != nil && e.err == nil {
			e.err = err
		}
	}
}

// escape makes text safe inside elements and quoted attributes. Control
// characters, which HTML cannot hold, are left out.
func escape(text string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r == 0x7f {
			return -1
		}
		return r
	}, text))
}

// attr writes an attribute unless its value is empty.
func attr(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + `="` + escape(value) + `"`
}

func (e *exporter) head() {
	lang := e.o.Lang
	if lang != "fr" {
		lang = "en"
	}
	settings, err := json.Marshal(e.d.Page)
	if err != nil && e.err == nil {
		e.err = err
	}
	top, right, bottom, left := e.d.Page.Margins()
	width, height := e.d.Page.Paper()
	e.write("<!DOCTYPE html>\n<html lang=\"", lang, "\">\n<head>\n<meta charset=\"utf-8\">\n<title>", escape(e.o.Title), "</title>\n")
	e.write("<meta name=\"generator\" content=\"Parvis\">\n<meta name=\"parvis-page\"", attr("content", string(settings)), ">\n")
	e.write("<style>\n", style, "\n", fmt.Sprintf("@page{size:%gmm %gmm;margin:%dmm %dmm %dmm %dmm}", width, height, top, right, bottom, left), "\n</style>\n</head>\n<body data-parvis=\"1\">\n")
}

func (e *exporter) blocks(blocks []rich.Node) {
	for _, block := range blocks {
		if e.err == nil {
			e.err = e.ctx.Err()
		}
		if e.err != nil {
			return
		}
		e.block(block)
	}
}

func (e *exporter) block(block rich.Node) {
	switch n := block.(type) {
	case *rich.Paragraph:
		if n.Unknown != nil {
			e.lost.Add(format.LossUnknown, 1)
		}
		e.write("<p", aligned(n.Align), ">")
		e.line(n.Text)
		e.write("</p>\n")
	case *rich.Heading:
		e.headings++
		tag := "h" + strconv.Itoa(n.Level)
		e.write("<", tag, attr("id", "h"+strconv.Itoa(e.headings)), aligned(n.Align), ">")
		e.line(n.Text)
		e.write("</", tag, ">\n")
	case *rich.Code:
		class := ""
		if n.Language != "" {
			class = "language-" + n.Language
		}
		e.write("<pre><code", attr("class", class), ">", escape(n.Text), "</code></pre>\n")
	case *rich.List:
		e.list(n)
	case *rich.Quote:
		e.write("<blockquote>\n")
		e.blocks(n.Blocks)
		e.write("</blockquote>\n")
	case *rich.Table:
		e.table(n)
	case *rich.PageBreak:
		e.write("<hr data-page-break=\"\">\n")
	case *rich.Contents:
		e.contents()
	}
}

func aligned(align rich.Align) string {
	if align == "" {
		return ""
	}
	return attr("style", "text-align:"+string(align))
}

func (e *exporter) list(list *rich.List) {
	tag, extra := "ul", ""
	switch {
	case list.Kind == rich.Tasks:
		extra = ` data-tasks=""`
	case list.Kind == rich.Numbered && list.Start > 1:
		tag, extra = "ol", attr("start", strconv.Itoa(list.Start))
	case list.Kind == rich.Numbered:
		tag = "ol"
	}
	e.write("<", tag, extra, ">\n")
	for _, item := range list.Items {
		checked := ""
		if list.Kind == rich.Tasks {
			e.write("<li", attr("data-checked", strconv.FormatBool(item.Checked)), ">")
			if item.Checked {
				checked = ` checked=""`
			}
			e.write("<input type=\"checkbox\" disabled=\"\"", checked, ">")
		} else {
			e.write("<li>")
		}
		e.inside(item.Blocks)
		e.write("</li>\n")
	}
	e.write("</", tag, ">\n")
}

// inside writes what an item or cell holds; a lone line needs no paragraph.
func (e *exporter) inside(blocks []rich.Node) {
	if len(blocks) == 1 {
		if only, ok := blocks[0].(*rich.Paragraph); ok && only.Align == "" && only.Unknown == nil && len(only.Text) > 0 {
			e.line(only.Text)
			return
		}
	}
	e.blocks(blocks)
}

func (e *exporter) table(t *rich.Table) {
	e.write("<table>\n<tbody>\n")
	for _, row := range t.Rows {
		e.write("<tr>\n")
		for _, cell := range row.Cells {
			tag := "td"
			if cell.Header {
				tag = "th"
			}
			e.write("<", tag, ">")
			e.inside(cell.Blocks)
			e.write("</", tag, ">\n")
		}
		e.write("</tr>\n")
	}
	e.write("</tbody>\n</table>\n")
}

// contents lists the headings with links to them.
func (e *exporter) contents() {
	e.write("<nav data-contents=\"\">\n")
	count := 0
	e.contentsSeen++
	for block := range e.d.All() {
		if e.contentsSeen > format.MaxContents {
			break
		}
		if heading, ok := block.(*rich.Heading); ok {
			count++
			e.write("<p style=\"margin:0 0 0 ", strconv.Itoa(heading.Level-1), "em\"><a href=\"#h", strconv.Itoa(count), "\">", escape(rich.PlainText(heading.Text)), "</a></p>\n")
		}
	}
	e.write("</nav>\n")
}

// picture is the address of a picture with its content in it, read once.
func (e *exporter) picture(file string) string {
	if src, known := e.files[file]; known {
		return src
	}
	src := ""
	if e.o.Images != nil {
		data, mime, err := e.o.Images.Image(e.ctx, file)
		if err == nil && format.IsPicture(mime) {
			src = "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(data)
		}
	}
	e.files[file] = src
	return src
}
