package pdf

import (
	"strconv"

	"codeberg.org/go-pdf/fpdf"

	"parvis/crdt/doc/rich"
)

// draw writes a line with its top at y; x is where the text's width begins.
func (b *book) draw(l *line, x, y float64) {
	b.decorations(l, x, y)
	at, stretch := start(l, x)
	for i, p := range l.pieces {
		width := p.width
		if p.space {
			width += stretch
			if i == len(l.pieces)-1 {
				break // white space at the end of a line is not seen
			}
		}
		b.piece(p, at, y, width, l)
		at += width
	}
}

// start is where the pieces of a line begin, and how much wider its spaces are.
func start(l *line, x float64) (at, stretch float64) {
	at = x + l.left
	width, spaces := 0.0, 0
	for i, p := range l.pieces {
		if p.space && i == len(l.pieces)-1 {
			break
		}
		width += p.width
		if p.space {
			spaces++
		}
	}
	rest := l.frame.width() - width
	switch {
	case rest <= 0:
	case l.align == rich.AlignRight:
		at += rest
	case l.align == rich.AlignCenter:
		at += rest / 2
	case l.align == rich.AlignJustify && !l.last && spaces > 0:
		stretch = rest / float64(spaces)
	}
	return at, stretch
}

// decorations are what stands behind and in front of a line.
func (b *book) decorations(l *line, x, y float64) {
	if l.shaded {
		b.pdf.SetFillColor(244, 243, 240)
		b.pdf.Rect(x+l.left-2, y, l.frame.width()+4, l.height, "F")
	}
	b.pdf.SetDrawColor(190, 190, 190)
	b.pdf.SetLineWidth(0.6)
	for _, bar := range l.bars {
		b.pdf.Line(x+bar, y, x+bar, y+l.height)
	}
	switch {
	case l.box:
		b.checkBox(x+l.left-5, y+l.ascent-2.7, l.checked)
	case l.marker != "":
		b.color("")
		b.fonts.use(l.face)
		wide := b.fonts.width(l.face, l.marker)
		b.pdf.Text(max(x, x+l.left-1.8-wide), y+l.ascent, l.marker)
	}
}

func (b *book) checkBox(x, y float64, checked bool) {
	b.pdf.SetDrawColor(60, 60, 60)
	b.pdf.SetLineWidth(0.25)
	b.pdf.Rect(x, y, 3, 3, "D")
	if checked {
		b.pdf.SetLineWidth(0.45)
		b.pdf.Line(x+0.6, y+1.5, x+1.3, y+2.3)
		b.pdf.Line(x+1.3, y+2.3, x+2.5, y+0.6)
	}
}

// piece draws a part of a line, with the lines and colours of its marks.
func (b *book) piece(p piece, x, y, width float64, l *line) {
	base := y + l.ascent - p.raise
	if p.picture != nil {
		b.pdf.ImageOptions(p.picture.name, x, base-p.height, p.width, p.height, false, fpdf.ImageOptions{}, 0, p.href)
		return
	}
	size := p.size * pointMM
	if p.background != "" {
		red, green, blue := rgb(p.background)
		b.pdf.SetFillColor(red, green, blue)
		b.pdf.Rect(x, base-size*0.82, width, size*1.08, "F")
	}
	red, green, blue := b.color(p.color)
	b.fonts.use(p.face)
	b.pdf.Text(x, base, p.text)
	b.pdf.SetDrawColor(red, green, blue)
	b.pdf.SetLineWidth(max(0.15, size*0.05))
	if p.underline {
		b.pdf.Line(x, base+size*0.12, x+width, base+size*0.12)
	}
	if p.strike {
		b.pdf.Line(x, base-size*0.27, x+width, base-size*0.27)
	}
	switch {
	case p.href != "":
		b.pdf.LinkString(x, base-size*0.8, width, size, p.href)
	case p.link != 0:
		b.pdf.Link(x, base-size*0.8, width, size, p.link)
	}
}

// color sets the colour of text, black for none.
func (b *book) color(text string) (red, green, blue int) {
	red, green, blue = rgb(text)
	b.pdf.SetTextColor(red, green, blue)
	return red, green, blue
}

// rgb reads "#rrggbb"; anything else is black.
func rgb(text string) (red, green, blue int) {
	if len(text) != 7 {
		return 0, 0, 0
	}
	n, err := strconv.ParseUint(text[1:], 16, 24)
	if err != nil {
		return 0, 0, 0
	}
	return int(n >> 16), int(n >> 8 & 0xff), int(n & 0xff)
}
