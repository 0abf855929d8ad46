package richtest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"parvis/crdt/doc/rich"
)

// Without says what random documents shall not have, because a format cannot hold
// it.
type Without struct {
	Align, Color, Underline, Comments, Suggestions, Notes, Images, Atoms, Page, CellBlocks, Sizes bool
	HeaderRowOnly                                                                                 bool // tables have one row of headers, the first
}

// Random makes a document as people write them, of every kind of block and mark.
// It is settled.
func Random(r *rand.Rand, without Without) rich.Document {
	g := generator{r: r, without: without, notes: map[string][]rich.Inline{}}
	d := rich.Document{Blocks: g.blocks(3+r.IntN(8), 0), Notes: g.notes}
	d.Comments, d.Suggestions = g.comments, g.suggestions
	if !without.Page && r.IntN(2) == 0 {
		d.Page = rich.Page{
			Size: rich.Letter, Landscape: r.IntN(2) == 0, Top: 30, Right: 10 + r.IntN(20), Bottom: 25, Left: 15,
			Header: g.words(2), Footer: g.words(2), Numbers: r.IntN(2) == 0,
		}
	}
	return withoutOrphans(d.Settled())
}

// withoutOrphans leaves out the comments, suggestions and notes whose text is not
// there.
func withoutOrphans(d rich.Document) rich.Document {
	used := map[string]bool{}
	for in := range d.Inlines() {
		m := rich.MarksOf(in)
		for _, id := range m.Comments {
			used[id] = true
		}
		for _, s := range m.Suggested {
			used[s.ID] = true
		}
		if note, ok := in.(*rich.Footnote); ok {
			used[note.ID] = true
		}
	}
	d.Comments = slices.DeleteFunc(d.Comments, func(c rich.Comment) bool { return !used[c.ID] })
	d.Suggestions = slices.DeleteFunc(d.Suggestions, func(s rich.Suggestion) bool { return !used[s.ID] })
	maps.DeleteFunc(d.Notes, func(id string, _ []rich.Inline) bool { return !used[id] })
	return d
}

type generator struct {
	r           *rand.Rand
	without     Without
	notes       map[string][]rich.Inline
	comments    []rich.Comment
	suggestions []rich.Suggestion
	count       int
}

func (g *generator) one(n int) bool { return g.r.IntN(n) == 0 }

func (g *generator) id(letter string) string {
	g.count++
	return fmt.Sprint(letter, "x", g.count)
}

func (g *generator) words(n int) string {
	words := []string{"word", "naïve", "Grüße", "世界", "x*y", "a_b", "1.", "#tag", "<b>", "&amp;", "50 %", "e\u0301", "👩‍👩‍👧", "[link]", "!", "`", "\\", "|", "~", "- dash", "“quote”", "$5", "a  b", "…"}
	text := words[g.r.IntN(len(words))]
	for range n - 1 {
		text += " " + words[g.r.IntN(len(words))]
	}
	return text
}

func (g *generator) align() rich.Align {
	if g.without.Align || !g.one(3) {
		return ""
	}
	return []rich.Align{rich.AlignLeft, rich.AlignCenter, rich.AlignRight, rich.AlignJustify}[g.r.IntN(4)]
}

func (g *generator) blocks(n, depth int) []rich.Node {
	var blocks []rich.Node
	for range n {
		blocks = append(blocks, g.block(depth))
	}
	return blocks
}

func (g *generator) block(depth int) rich.Node {
	switch n := g.r.IntN(12); {
	case n == 0:
		return &rich.Heading{Level: 1 + g.r.IntN(4), Align: g.align(), Text: g.line(true)}
	case n == 1:
		return &rich.Code{Language: []string{"", "go", "c++"}[g.r.IntN(3)], Text: g.code()}
	case n < 5 && depth < 4:
		return g.list(depth)
	case n == 5 && depth < 4:
		return &rich.Quote{Blocks: g.blocks(1+g.r.IntN(3), depth+1)}
	case n == 6 && depth == 0:
		return g.table()
	case n == 7 && depth == 0 && !g.without.Atoms:
		if g.one(2) {
			return &rich.PageBreak{}
		}
		return &rich.Contents{}
	}
	return &rich.Paragraph{Align: g.align(), Text: g.line(true)}
}

func (g *generator) code() string {
	lines := []string{"func main() {", "\tx := `a` // *no* marks", "", "}", "```", "<tag attr=\"1\">", "    indented  "}
	text := "first"
	for range g.r.IntN(5) {
		text += "\n" + lines[g.r.IntN(len(lines))]
	}
	return text
}

