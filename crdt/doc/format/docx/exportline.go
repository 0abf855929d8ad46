package docx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// line writes inline content. Comments are ranges that may overlap and go on over
// paragraphs; what is around a run is its link and what is suggested of it.
func (e *exporter) line(line []rich.Inline) {
	for _, in := range line {
		marks := rich.MarksOf(in)
		e.turnComments(marks.Comments)
		before, after := e.around(marks)
		e.add(before)
		e.inline(in, marks)
		e.add(after)
	}
}

// turnComments ends and begins comments between two runs. A comment has one range:
// where it stands again later is reported.
func (e *exporter) turnComments(now []string) {
	for _, id := range e.open {
		if !slices.Contains(now, id) {
			e.closeComment(id)
		}
	}
	for _, id := range now {
		if slices.Contains(e.open, id) {
			continue
		}
		if !e.firstTime(id) {
			e.lost.Add(format.LossComment, 1)
			continue
		}
		for _, n := range e.comments[id] {
			e.add(`<w:commentRangeStart w:id="`, strconv.Itoa(n), `"/>`)
		}
	}
	e.open = now
}

// around is what encloses a run.
func (e *exporter) around(m rich.Marks) (before, after string) {
	if m.Link.Href != "" {
		tip := ""
		if m.Link.Title != "" {
			tip = ` w:tooltip="` + esc(m.Link.Title) + `"`
		}
		before, after = `<w:hyperlink r:id="`+e.relate(m.Link.Href)+`"`+tip+`>`, `</w:hyperlink>`
	}
	for _, s := range m.Suggested {
		of := e.suggestions[s.ID]
		tag := "w:ins"
		if s.Delete {
			tag = "w:del"
		}
		before += fmt.Sprintf(`<%s w:id="%d" w:author="%s"%s>`, tag, e.nextID(), esc(e.o.Name(of.Author, of.Name)), date(of.AtMs))
		after = "</" + tag + ">" + after
	}
	return before, after
}

func date(atMs int64) string {
	if atMs == 0 {
		return ""
	}
	return ` w:date="` + time.UnixMilli(atMs).UTC().Format("2006-01-02T15:04:05Z") + `"`
}

func (e *exporter) inline(in rich.Inline, marks rich.Marks) {
	switch n := in.(type) {
	case *rich.Text:
		e.add("<w:r>", e.look(marks))
		if deleted(marks) {
			e.add(`<w:delText xml:space="preserve">`, esc(n.Text), `</w:delText>`)
		} else {
			e.text(n.Text)
		}
		e.add("</w:r>")
	case *rich.Break:
		e.add("<w:r>", e.look(marks), "<w:br/></w:r>")
	case *rich.Image:
		e.image(n)
	case *rich.Footnote:
		e.add(`<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteReference w:id="`, strconv.Itoa(e.notes[n.ID]), `"/></w:r>`)
	case *rich.Unknown:
		e.lost.Add(format.LossUnknown, 1)
	}
}

func deleted(m rich.Marks) bool {
	return slices.ContainsFunc(m.Suggested, func(s rich.Suggested) bool { return s.Delete })
}

// look is the properties of a run, in the order that the standard wants.
func (e *exporter) look(m rich.Marks) string {
	e.lost.Add(format.LossMark, len(m.Other))
	var out strings.Builder
	switch {
	case m.Code:
		out.WriteString(`<w:rStyle w:val="SourceText"/>`)
	case m.Link.Href != "":
		out.WriteString(`<w:rStyle w:val="Hyperlink"/>`)
	}
	if m.Strong {
		out.WriteString("<w:b/>")
	}
	if m.Em {
		out.WriteString("<w:i/>")
	}
	if m.Strike {
		out.WriteString("<w:strike/>")
	}
	if m.Color != "" {
		out.WriteString(`<w:color w:val="` + strings.ToUpper(m.Color[1:]) + `"/>`)
	}
	if m.Underline {
		out.WriteString(`<w:u w:val="single"/>`)
	}
	if m.Highlight != "" {
		out.WriteString(`<w:shd w:val="clear" w:color="auto" w:fill="` + strings.ToUpper(m.Highlight[1:]) + `"/>`)
	}
	if out.Len() == 0 {
		return ""
	}
	return "<w:rPr>" + out.String() + "</w:rPr>"
}

// picture is a picture of the file, by its relation.
type picture struct {
	relation, part string
	data           []byte
	width, height  int // pixels
}

// emu is a CSS pixel in the unit of drawings.
const emu = 9525

func (e *exporter) image(image *rich.Image) {
	p := e.pictureOf(image.File)
	if p == nil {
		e.lost.Add(format.LossImage, 1)
		e.add(`<w:r><w:t xml:space="preserve">[`, esc(image.Alt), `]</w:t></w:r>`)
		return
	}
	width, height := fit(image.Width, image.Height, p)
	id := strconv.Itoa(e.nextID())
	extent := fmt.Sprintf(`cx="%d" cy="%d"`, width*emu, height*emu)
	e.add(`<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent `, extent, `/><wp:docPr id="`, id, `" name="`, esc(image.Name), `" descr="`, esc(image.Alt), `"/>`,
		`<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="`, id, `" name="`, esc(image.Name), `"/><pic:cNvPicPr/></pic:nvPicPr>`,
		`<pic:blipFill><a:blip r:embed="`, p.relation, `"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext `, extent, `/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>`)
}

// fit is the size to show a picture in, in pixels, at most as wide as a page's text.
func fit(width, height int, p *picture) (int, int) {
	const widest = 640
	switch {
	case width > 0 && height > 0:
		return width, height
	case width > 0:
		return width, max(1, width*p.height/p.width)
	case height > 0:
		return max(1, height*p.width/p.height), height
	case p.width > widest:
		return widest, max(1, widest*p.height/p.width)
	}
	return p.width, p.height
}
