package odt

import (
	"fmt"
	"regexp"
	"strconv"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// line writes inline content. Comments are ranges that may overlap; what is around
// a run is what is suggested of it, then its link.
func (e *exporter) line(line []rich.Inline) {
	for _, in := range line {
		e.openComments(in)
		e.suggested(in)
		e.closeComments(in)
	}
}

// run writes a piece with its link and its look.
func (e *exporter) run(in rich.Inline) {
	marks := rich.MarksOf(in)
	e.lost.Add(format.LossMark, len(marks.Other))
	if marks.Link.Href != "" {
		e.add(`<text:a xlink:type="simple" xlink:href="`, esc(marks.Link.Href), `"`)
		if marks.Link.Title != "" {
			e.add(` office:title="`, esc(marks.Link.Title), `"`)
		}
		e.add(` text:style-name="Internet_20_link" text:visited-style-name="Internet_20_link">`)
	}
	style := e.sheet.look(marks)
	if style != "" {
		e.add(`<text:span text:style-name="`, style, `">`)
	}
	e.inline(in)
	if style != "" {
		e.add("</text:span>")
	}
	if marks.Link.Href != "" {
		e.add("</text:a>")
	}
}

func (e *exporter) inline(in rich.Inline) {
	switch n := in.(type) {
	case *rich.Text:
		e.text(n.Text)
	case *rich.Break:
		e.add("<text:line-break/>")
	case *rich.Image:
		e.image(n)
	case *rich.Footnote:
		e.footnote(n.ID)
	case *rich.Unknown:
		e.lost.Add(format.LossUnknown, 1)
	}
}

// footnote writes a note where it is referred to first, and a reference to it where
// it is again.
func (e *exporter) footnote(id string) {
	number := strconv.Itoa(e.notes[id])
	if e.noted[id] {
		e.add(`<text:note-ref text:note-class="footnote" text:reference-format="text" text:ref-name="ftn`, number, `">`, number, `</text:note-ref>`)
		return
	}
	e.noted[id] = true
	e.add(`<text:note text:id="ftn`, number, `" text:note-class="footnote"><text:note-citation>`, number, `</text:note-citation><text:note-body><text:p text:style-name="Footnote">`)
	for _, in := range e.d.Notes[id] {
		e.lost.Add(format.LossComment, len(rich.MarksOf(in).Comments))
		switch in.(type) {
		case *rich.Text, *rich.Break:
			e.suggested(in)
		}
	}
	e.add(`</text:p></text:note-body></text:note>`)
}

// picture is a picture of the file, by its part.
type picture struct {
	part, mime    string
	data          []byte
	width, height int // pixels
}

// pixelsPerInch is how large a CSS pixel is.
const pixelsPerInch = 96

func inches(pixels int) string {
	return strconv.FormatFloat(float64(pixels)/pixelsPerInch, 'f', 5, 64) + "in"
}

func (e *exporter) image(image *rich.Image) {
	p := e.pictureOf(image.File)
	if p == nil {
		e.lost.Add(format.LossImage, 1)
		e.text("[" + image.Alt + "]")
		return
	}
	width, height := fit(image.Width, image.Height, p)
	style := "Picture"
	if image.Width == 0 && image.Height == 0 {
		style = naturalPicture
	}
	e.count.frames++
	e.add(`<draw:frame draw:style-name="`, style, `" draw:name="`, esc(e.frameName(image.Name)), `" text:anchor-type="as-char" svg:width="`, inches(width), `" svg:height="`, inches(height), `" draw:z-index="`, strconv.Itoa(e.count.frames), `">`,
		`<draw:image xlink:href="`, p.part, `" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad" draw:mime-type="`, p.mime, `"/>`)
	if image.Alt != "" {
		e.add(`<svg:title>`, esc(image.Alt), `</svg:title>`)
	}
	e.add(`</draw:frame>`)
}

// frameName is a name that no other picture has: LibreOffice leaves out pictures of
// one name.
func (e *exporter) frameName(name string) string {
	if name == "" {
		name = fmt.Sprintf("%s%d", namelessPicture, e.count.frames)
	}
	if again := e.count.names[name]; again || furtherName.MatchString(name) {
		name = fmt.Sprintf("%s #%d", name, e.count.frames)
	}
	e.count.names[name] = true
	return name
}

// furtherName is the end of the name of a further picture of one name.
var furtherName = regexp.MustCompile(` #\d+$`)

// naturalPicture is the style of pictures whose size the document does not say, and
// namelessPicture how the names of those begin that have none.
const (
	naturalPicture  = "NaturalPicture"
	namelessPicture = "Unnamed picture "
)

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