func (g *generator) list(depth int) rich.Node {
	list := &rich.List{Kind: []rich.ListKind{rich.Bullets, rich.Numbered, rich.Tasks}[g.r.IntN(3)]}
	if list.Kind == rich.Numbered {
		list.Start = 1
		if g.one(3) {
			list.Start = 2 + g.r.IntN(50)
		}
	}
	for range 1 + g.r.IntN(4) {
		item := rich.Item{Blocks: []rich.Node{&rich.Paragraph{Align: g.align(), Text: g.line(false)}}}
		item.Checked = list.Kind == rich.Tasks && g.one(2)
		if g.one(3) {
			item.Blocks = append(item.Blocks, g.blocks(1+g.r.IntN(2), depth+1)...)
		}
		list.Items = append(list.Items, item)
	}
	return list
}

func (g *generator) table() rich.Node {
	width, height := 1+g.r.IntN(4), 1+g.r.IntN(4)
	headers := g.without.HeaderRowOnly || g.one(2)
	rows := make([][]rich.Cell, height)
	for i := range rows {
		rows[i] = make([]rich.Cell, width)
		for j := range rows[i] {
			cell := &rows[i][j]
			cell.Header = headers && i == 0
			if g.one(5) {
				continue
			}
			cell.Blocks = []rich.Node{&rich.Paragraph{Text: g.line(false)}}
			if !g.without.CellBlocks && g.one(4) {
				cell.Blocks = g.blocks(1+g.r.IntN(2), 3)
			}
		}
	}
	return rich.NewTable(rows)
}

// line makes text; only where empty lines may be, empty ones.
func (g *generator) line(mayBeEmpty bool) []rich.Inline {
	var line []rich.Inline
	if mayBeEmpty && g.one(8) {
		return nil
	}
	line = append(line, &rich.Text{Text: g.words(1 + g.r.IntN(4)), Marks: g.marks()})
	for range g.r.IntN(4) {
		switch n := g.r.IntN(10); {
		case n == 0:
			line = append(line, &rich.Break{}, &rich.Text{Text: g.words(2), Marks: g.marks()})
		case n == 1 && !g.without.Images:
			image := &rich.Image{File: fmt.Sprintf("%064x", g.r.IntN(9)+1), Name: "picture.png", Alt: g.words(1)}
			if !g.without.Sizes && g.one(2) {
				image.Width, image.Height = 1+g.r.IntN(900), 1+g.r.IntN(900)
			}
			line = append(line, image)
		case n == 2 && !g.without.Notes:
			id := g.id("n")
			g.notes[id] = []rich.Inline{&rich.Text{Text: g.words(3)}, &rich.Text{Text: " strong", Marks: rich.Marks{Strong: true}}}
			line = append(line, &rich.Footnote{ID: id})
		default:
			line = append(line, &rich.Text{Text: " " + g.words(1+g.r.IntN(3)), Marks: g.marks()})
		}
	}
	return line
}

func (g *generator) marks() rich.Marks {
	var m rich.Marks
	if g.one(2) {
		return m
	}
	m.Strong, m.Em, m.Strike, m.Code = g.one(4), g.one(4), g.one(6), g.one(6)
	m.Underline = !g.without.Underline && g.one(6)
	if g.one(6) {
		m.Link = rich.Link{Href: "https://example.org/a_(b)?q=1&r=%20*" + fmt.Sprint(g.r.IntN(3)), Title: []string{"", "A \"title\""}[g.r.IntN(2)]}
	}
	if !g.without.Color && g.one(6) {
		m.Color = "#12ab34"
	}
	if !g.without.Color && g.one(6) {
		m.Highlight = "#fff3a3"
	}
	if !g.without.Comments && g.one(8) {
		m.Comments = append(m.Comments, g.comment())
	}
	if !g.without.Suggestions && g.one(8) {
		s := rich.Suggestion{ID: g.id("s"), Name: "Ben", AtMs: 1_700_000_000_000 + int64(g.r.IntN(1000))*1000}
		g.suggestions = append(g.suggestions, s)
		m.Suggested = append(m.Suggested, rich.Suggested{ID: s.ID, Delete: g.one(2)})
	}
	return m
}

func (g *generator) comment() string {
	c := rich.Comment{ID: g.id("k"), Resolved: g.one(3)}
	for i := range 1 + g.r.IntN(3) {
		c.Messages = append(c.Messages, rich.Message{
			ID: fmt.Sprint("m", i+1), Name: []string{"Ana", "Ben Müller"}[g.r.IntN(2)],
			AtMs: 1_700_000_000_000 + int64(g.r.IntN(1_000_000))*1000, Text: g.words(4),
		})
	}
	slices.SortStableFunc(c.Messages, func(a, b rich.Message) int { return int(a.AtMs - b.AtMs) })
	g.comments = append(g.comments, c)
	return c.ID
}
