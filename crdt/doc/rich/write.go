package rich

import (
	"maps"
	"slices"
	"strings"

	"parvis/crdt/doc"
)

// Spans writes the text of a document as a stream (rules R30 to R33). Tables that
// have no ids get some, the same each time; a table that does not stand at the
// top is written as if it did.
func (d Document) Spans() []doc.Span {
	w := writer{free: true}
	if len(d.Blocks) == 1 {
		if only, ok := d.Blocks[0].(*Paragraph); ok && only.Ghost && len(only.Text) == 0 {
			return nil // R5
		}
	}
	w.blocks(d.Blocks, nil)
	return w.spans
}

// NoteSpans writes the text of a footnote.
func NoteSpans(line []Inline) []doc.Span {
	var w writer
	for _, in := range line {
		switch in.(type) {
		case *Text, *Break:
			w.inline(in)
		}
	}
	return w.spans
}

// writer writes blocks one after the other.
type writer struct {
	spans  []doc.Span
	cell   map[string]doc.Value // attributes of the cell that is being written
	tables int                  // written so far
	grow   *strings.Builder     // of the last span, when it is text
	free   bool                 // nothing was written yet, or last an atom: text needs no marker (rule R4)
}

func (w *writer) blocks(blocks []Node, path []string) {
	for _, block := range blocks {
		switch n := block.(type) {
		case *Paragraph:
			w.paragraph(n, path)
		case *Heading:
			w.marker(typeHeading, path, map[string]doc.Value{"level": doc.Int(int64(min(max(n.Level, 1), maxLevel)))}, n.Align)
			w.line(n.Text)
		case *Code:
			w.marker(typeCode, path, textAttr("language", n.Language), "")
			w.run(n.Text, nil)
		case *List:
			w.list(n, path)
		case *Quote:
			w.blocks(n.Blocks, append(slices.Clip(path), inQuote))
		case *Table:
			w.table(n)
		case *PageBreak:
			w.atom(typeBreak, path)
		case *Contents:
			w.atom(typeContents, path)
		}
	}
}

// atom writes a block without content. It can only stand at the top.
func (w *writer) atom(name string, path []string) {
	if len(path) == 0 && w.cell == nil {
		w.marker(name, path, nil, "")
		w.free = true
	}
}

// paragraph writes a paragraph, and a ghost without a marker where it can (R31).
func (w *writer) paragraph(p *Paragraph, path []string) {
	atTop := len(path) == 0 && w.cell == nil
	switch {
	case p.Ghost && len(p.Text) > 0 && atTop && w.free:
		w.free = false
	case p.Unknown != nil:
		w.unknown(p.Unknown, path)
	default:
		w.marker(typeParagraph, path, nil, p.Align)
	}
	w.line(p.Text)
}

// unknown writes a marker as it was, except that it stands where the paragraph
// stands now.
func (w *writer) unknown(marker *doc.Block, path []string) {
	before := w.cellParents(path)
	if was, _ := pathOf(marker); slices.Equal(was, path) && w.at() == placeOf(marker) {
		before = marker.Parents
	}
	w.marker(marker.Type, nil, marker.Attrs, "")
	w.spans[len(w.spans)-1].Block.Parents = slices.Clone(before)
}

// at is the cell that is being written.
func (w *writer) at() place {
	return place{w.cell["table"].Str, w.cell["row"].Str, w.cell["col"].Str}
}

// cellParents is the parents of a block with that path.
func (w *writer) cellParents(path []string) []string {
	if w.cell == nil {
		return slices.Clone(path)
	}
	return slices.Insert(slices.Clone(path), 0, inCell)
}

// list writes the items of a list (rule R14).
func (w *writer) list(list *List, path []string) {
	name := itemType(list.Kind)
	inside := append(slices.Clip(path), name)
	for i, item := range list.Items {
		blocks := item.Blocks
		if !item.Implicit {
			attrs := map[string]doc.Value{}
			if list.Kind == Tasks {
				attrs["checked"] = doc.Bool(item.Checked)
			}
			if start := min(max(list.Start, 1), maxStart); list.Kind == Numbered && i == 0 && start > 1 {
				attrs["start"] = doc.Int(int64(start))
			}
			own, ok := firstOf(blocks).(*Paragraph)
			if !ok || own.Unknown != nil {
				own = &Paragraph{}
			} else {
				blocks = blocks[1:]
			}
			w.marker(name, path, attrs, own.Align)
			w.line(own.Text)
		}
		w.blocks(blocks, inside)
	}
}

func firstOf(blocks []Node) Node {
	if len(blocks) == 0 {
		return nil
	}
	return blocks[0]
}

// marker writes the start of a block.
func (w *writer) marker(name string, path []string, attrs map[string]doc.Value, align Align) {
	w.free = false
	block := &doc.Block{Type: name, Parents: w.cellParents(path), Attrs: map[string]doc.Value{}}
	maps.Copy(block.Attrs, attrs)
	if align != "" {
		block.Attrs["align"] = doc.String(string(align))
	}
	maps.Copy(block.Attrs, w.cell)
	w.spans = append(w.spans, doc.Span{Block: block})
}

func (w *writer) line(line []Inline) {
	for _, in := range line {
		w.inline(in)
	}
}

func (w *writer) inline(in Inline) {
	switch n := in.(type) {
	case *Text:
		w.run(n.Text, n.Marks.list())
	case *Break:
		w.run("\n", n.Marks.list())
	case *Image:
		w.embed(doc.Block{Type: typeImage, Attrs: n.attrs()})
	case *Footnote:
		w.embed(doc.Block{Type: typeFootnote, Attrs: map[string]doc.Value{"id": doc.String(n.ID)}})
	case *Unknown:
		w.embed(n.Marker)
	}
}

// attrs are the attributes of an image that say something.
func (i *Image) attrs() map[string]doc.Value {
	attrs := map[string]doc.Value{}
	for key, text := range map[string]string{"file": i.File, "name": i.Name, "alt": i.Alt} {
		maps.Copy(attrs, textAttr(key, text))
	}
	for key, size := range map[string]int{"width": i.Width, "height": i.Height} {
		if size > 0 {
			attrs[key] = doc.Int(int64(size))
		}
	}
	return attrs
}

func (w *writer) embed(marker doc.Block) {
	marker.Embed = true
	w.spans = append(w.spans, doc.Span{Block: &marker})
}

// run writes text; it joins the text before it when the marks are the same.
func (w *writer) run(text string, marks []doc.Mark) {
	if text == "" {
		return
	}
	if n := len(w.spans); n > 0 && w.spans[n-1].Block == nil && slices.EqualFunc(w.spans[n-1].Marks, marks, equalMark) {
		w.grow.WriteString(text)
		w.spans[n-1].Text = w.grow.String()
		return
	}
	w.grow = &strings.Builder{}
	w.grow.WriteString(text)
	w.spans = append(w.spans, doc.Span{Text: text, Marks: marks})
}

func equalMark(a, b doc.Mark) bool { return a.Name == b.Name && a.Value.Equal(b.Value) }

func textAttr(key, text string) map[string]doc.Value {
	if text == "" {
		return nil
	}
	return map[string]doc.Value{key: doc.String(text)}
}
