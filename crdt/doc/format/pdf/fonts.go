package pdf

import (
	"fmt"
	"strings"

	"codeberg.org/go-fonts/liberation/liberationmonobold"
	"codeberg.org/go-fonts/liberation/liberationmonobolditalic"
	"codeberg.org/go-fonts/liberation/liberationmonoitalic"
	"codeberg.org/go-fonts/liberation/liberationmonoregular"
	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansbolditalic"
	"codeberg.org/go-fonts/liberation/liberationsansitalic"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"codeberg.org/go-fonts/liberation/liberationserifbold"
	"codeberg.org/go-fonts/liberation/liberationserifbolditalic"
	"codeberg.org/go-fonts/liberation/liberationserifitalic"
	"codeberg.org/go-fonts/liberation/liberationserifregular"
	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
)

// The families.
const (
	serif = "serif"
	sans  = "sans"
	mono  = "mono"
)

// face is a font at a size in points.
type face struct {
	family string
	style  string // "", "B", "I" or "BI"
	size   float64
}

// fonts measures text, and knows which characters there are.
type fonts struct {
	pdf    *fpdf.Fpdf
	now    face
	widths map[face]map[string]float64 // of words, in mm
	known  *sfnt.Font
	buffer sfnt.Buffer
	has    map[rune]bool
}

func newFonts(pdf *fpdf.Fpdf) (*fonts, error) {
	for _, f := range []struct {
		family, style string
		data          []byte
	}{
		{serif, "", liberationserifregular.TTF}, {serif, "B", liberationserifbold.TTF}, {serif, "I", liberationserifitalic.TTF}, {serif, "BI", liberationserifbolditalic.TTF},
		{sans, "", liberationsansregular.TTF}, {sans, "B", liberationsansbold.TTF}, {sans, "I", liberationsansitalic.TTF}, {sans, "BI", liberationsansbolditalic.TTF},
		{mono, "", liberationmonoregular.TTF}, {mono, "B", liberationmonobold.TTF}, {mono, "I", liberationmonoitalic.TTF}, {mono, "BI", liberationmonobolditalic.TTF},
	} {
		pdf.AddUTF8FontFromBytes(f.family, f.style, f.data)
	}
	known, err := sfnt.Parse(liberationserifregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	return &fonts{pdf: pdf, widths: map[face]map[string]float64{}, known: known, has: map[rune]bool{}}, pdf.Error()
}

// use makes a face the current one.
func (f *fonts) use(wanted face) {
	if f.now != wanted {
		f.pdf.SetFont(wanted.family, wanted.style, wanted.size)
		f.now = wanted
	}
}

// forget is called where the PDF begins a page and its state anew.
func (f *fonts) forget() { f.now = face{} }

// maxWidths bounds the remembered words of a face.
const maxWidths = 20_000

// width is how wide a text is in a face, in mm.
func (f *fonts) width(in face, text string) float64 {
	words := f.widths[in]
	if words == nil || len(words) > maxWidths {
		words = map[string]float64{}
		f.widths[in] = words
	}
	w, ok := words[text]
	if !ok {
		f.use(in)
		w = f.pdf.GetStringWidth(text)
		words[text] = w
	}
	return w
}

// clean replaces characters that the fonts do not have, and counts them.
func (f *fonts) clean(text string) (string, int) {
	missing := 0
	cleaned := strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || r == 0xfeff || r == 0x200d || r >= 0xfe00 && r <= 0xfe0f:
			return -1
		case f.holds(r):
			return r
		}
		missing++
		return '¿'
	}, text)
	return cleaned, missing
}

func (f *fonts) holds(r rune) bool {
	has, ok := f.has[r]
	if !ok {
		index, err := f.known.GlyphIndex(&f.buffer, r)
		has = err == nil && index != 0 && r <= 0xffff // what the PDF's encoding holds
		f.has[r] = has
	}
	return has
}

// height is how high a line of a face is, in mm.
func (in face) height() float64 { return in.size * pointMM * 1.38 }

// pointMM is a point in millimetres.
const pointMM = 25.4 / 72
