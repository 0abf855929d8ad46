package pdf

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parvis/crdt/doc/rich"
)

// piece is a part of a run that is not broken; space says that it is white.
type piece struct {
	*run
	text  string
	width float64
	space bool
}

// line is one line on paper.
type line struct {
	pieces        []piece
	width, height float64 // mm
	ascent        float64 // from its top to where letters stand
	last          bool    // of its paragraph: never stretched
	align         rich.Align
	notes         []string

	frame
	marker  string // in front of its first line: a bullet or number
	face    face   // of the marker
	box     bool   // a check box instead of a marker
	checked bool
	shaded  bool     // program text
	heading *heading // begins here
	keep    float64  // mm that have to fit below it on the same page
}

// frame is where lines may stand: from left to right of the text's width, in mm.
// bars are the lines in front of quotes.
type frame struct {
	left, right float64
	bars        []float64
}

func (f frame) width() float64 { return f.right - f.left }

// breakLines makes lines of runs.
func (b *book) breakLines(runs []run, in face, f frame) []*line {
	t := &setter{b: b, in: in, frame: f}
	t.begin()
	for i := range runs {
		t.add(&runs[i])
	}
	t.word()
	t.now.last = true
	t.all = append(t.all, t.now)
	return t.all
}

// setter fills lines word by word.
type setter struct {
	b       *book
	in      face
	frame   frame
	all     []*line
	now     *line
	waiting []piece // of the word that is not placed yet
	wide    float64
}

func (t *setter) begin() {
	t.now = &line{frame: t.frame, height: t.in.height(), ascent: t.in.height() * 0.76}
}

func (t *setter) end() {
	t.all = append(t.all, t.now)
	t.begin()
}

func (t *setter) add(r *run) {
	switch {
	case r.newline:
		t.word()
		t.now.last = true
		t.end()
	case r.picture != nil:
		t.waiting = append(t.waiting, piece{run: r, width: r.width})
		t.wide += r.width
		t.word()
	default:
		for text := r.text; text != ""; {
			var part string
			part, text = firstPart(text)
			t.part(r, part)
		}
	}
}

// firstPart cuts off white space, a word, or one character of a script that is
// written without spaces.
func firstPart(text string) (part, rest string) {
	first, size := utf8.DecodeRuneInString(text)
	if unbroken(first) {
		return text[:size], text[size:]
	}
	white := breaks(first)
	end := strings.IndexFunc(text, func(r rune) bool { return breaks(r) != white || unbroken(r) })
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

// breaks reports whether a line may end at r: white space, but not the narrow and
// wide spaces that bind what is beside them.
func breaks(r rune) bool { return unicode.IsSpace(r) && r != 0xa0 && r != 0x202f }

func unbroken(r rune) bool { return r >= 0x2e80 && r <= 0x9fff || r >= 0xac00 && r <= 0xd7a3 }

func (t *setter) part(r *run, text string) {
	first, _ := utf8.DecodeRuneInString(text)
	p := piece{run: r, text: text, width: t.b.fonts.width(r.face, text), space: breaks(first)}
	if p.space || unbroken(first) {
		t.word()
	}
	if p.space {
		if len(t.now.pieces) > 0 || t.now.last {
			t.place(p)
		}
		return
	}
	t.waiting = append(t.waiting, p)
	t.wide += p.width
}

// word places what waits, on the next line when it does not fit on this one.
func (t *setter) word() {
	if len(t.waiting) == 0 {
		return
	}
	if len(t.now.pieces) > 0 && t.now.width+t.wide > t.frame.width() {
		t.end()
	}
	for _, p := range t.waiting {
		if p.picture == nil && p.width > t.frame.width()-t.now.width && t.wide > t.frame.width() {
			t.split(p)
			continue
		}
		t.place(p)
	}
	t.waiting, t.wide = t.waiting[:0], 0
}

// split breaks a word that is wider than a line.
func (t *setter) split(p piece) {
	for p.text != "" {
		end, width := 0, 0.0
		for i, r := range p.text {
			next := width + t.b.fonts.width(p.face, string(r))
			if next > t.frame.width()-t.now.width && i > 0 {
				break
			}
			end, width = i+utf8.RuneLen(r), next
		}
		t.place(piece{run: p.run, text: p.text[:end], width: width})
		if p.text = p.text[end:]; p.text != "" {
			t.end()
		}
	}
}

func (t *setter) place(p piece) {
	l := t.now
	l.pieces = append(l.pieces, p)
	l.width += p.width
	switch {
	case p.picture != nil:
		l.ascent = max(l.ascent, p.height+1)
		l.height = max(l.height, p.height+2)
	case p.raise == 0:
		l.ascent = max(l.ascent, p.face.height()*0.76)
		l.height = max(l.height, p.face.height())
	}
	if p.note != "" {
		l.notes = append(l.notes, p.note)
	}
}
