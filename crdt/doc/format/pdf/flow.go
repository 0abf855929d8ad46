package pdf

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// The faces of text.
var (
	bodyFace = face{serif, "", 11}
	noteFace = face{serif, "", 9}
	codeFace = face{mono, "", 9}
	smallest = face{sans, "", 8.5}
)

// headFaces are those of headings, by level.
var headFaces = []face{{sans, "B", 20}, {sans, "B", 15.5}, {sans, "B", 12.5}, {sans, "B", 11}}

// Distances in mm.
const (
	afterBlock = 2.6
	listStep   = 7.5
	quoteStep  = 5.5
)

func (b *book) blocks(blocks []rich.Node, f frame) {
	for _, block := range blocks {
		if b.err == nil {
			b.err = b.ctx.Err()
		}
		if b.err != nil {
			return
		}
		b.block(block, f)
	}
}

// block puts a block on paper.
func (b *book) block(block rich.Node, f frame) {
	switch n := block.(type) {
	case *rich.PageBreak:
		b.sheet.breakPage()
	case *rich.Contents:
		b.contentsOf(f)
	case *rich.Table:
		b.table(n, f)
		b.sheet.gap(afterBlock)
	case *rich.List:
		for i, item := range n.Items {
			b.item(n, i, item, f)
		}
	case *rich.Quote:
		b.blocks(n.Blocks, inner(f))
	default:
		lines := b.text(block, f)
		if _, ok := block.(*rich.Heading); ok {
			b.sheet.gap(3.5)
		}
		b.sheet.put(lines...)
		b.sheet.gap(afterBlock)
	}
}

// inner is the frame inside a quote.
func inner(f frame) frame {
	return frame{left: f.left + quoteStep, right: f.right, bars: append(f.bars[:len(f.bars):len(f.bars)], f.left+1.5)}
}

// text makes the lines of a block that holds text itself.
func (b *book) text(block rich.Node, f frame) []*line {
	switch n := block.(type) {
	case *rich.Paragraph:
		if n.Unknown != nil {
			b.lost.Add(format.LossUnknown, 1)
		}
		return aligned(b.breakLines(b.runs(n.Text, bodyFace), bodyFace, f), n.Align)
	case *rich.Heading:
		in := headFaces[min(max(n.Level, 1), len(headFaces))-1]
		lines := aligned(b.breakLines(b.runs(n.Text, in), in, f), n.Align)
		lines[0].heading = b.nextHeading()
		for _, l := range lines {
			l.keep = 3 * bodyFace.height()
		}
		return lines
	case *rich.Code:
		return b.program(n, f)
	}
	return nil
}

// nextHeading is the first one that has no page yet.
func (b *book) nextHeading() *heading {
	for _, h := range b.headings {
		if h.page == 0 {
			h.page = -1 // placed soon
			return h
		}
	}
	return nil
}

func aligned(lines []*line, align rich.Align) []*line {
	for _, l := range lines {
		l.align = align
	}
	return lines
}

func (b *book) program(n *rich.Code, f frame) []*line {
	inside := frame{left: f.left + 2, right: f.right - 2, bars: f.bars}
	var lines []*line
	for text := range strings.Lines(n.Text + "\n") {
		text, missing := b.fonts.clean(strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\t", "    "))
		b.lost.Add(LossLetters, missing)
		// Every space of a program counts: none of them is where a line ends.
		text = strings.ReplaceAll(text, " ", "\u00a0")
		lines = append(lines, b.breakLines([]run{{face: codeFace, text: text}}, codeFace, inside)...)
	}
	for _, l := range lines {
		l.shaded = true
	}
	return lines
}

// item puts an item of a list on paper: its marker stands in front of its first line.
func (b *book) item(list *rich.List, i int, item rich.Item, f frame) {
	inside := frame{left: f.left + listStep, right: f.right, bars: f.bars}
	for j, block := range item.Blocks {
		if lines := b.text(block, inside); lines != nil {
			if j == 0 {
				markItem(lines[0], list, i, item)
			}
			b.sheet.put(lines...)
			b.sheet.gap(0.9)
			continue
		}
		b.block(block, inside)
	}
	if i == len(list.Items)-1 {
		b.sheet.gap(afterBlock)
	}
}

// markItem puts the marker of an item in front of its first line.
func markItem(first *line, list *rich.List, i int, item rich.Item) {
	first.marker, first.face, first.box, first.checked = "•", bodyFace, list.Kind == rich.Tasks, item.Checked
	if list.Kind == rich.Numbered {
		first.marker = strconv.Itoa(max(list.Start, 1)+i) + "."
	}
}

// contentsLine is a line of the table of contents whose page number is written when
// it is known.
type contentsLine struct {
	page    int
	x, y    float64
	heading *heading
}

// contentsOf puts a table of contents on paper.
func (b *book) contentsOf(f frame) {
	for _, h := range b.headings {
		text, _ := b.fonts.clean(h.text)
		indent := frame{left: f.left + float64(h.level-1)*5, right: f.right - 12}
		lines := b.breakLines([]run{{face: bodyFace, text: text, link: h.link}}, bodyFace, indent)
		for i, l := range lines {
			page, y := b.sheet.put(l)
			if i == len(lines)-1 {
				b.contents = append(b.contents, contentsLine{page, b.sheet.left + f.right, y, h})
			}
		}
	}
	b.sheet.gap(afterBlock)
}

// fillContents writes the page numbers of the tables of contents.
func (b *book) fillContents() {
	for _, c := range b.contents {
		if c.heading.page < 1 {
			continue
		}
		b.pdf.SetPage(c.page)
		b.fonts.forget()
		b.fonts.use(bodyFace)
		text := strconv.Itoa(c.heading.page)
		b.pdf.Text(c.x-b.fonts.width(bodyFace, text), c.y, text)
	}
}

// comments lists the threads behind the text.
func (b *book) comments() {
	if len(b.d.Comments) == 0 {
		return
	}
	title := "Comments"
	if b.o.Lang == "fr" {
		title = "Commentaires"
	}
	f := frame{right: b.sheet.width()}
	b.sheet.gap(6)
	head := b.breakLines([]run{{face: headFaces[2], text: title}}, headFaces[2], f)
	head[0].keep = 12
	b.sheet.put(head...)
	b.sheet.gap(afterBlock)
	inside := frame{left: listStep, right: f.right}
	for i, c := range b.d.Comments {
		for j, m := range c.Messages {
			text := b.o.Name(m.Author, m.Name)
			if m.AtMs != 0 {
				text += ", " + time.UnixMilli(m.AtMs).UTC().Format("2006-01-02 15:04")
			}
			author, _ := b.fonts.clean(text + " – ")
			said := []run{{face: face{serif, "B", 9.5}, text: author}}
			for k, part := range strings.Split(m.Text, "\n") {
				if k > 0 {
					said = append(said, run{newline: true})
				}
				clean, missing := b.fonts.clean(part)
				b.lost.Add(LossLetters, missing)
				said = append(said, run{face: face{serif, "", 9.5}, text: clean})
			}
			lines := b.breakLines(said, face{serif, "", 9.5}, inside)
			if j == 0 {
				lines[0].marker, lines[0].face = fmt.Sprintf("[%d]", i+1), smallest
			}
			b.sheet.put(lines...)
			b.sheet.gap(1)
		}
	}
}
