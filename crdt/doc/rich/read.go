package rich

import (
	"strings"

	"parvis/crdt/doc"
)

// FromSpans builds the tree of a document: the spans of its text, those of its
// notes by id, and what lies beside them. It takes any spans (rules R1 to R28) and
// never fails; unknown and malformed parts are shown as well as they can be.
func FromSpans(spans []doc.Span, notes map[string][]doc.Span, root doc.Root) Document {
	d := Document{Page: pageOf(root.Page), Notes: map[string][]Inline{}}
	d.Blocks = blocksOf(spans)
	for id, note := range notes {
		d.Notes[id] = noteOf(note)
	}
	d.Comments, d.Suggestions = threadsOf(d, root)
	return d
}

func blocksOf(spans []doc.Span) []Node {
	var b builder
	b.frames = []frame{{blocks: &b.top}}
	for _, span := range spans {
		switch {
		case span.Block != nil && !span.Block.Embed:
			b.begin(span.Block)
		case span.Block != nil:
			b.embed(span.Block)
		case span.Text != "":
			b.text(span.Text, span.Marks)
		}
	}
	b.endTable()
	if len(b.top) == 0 {
		b.top = []Node{&Paragraph{Ghost: true}} // R5
	}
	return b.top
}

// noteOf is the text of a footnote (rule R26).
func noteOf(spans []doc.Span) []Inline {
	var line []Inline
	for _, span := range spans {
		if span.Block == nil {
			line = AppendText(line, span.Text, marksOf(span.Marks))
		}
	}
	return line
}

// builder makes the tree while it reads the stream.
type builder struct {
	top    []Node
	frames []frame     // the top or a cell, then the open containers
	table  *tableMaker // open table
	// Where the content of the block goes that is being read; both nil when it has
	// none.
	line     *[]Inline
	code     *Code
	codeText *strings.Builder // of code, growing
}

// frame is an open container (rule R11).
type frame struct {
	kind   string // parent type; empty for the top and for a cell
	blocks *[]Node
}

// begin reads a marker that starts a block.
func (b *builder) begin(marker *doc.Block) {
	path, known := pathOf(marker)
	b.enter(placeOf(marker), trueOf(marker.Attrs["header"]))
	b.line, b.code = nil, nil
	into := b.open(path)
	name := marker.Type
	if !known {
		name = "" // shown as a block of an unknown type
	}
	switch name {
	case typeHeading:
		heading := &Heading{Level: levelOf(marker.Attrs["level"]), Align: alignOf(marker)}
		b.line = &heading.Text
		*into = append(*into, heading)
	case typeCode:
		b.code, b.codeText = &Code{Language: marker.Attrs["language"].Str}, &strings.Builder{}
		*into = append(*into, b.code)
	case typeBullet, typeOrdered, typeTask:
		b.item(marker, into)
	case typeBreak, typeContents:
		if len(marker.Parents) > 0 { // R3
			b.paragraph(marker, into)
		} else if name == typeBreak {
			*into = append(*into, &PageBreak{})
		} else {
			*into = append(*into, &Contents{})
		}
	default:
		b.paragraph(marker, into)
	}
}

// paragraph adds a paragraph, which is also what stands for an unknown block (R7).
func (b *builder) paragraph(marker *doc.Block, into *[]Node) {
	paragraph := &Paragraph{Align: alignOf(marker)}
	if _, known := pathOf(marker); marker.Type != typeParagraph || !known {
		paragraph.Unknown = marker
	}
	b.line = &paragraph.Text
	*into = append(*into, paragraph)
}

// item adds an item (rule R14) and opens it.
func (b *builder) item(marker *doc.Block, into *[]Node) {
	kind, _ := listKind(marker.Type)
	list, ok := lastOf(*into).(*List)
	if !ok || list.Kind != kind {
		list = newList(kind)
		if start, ok := intOf(marker.Attrs["start"], 1, maxStart); ok && kind == Numbered {
			list.Start = start
		}
		*into = append(*into, list)
	}
	own := &Paragraph{Align: alignOf(marker)}
	checked := kind == Tasks && trueOf(marker.Attrs["checked"])
	list.Items = append(list.Items, Item{Checked: checked, Blocks: []Node{own}})
	b.frames = append(b.frames, frame{marker.Type, &list.Items[len(list.Items)-1].Blocks})
	b.line = &own.Text
}

func newList(kind ListKind) *List {
	list := &List{Kind: kind}
	if kind == Numbered {
		list.Start = 1
	}
	return list
}

func lastOf(blocks []Node) Node {
	if len(blocks) == 0 {
		return nil
	}
	return blocks[len(blocks)-1]
}

// open makes path the open containers and gives the blocks of the innermost
// (rules R11 to R13).
func (b *builder) open(path []string) *[]Node {
	common := 0
	for common < len(path) && common+1 < len(b.frames) && b.frames[common+1].kind == path[common] {
		common++
	}
	b.frames = b.frames[:common+1]
	for _, kind := range path[common:] {
		into := b.frames[len(b.frames)-1].blocks
		if list, ok := listKind(kind); ok {
			made := newList(list)
			made.Items = []Item{{Implicit: true}}
			*into = append(*into, made)
			b.frames = append(b.frames, frame{kind, &made.Items[0].Blocks})
		} else {
			made := &Quote{}
			*into = append(*into, made)
			b.frames = append(b.frames, frame{kind, &made.Blocks})
		}
	}
	return b.frames[len(b.frames)-1].blocks
}

// embed reads a marker inside a line.
func (b *builder) embed(marker *doc.Block) {
	if b.code != nil {
		return // R6
	}
	line := b.content()
	*line = append(*line, embedOf(marker))
}

func (b *builder) text(text string, marks []doc.Mark) {
	if b.code != nil {
		b.codeText.WriteString(text)
		b.code.Text = b.codeText.String()
		return
	}
	line := b.content()
	*line = AppendText(*line, text, marksOf(marks))
}

// content is where text goes; it makes a ghost when there is no block (rule R4).
func (b *builder) content() *[]Inline {
	if b.line == nil {
		b.enter(place{}, false)
		into := b.open(nil)
		ghost := &Paragraph{Ghost: true}
		*into = append(*into, ghost)
		b.line = &ghost.Text
	}
	return b.line
}

// AppendText adds text to a line that the caller owns, as runs and breaks (rules
// R9, R24).
func AppendText(line []Inline, text string, marks Marks) []Inline {
	for len(text) > 0 {
		run, rest, broken := strings.Cut(text, "\n")
		if run != "" {
			if last, ok := lastInline(line).(*Text); ok && last.Marks.Equal(marks) {
				last.add(run)
			} else {
				line = append(line, &Text{Text: run, Marks: marks})
			}
		}
		if broken {
			line = append(line, &Break{marks})
		}
		text = rest
	}
	return line
}

// add puts more text at the end.
func (t *Text) add(text string) {
	if t.grow == nil {
		t.grow = &strings.Builder{}
		t.grow.WriteString(t.Text)
	}
	t.grow.WriteString(text)
	t.Text = t.grow.String()
}

func lastInline(line []Inline) Inline {
	if len(line) == 0 {
		return nil
	}
	return line[len(line)-1]
}
