package pdf

import (
	"bytes"
	"image/png"
	"math"
	"strconv"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/webp"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// run is a piece of text that looks the same, or a picture.
type run struct {
	face
	text              string
	color, background string // "#rrggbb" or empty
	underline, strike bool
	raise             float64 // mm above the line
	href              string
	link              int // inside the document; 0: none
	note              string
	picture           *picture
	width, height     float64 // of a picture, in mm
	newline           bool    // the line ends here
}

// The colours of links and suggestions.
const (
	linkColor   = "#0b5a6b"
	insertColor = "#1b6e3c"
	deleteColor = "#a3261f"
	quiet       = "#666666"
)

// runs turns inline content into runs in a face.
func (b *book) runs(line []rich.Inline, in face) []run {
	var all []run
	open := map[string]bool{} // comments of the run before
	for _, inline := range line {
		all = b.closeRemarks(all, open, rich.MarksOf(inline).Comments, in)
		switch n := inline.(type) {
		case *rich.Text:
			text, missing := b.fonts.clean(n.Text)
			b.lost.Add(LossLetters, missing)
			r := b.marked(n.Marks, in)
			r.text = text
			all = append(all, r)
		case *rich.Break:
			all = append(all, run{face: in, newline: true})
		case *rich.Image:
			all = append(all, b.image(n, in))
		case *rich.Footnote:
			all = append(all, run{
				face: face{in.family, in.style, in.size * 0.65}, text: strconv.Itoa(b.notes[n.ID]), raise: in.size * pointMM * 0.33, note: n.ID,
			})
		case *rich.Unknown:
			b.lost.Add(format.LossUnknown, 1)
		}
	}
	return b.closeRemarks(all, open, nil, in)
}

// closeRemarks puts the number of each comment behind the text it is about.
func (b *book) closeRemarks(all []run, open map[string]bool, now []string, in face) []run {
	on := map[string]bool{}
	for _, id := range now {
		on[id] = true
	}
	for id := range open {
		if number := b.remarks[id]; !on[id] && number > 0 {
			all = append(all, run{face: face{sans, "", in.size * 0.6}, text: "[" + strconv.Itoa(number) + "]", raise: in.size * pointMM * 0.33, color: quiet})
		}
		if !on[id] {
			delete(open, id)
		}
	}
	for id := range on {
		open[id] = true
	}
	return all
}

// marked is how marks look.
func (b *book) marked(m rich.Marks, in face) run {
	r := run{face: in, color: m.Color, background: m.Highlight, underline: m.Underline, strike: m.Strike}
	strong := m.Strong || strings.Contains(in.style, "B")
	slanted := m.Em || strings.Contains(in.style, "I")
	r.style = ""
	if strong {
		r.style += "B"
	}
	if slanted {
		r.style += "I"
	}
	if m.Code {
		r.family, r.size = mono, in.size*0.88
	}
	if m.Link.Href != "" {
		r.href, r.underline = m.Link.Href, true
		if r.color == "" {
			r.color = linkColor
		}
	}
	for _, s := range m.Suggested {
		if s.Delete {
			r.strike, r.color = true, deleteColor
		} else {
			r.underline, r.color = true, insertColor
		}
	}
	b.lost.Add(format.LossMark, len(m.Other))
	return r
}

// picture is a picture that the PDF holds, by name. Sizes are pixels.
type picture struct {
	name          string
	width, height float64
}

// pixelMM is a CSS pixel in millimetres.
const pixelMM = 25.4 / 96

// image is a picture in the line, at most as wide as the text and nearly as high.
func (b *book) image(image *rich.Image, in face) run {
	p := b.pictureOf(image.File)
	if p == nil {
		b.lost.Add(format.LossImage, 1)
		alt, _ := b.fonts.clean(image.Alt)
		return run{face: face{in.family, "I", in.size}, text: "[" + alt + "]", color: quiet}
	}
	width, height := float64(image.Width), float64(image.Height)
	switch {
	case width > 0 && height > 0:
	case width > 0:
		height = width * p.height / p.width
	case height > 0:
		width = height * p.width / p.height
	default:
		width, height = p.width, p.height
	}
	width, height = width*pixelMM, height*pixelMM
	scale := math.Min(1, math.Min(b.sheet.width()/width, 0.85*b.sheet.height()/height))
	return run{face: in, picture: p, width: width * scale, height: height * scale}
}

// pictureOf reads a picture once; nil when it cannot be had.
func (b *book) pictureOf(file string) *picture {
	if p, known := b.pictures[file]; known {
		return p
	}
	b.pictures[file] = nil
	if b.o.Images == nil || b.err != nil {
		return nil
	}
	data, _, err := b.o.Images.Image(b.ctx, file)
	if err != nil {
		b.err = b.ctx.Err()
		return nil
	}
	kind := map[string]string{"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}[format.PictureType(data)]
	if format.PictureType(data) == "image/webp" {
		data, kind = asPNG(data), "png"
	}
	if kind == "" || data == nil {
		return nil
	}
	info := b.pdf.RegisterImageOptionsReader(file, fpdf.ImageOptions{ImageType: kind}, bytes.NewReader(data))
	if b.pdf.Err() || info == nil || info.Width() <= 0 || info.Height() <= 0 {
		b.pdf.ClearError() // this picture is broken, not the document
		return nil
	}
	info.SetDpi(96)
	b.pictures[file] = &picture{name: file, width: info.Width() / pixelMM, height: info.Height() / pixelMM}
	return b.pictures[file]
}

// maxPixels bounds a picture that has to be decoded here.
const maxPixels = 64 << 20

func asPNG(data []byte) []byte {
	size, err := webp.DecodeConfig(bytes.NewReader(data))
	if err != nil || size.Width*size.Height > maxPixels {
		return nil
	}
	decoded, err := webp.Decode(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	if png.Encode(&out, decoded) != nil {
		return nil
	}
	return out.Bytes()
}
