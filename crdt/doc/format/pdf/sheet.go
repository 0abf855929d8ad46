package pdf

import (
	"fmt"
	"sort"
	"strconv"

	"parvis/crdt/doc/rich"
)

// sheet puts lines on pages, from the top down. Footnotes gather at the foot.
type sheet struct {
	b                        *book
	top, left, right, bottom float64 // of the text, in mm from the paper's top left

	y       float64
	space   float64 // wanted above the next line; none at the top of a page
	filled  bool    // something stands on this page
	notes   []*line // of this page
	noteMM  float64 // their height
	carried []*line // notes of the page before that found no place there
	drawn   map[string]bool
}

func newSheet(b *book, page rich.Page) *sheet {
	width, height := page.Paper()
	top, right, bottom, left := page.Margins()
	s := &sheet{b: b, top: float64(top), left: float64(left), right: width - float64(right), bottom: height - float64(bottom), drawn: map[string]bool{}}
	if s.width() < 40 || s.height() < 60 { // margins that leave no room for text
		s.top, s.left, s.right, s.bottom = 15, 15, width-15, height-15
	}
	return s
}

func (s *sheet) width() float64  { return s.right - s.left }
func (s *sheet) height() float64 { return s.bottom - s.top }

// ruleMM is the room for the line above the notes.
const ruleMM = 3

func (s *sheet) newPage() {
	s.b.pdf.AddPage()
	s.b.fonts.forget()
	s.y, s.space, s.filled = s.top, 0, false
	s.notes, s.noteMM = nil, 0
	carried := s.carried
	s.carried = nil
	s.addNotes(carried)
}

// endPage writes the notes of a page. What takes more than half of the page goes
// on at the foot of the next one.
func (s *sheet) endPage() {
	if len(s.notes) == 0 {
		return
	}
	room := max(s.bottom-s.y, s.height()/2)
	fits, used := 0, float64(ruleMM)
	for _, l := range s.notes {
		if used+l.height > room && fits > 0 {
			break
		}
		used += l.height
		fits++
	}
	s.carried = s.notes[fits:]
	y := s.bottom - used
	s.b.pdf.SetLineWidth(0.2)
	s.b.pdf.SetDrawColor(120, 120, 120)
	s.b.pdf.Line(s.left, y+ruleMM/2, s.left+45, y+ruleMM/2)
	y += ruleMM
	for _, l := range s.notes[:fits] {
		s.b.draw(l, s.left, y)
		y += l.height
	}
}

// turn goes on at the top of a new page.
func (s *sheet) turn() {
	s.endPage()
	s.newPage()
}

// breakPage goes on at the top of a new page, an empty one too.
func (s *sheet) breakPage() { s.turn() }

// gap wants some room above what comes next.
func (s *sheet) gap(mm float64) { s.space = max(s.space, mm) }

// left room is what is free above the notes.
func (s *sheet) free() float64 { return s.bottom - s.y - min(s.noteMM, s.height()/2) }

func (s *sheet) addNotes(lines []*line) {
	if len(lines) > 0 && len(s.notes) == 0 {
		s.noteMM += ruleMM
	}
	for _, l := range lines {
		s.noteMM += l.height
	}
	s.notes = append(s.notes, lines...)
}

// put puts lines on paper and says where the last one stands: its page, and where
// its letters do.
func (s *sheet) put(lines ...*line) (page int, baseline float64) {
	for _, l := range lines {
		notes, high := s.notesOf(l.notes)
		s.reach(l.height+l.keep, high)
		s.addNotes(notes)
		s.b.draw(l, s.left, s.y)
		baseline = s.y + l.ascent
		s.y += l.height
		s.filled = true
		if l.heading != nil {
			s.mark(l.heading, s.y-l.height)
		}
	}
	return s.b.pdf.PageNo(), baseline
}

// reach makes sure that so much fits here, with notes, or turns the page. What fits
// on no page is put on one of its own.
func (s *sheet) reach(height, notes float64) {
	space := s.space
	if !s.filled {
		space = 0
	}
	if s.filled && space+height+min(notes, s.height()/2) > s.free() {
		s.turn()
		space = 0
	}
	s.y += space
	s.space = 0
}

// mark notes where a heading stands, for links, the outline and the contents.
func (s *sheet) mark(h *heading, y float64) {
	h.page = s.b.pdf.PageNo()
	s.b.pdf.SetLink(h.link, y, h.page)
	text, _ := s.b.fonts.clean(h.text)
	s.b.pdf.Bookmark(text, s.b.outlineLevel(h), y)
}

// outlineLevel is the level of a heading in the outline, where none may be skipped.
func (b *book) outlineLevel(h *heading) int {
	level, above := 0, []int{}
	for _, other := range b.headings {
		for len(above) > 0 && above[len(above)-1] >= other.level {
			above = above[:len(above)-1]
		}
		level = len(above)
		above = append(above, other.level)
		if other == h {
			break
		}
	}
	return level
}

// notesOf makes the lines of notes that stand nowhere yet, and says how high they
// are.
func (s *sheet) notesOf(ids []string) (lines []*line, height float64) {
	for _, id := range ids {
		if s.drawn[id] {
			continue
		}
		s.drawn[id] = true
		f := frame{left: 5, right: s.width()}
		made := s.b.breakLines(s.b.runs(s.b.d.Notes[id], noteFace), noteFace, f)
		made[0].marker, made[0].face = strconv.Itoa(s.b.notes[id]), face{serif, "", 7}
		lines = append(lines, made...)
	}
	for _, l := range lines {
		height += l.height
	}
	if len(lines) > 0 && len(s.notes) == 0 {
		height += ruleMM
	}
	return lines, height
}

// fit cuts a line of header or footer that is wider than its place.
func (s *sheet) fit(text string, width float64) string {
	if s.b.fonts.width(smallest, text) <= width {
		return text
	}
	runes := []rune(text)
	end := sort.Search(len(runes), func(n int) bool { return s.b.fonts.width(smallest, string(runes[:n])+"…") > width })
	return string(runes[:max(0, end-1)]) + "…"
}

// decorate writes header, footer and page numbers on every page.
func (s *sheet) decorate(page rich.Page) {
	header, _ := s.b.fonts.clean(page.Header)
	footer, _ := s.b.fonts.clean(page.Footer)
	total := s.b.pdf.PageNo()
	if total < s.b.pdf.PageCount() {
		total = s.b.pdf.PageCount()
	}
	_, paper := page.Paper()
	numbers := 0.0
	if page.Numbers {
		numbers = s.b.fonts.width(smallest, fmt.Sprintf("%d / %d", total, total)) + padMM
	}
	header, footer = s.fit(header, s.width()), s.fit(footer, s.width()-numbers)
	for n := 1; n <= total; n++ {
		s.b.pdf.SetPage(n)
		s.b.fonts.forget()
		s.b.fonts.use(smallest)
		s.b.pdf.SetTextColor(90, 90, 90)
		if header != "" {
			s.b.pdf.Text(s.left+(s.width()-s.b.fonts.width(smallest, header))/2, max(6, s.top*0.55), header)
		}
		foot := s.bottom + (paper-s.bottom)*0.55
		if footer != "" {
			s.b.pdf.Text(s.left, foot, footer)
		}
		if page.Numbers {
			number := fmt.Sprintf("%d / %d", n, total)
			s.b.pdf.Text(s.right-s.b.fonts.width(smallest, number), foot, number)
		}
	}
}
