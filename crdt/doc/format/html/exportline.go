package html

import (
	"strconv"
	"strings"
	"time"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

func (e *exporter) line(line []rich.Inline) {
	for _, in := range line {
		switch n := in.(type) {
		case *rich.Text:
			e.marked(n.Marks, escape(n.Text))
		case *rich.Break:
			e.marked(n.Marks, "<br>")
		case *rich.Image:
			e.image(n)
		case *rich.Footnote:
			number := strconv.Itoa(e.notes[n.ID])
			e.write("<sup><a href=\"#note-", number, "\"", attr("data-note", n.ID), ">", number, "</a></sup>")
		case *rich.Unknown:
			e.lost.Add(format.LossUnknown, 1)
		}
	}
}

func (e *exporter) image(image *rich.Image) {
	src := e.picture(image.File)
	if src == "" {
		e.lost.Add(format.LossImage, 1)
	}
	e.write("<img", attr("src", src), " alt=\"", escape(image.Alt), "\"", attr("data-name", image.Name), size("width", image.Width), size("height", image.Height), ">")
}

func size(name string, pixels int) string {
	if pixels <= 0 {
		return ""
	}
	return attr(name, strconv.Itoa(pixels))
}

// marked writes a piece of text inside an element for each of its marks.
func (e *exporter) marked(m rich.Marks, text string) {
	var open, shut []string
	around := func(tag, attrs string) {
		open = append(open, "<"+tag+attrs+">")
		shut = append(shut, "</"+tag+">")
	}
	for _, id := range m.Comments {
		around("span", attr("data-comment", id))
	}
	for _, s := range m.Suggested {
		tag := "ins"
		if s.Delete {
			tag = "del"
		}
		of := e.suggestions[s.ID]
		around(tag, attr("data-suggestion", s.ID)+attr("data-author", e.o.Name(of.Author, of.Name))+attr("datetime", when(of.AtMs)))
	}
	if m.Link.Href != "" {
		around("a", attr("href", m.Link.Href)+attr("title", m.Link.Title))
	}
	if m.Color != "" {
		around("span", attr("style", "color:"+m.Color))
	}
	if m.Highlight != "" {
		around("mark", attr("style", "background-color:"+m.Highlight))
	}
	for _, simple := range []struct {
		on  bool
		tag string
	}{{m.Strong, "strong"}, {m.Em, "em"}, {m.Underline, "u"}, {m.Strike, "s"}, {m.Code, "code"}} {
		if simple.on {
			around(simple.tag, "")
		}
	}
	e.lost.Add(format.LossMark, len(m.Other))
	e.write(strings.Join(open, ""), text)
	for i := len(shut) - 1; i >= 0; i-- {
		e.write(shut[i])
	}
}

// when is a time as HTML writes it, in UTC; empty when it is not known.
func when(atMs int64) string {
	if atMs == 0 {
		return ""
	}
	return time.UnixMilli(atMs).UTC().Format("2006-01-02T15:04:05.000Z")
}

func (e *exporter) noteList() {
	order := e.d.NoteOrder()
	if len(order) == 0 {
		return
	}
	e.write("<section data-notes=\"\">\n<hr>\n<ol>\n")
	for i, id := range order {
		e.write("<li", attr("id", "note-"+strconv.Itoa(i+1)), attr("data-note", id), ">")
		e.line(e.d.Notes[id])
		e.write("</li>\n")
	}
	e.write("</ol>\n</section>\n")
}

func (e *exporter) commentList() {
	if len(e.d.Comments) == 0 {
		return
	}
	title := "Comments"
	if e.o.Lang == "fr" {
		title = "Commentaires"
	}
	e.write("<aside data-comments=\"\">\n<h2>", title, "</h2>\n<ol>\n")
	for _, c := range e.d.Comments {
		e.write("<li", attr("data-comment", c.ID), attr("data-resolved", strconv.FormatBool(c.Resolved)), ">\n")
		for _, m := range c.Messages {
			author := e.o.Name(m.Author, m.Name)
			e.write("<p", attr("data-message", m.ID), attr("data-author", author), "><b>", escape(author), "</b>")
			if m.AtMs != 0 {
				e.write(" <time", attr("datetime", when(m.AtMs)), ">", time.UnixMilli(m.AtMs).UTC().Format("2006-01-02 15:04"), "</time>")
			}
			e.write(" <q>", strings.ReplaceAll(escape(m.Text), "\n", "<br>"), "</q></p>\n")
		}
		e.write("</li>\n")
	}
	e.write("</ol>\n</aside>\n")
}
