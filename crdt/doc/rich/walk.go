package rich

import (
	"iter"
	"slices"
	"strings"
)

// All gives every block in reading order, each before the blocks inside it.
func (d Document) All() iter.Seq[Node] {
	return func(yield func(Node) bool) { walk(d.Blocks, yield) }
}

func walk(blocks []Node, yield func(Node) bool) bool {
	for _, block := range blocks {
		if !yield(block) {
			return false
		}
		switch n := block.(type) {
		case *List:
			for _, item := range n.Items {
				if !walk(item.Blocks, yield) {
					return false
				}
			}
		case *Quote:
			if !walk(n.Blocks, yield) {
				return false
			}
		case *Table:
			for _, row := range n.Rows {
				for _, cell := range row.Cells {
					if !walk(cell.Blocks, yield) {
						return false
					}
				}
			}
		}
	}
	return true
}

// Line is the text of a paragraph or heading, and nil for other blocks.
func Line(block Node) []Inline {
	switch n := block.(type) {
	case *Paragraph:
		return n.Text
	case *Heading:
		return n.Text
	}
	return nil
}

// Inlines gives the pieces of all lines in reading order, without the notes.
func (d Document) Inlines() iter.Seq[Inline] {
	return func(yield func(Inline) bool) {
		for block := range d.All() {
			for _, in := range Line(block) {
				if !yield(in) {
					return
				}
			}
		}
	}
}

// MarksOf is the marks of a text or line break; other pieces have none.
func MarksOf(in Inline) Marks {
	switch n := in.(type) {
	case *Text:
		return n.Marks
	case *Break:
		return n.Marks
	}
	return Marks{}
}

// PlainText is the text of a line: breaks are "\n", images their alternative
// text, footnotes nothing.
func PlainText(line []Inline) string {
	var out strings.Builder
	for _, in := range line {
		switch n := in.(type) {
		case *Text:
			out.WriteString(n.Text)
		case *Break:
			out.WriteByte('\n')
		case *Image:
			out.WriteString(n.Alt)
		}
	}
	return out.String()
}

// NoteOrder is the ids of the notes that the text refers to, in the order of
// their numbers (rule R26).
func (d Document) NoteOrder() []string {
	var order []string
	seen := map[string]bool{}
	for in := range d.Inlines() {
		if note, ok := in.(*Footnote); ok && !seen[note.ID] {
			seen[note.ID] = true
			order = append(order, note.ID)
		}
	}
	return order
}

// Proposed is how many suggestions stand in the text. Of those that were decided
// only the entry is left (d.Suggestions).
func (d Document) Proposed() int {
	seen := map[string]bool{}
	for in := range d.Inlines() {
		for _, s := range MarksOf(in).Suggested {
			seen[s.ID] = true
		}
	}
	return len(seen)
}

// DropImages puts the alternative texts of the images in their place and returns
// how many there were.
func (d Document) DropImages() (count int) {
	without := func(line []Inline) (kept []Inline) {
		for _, in := range line {
			image, ok := in.(*Image)
			if !ok {
				kept = append(kept, in)
				continue
			}
			count++
			if image.Alt != "" {
				kept = append(kept, &Text{Text: image.Alt})
			}
		}
		return kept
	}
	for block := range d.All() {
		switch n := block.(type) {
		case *Paragraph:
			n.Text = without(n.Text)
		case *Heading:
			n.Text = without(n.Text)
		}
	}
	return count
}

// Comment is the comment with that id.
func (d Document) Comment(id string) (Comment, bool) {
	at := slices.IndexFunc(d.Comments, func(c Comment) bool { return c.ID == id })
	if at < 0 {
		return Comment{}, false
	}
	return d.Comments[at], true
}

// OneLine is the text of blocks as one line, with breaks between them, for places
// that hold no blocks.
func OneLine(blocks []Node) []Inline {
	var line []Inline
	for block := range (Document{Blocks: blocks}).All() {
		text := Line(block)
		if code, ok := block.(*Code); ok {
			text = AppendText(nil, code.Text, Marks{Code: true})
		}
		if len(text) == 0 {
			continue
		}
		if len(line) > 0 {
			line = append(line, &Break{})
		}
		line = append(line, text...)
	}
	return line
}
