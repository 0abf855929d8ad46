package pdf

import "parvis/crdt/doc/rich"

// padMM is the room around the text of a cell.
const padMM = 1.6

// cell is a cell on its way to paper: its lines are put on pages part by part.
type cell struct {
	lines  []*line
	header bool
}

// table puts a table on paper. A row goes on over pages when it is too high for
// one; the header row is repeated on each page.
func (b *book) table(t *rich.Table, f frame) {
	if len(t.Columns) == 0 {
		return
	}
	width := f.width() / float64(len(t.Columns))
	var head []cell
	for i, row := range t.Rows {
		cells := make([]cell, len(row.Cells))
		for j, c := range row.Cells {
			cells[j] = cell{b.cellLines(c.Blocks, width-2*padMM, c.Header), c.Header}
		}
		if i == 0 && len(cells) > 0 && all(cells) {
			head = cells
		}
		b.row(cells, head, i > 0, f.left, width)
	}
}

func all(cells []cell) bool {
	for _, c := range cells {
		if !c.header {
			return false
		}
	}
	return true
}

// cellLines are the lines of what stands in a cell.
func (b *book) cellLines(blocks []rich.Node, width float64, header bool) []*line {
	f := frame{right: width}
	var lines []*line
	var add func(blocks []rich.Node, f frame)
	add = func(blocks []rich.Node, f frame) {
		for _, block := range blocks {
			switch n := block.(type) {
			case *rich.List:
				for i, item := range n.Items {
					before := len(lines)
					add(item.Blocks, frame{left: f.left + listStep, right: f.right, bars: f.bars})
					if len(lines) > before {
						markItem(lines[before], n, i, item)
					}
				}
			case *rich.Quote:
				add(n.Blocks, inner(f))
			default:
				lines = append(lines, b.text(block, f)...)
			}
		}
	}
	add(blocks, f)
	if len(lines) == 0 {
		lines = b.breakLines(nil, bodyFace, f)
	}
	for _, l := range lines {
		l.keep = 0
		if header {
			b.embolden(l)
		}
	}
	return lines
}

// embolden makes the text of a header cell bold, where it still fits.
func (b *book) embolden(l *line) {
	width := 0.0
	bold := make([]run, len(l.pieces))
	for i, p := range l.pieces {
		if p.run == nil || p.picture != nil {
			return
		}
		bold[i] = *p.run
		bold[i].style = "B"
		width += b.fonts.width(bold[i].face, p.text)
	}
	if width > l.frame.width() {
		return
	}
	for i := range l.pieces {
		l.pieces[i].run = &bold[i]
		l.pieces[i].width = b.fonts.width(bold[i].face, l.pieces[i].text)
	}
	l.width = width
}

// row puts a row on paper.
func (b *book) row(cells, head []cell, repeat bool, left, width float64) {
	s := b.sheet
	for done := make([]int, len(cells)); ; {
		var ids []string
		high := 0.0
		for i, c := range cells {
			h := 0.0
			for _, l := range c.lines[done[i]:] {
				h += l.height
				ids = append(ids, l.notes...)
			}
			high = max(high, h)
		}
		before := b.pdf.PageNo()
		first := bodyFace.height() + 2*padMM
		if high+2*padMM <= s.height()/2 {
			first = high + 2*padMM // a row of usual height stays whole
		}
		s.reach(first, b.noteRoom(ids))
		if b.pdf.PageNo() != before && repeat && head != nil {
			b.part(head, make([]int, len(head)), left, width)
		}
		if b.part(cells, done, left, width) {
			return
		}
		s.turn()
		if head != nil && repeat {
			b.part(head, make([]int, len(head)), left, width)
		}
	}
}

// noteRoom is how high the notes are that these lines bring.
func (b *book) noteRoom(ids []string) float64 {
	room := 0.0
	for _, id := range ids {
		if !b.sheet.drawn[id] {
			room += noteFace.height() + ruleMM
		}
	}
	return room
}

// part draws as many lines of a row as fit, and moves done past them; it reports
// whether that is all of it.
func (b *book) part(cells []cell, done []int, left, width float64) bool {
	s := b.sheet
	room := max(s.free(), bodyFace.height()+2*padMM) - 2*padMM
	top, high, whole := s.y, 0.0, true
	for i, c := range cells {
		used := 0.0
		for done[i] < len(c.lines) {
			l := c.lines[done[i]]
			if used+l.height > room && used > 0 {
				break
			}
			notes, _ := s.notesOf(l.notes)
			s.addNotes(notes)
			used += l.height
			done[i]++
			b.placed(l)
			b.draw(l, s.left+left+float64(i)*width+padMM, top+padMM+used-l.height)
		}
		whole = whole && done[i] == len(c.lines)
		high = max(high, used)
	}
	high += 2 * padMM
	b.pdf.SetDrawColor(150, 150, 150)
	b.pdf.SetLineWidth(0.2)
	for i := range cells {
		b.pdf.Rect(s.left+left+float64(i)*width, top, width, high, "D")
	}
	s.y, s.filled = top+high, true
	return whole
}

// placed marks a heading that begins in a line of a cell.
func (b *book) placed(l *line) {
	if l.heading != nil && l.heading.page < 1 {
		b.sheet.mark(l.heading, b.sheet.y)
	}
}
