package markdown

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/html"
	"parvis/crdt/doc/rich"
)

// MaxFile is the most bytes of Markdown that Import reads, without the pictures
// that stand in it.
const MaxFile = 2 << 20

// maxDepth is how deep lists and quotes may lie in each other; deeper ones lose
// their frame, not their text.
const maxDepth = 20

// commentLabel is how the footnotes that are comments are called.
var commentLabel = regexp.MustCompile(`^c[0-9]{1,6}$`)

// Import reads Markdown; it is a format.Importer. Every text is Markdown, and
// nothing else is.
func Import(ctx context.Context, data []byte, o format.Options) (d rich.Document, lost format.Report, err error) {
	if len(data) > format.MaxFile {
		return rich.Document{}, nil, fmt.Errorf("read markdown: %w", format.ErrTooLarge)
	}
	if !format.IsText(data) {
		return rich.Document{}, nil, fmt.Errorf("read markdown: %w", format.ErrNotThis)
	}
	defer func() {
		// The parser is not ours: what it cannot take is a file we do not read.
		switch recover().(type) {
		case nil:
		case exhausted:
			d, lost, err = rich.Document{}, nil, fmt.Errorf("read markdown: %w", errors.Join(format.ErrTooLarge, ctx.Err()))
		default:
			d, lost, err = rich.Document{}, nil, fmt.Errorf("read markdown: %w", format.ErrNotThis)
		}
	}()
	i := importer{ctx: ctx, o: o, doc: rich.Document{Notes: map[string][]rich.Inline{}}, pictures: format.NewPictures(o.Files), commented: map[string]bool{}, footnotes: map[int]*extast.Footnote{}}
	source := i.frontMatter(format.Text(i.pictures.Cut(data)))
	if len(source) > MaxFile {
		return rich.Document{}, nil, fmt.Errorf("read markdown: %w", format.ErrTooLarge)
	}
	i.source = []byte(source)
	root := parse(ctx, i.source)
	i.findNotes(root)
	i.doc.Blocks = i.blocks(root, 0)
	i.readNotes()
	if err := errors.Join(i.err, ctx.Err()); err != nil {
		return rich.Document{}, nil, fmt.Errorf("read markdown: %w", err)
	}
	return i.doc.Settled(), i.lost, nil
}

type importer struct {
	ctx       context.Context
	o         format.Options
	source    []byte
	doc       rich.Document
	lost      format.Report
	err       error
	pictures  *format.Pictures
	footnotes map[int]*extast.Footnote // by index
	commented map[string]bool          // labels of comments that the text refers to
}

// findNotes collects the definitions of the footnotes.
func (i *importer) findNotes(root ast.Node) {
	for child := root.FirstChild(); child != nil; child = child.NextSibling() {
		if list, ok := child.(*extast.FootnoteList); ok {
			for note := list.FirstChild(); note != nil; note = note.NextSibling() {
				if note, ok := note.(*extast.Footnote); ok {
					i.footnotes[note.Index] = note
				}
			}
		}
	}
}

// frontMatter cuts off the settings that some programs write in front.
func (i *importer) frontMatter(source string) string {
	rest, ok := strings.CutPrefix(source, "---\n")
	if !ok {
		return source
	}
	head, body, ok := strings.Cut(rest, "\n---\n")
	if !ok || strings.Contains(head, "\n\n") || !strings.Contains(head, ":") {
		return source
	}
	i.lost.Add(format.LossFrontMatter, 1)
	return body
}

// blocks reads the blocks inside a node.
func (i *importer) blocks(parent ast.Node, depth int) []rich.Node {
	var blocks []rich.Node
	for child := parent.FirstChild(); child != nil && i.ctx.Err() == nil; child = child.NextSibling() {
		blocks = append(blocks, i.block(child, depth)...)
	}
	return blocks
}

func (i *importer) block(node ast.Node, depth int) []rich.Node {
	switch n := node.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		return i.paragraph(n, depth)
	case *ast.Heading:
		if n.Level > 4 {
			i.lost.Add(format.LossHeading, 1)
		}
		return []rich.Node{&rich.Heading{Level: min(n.Level, 4), Text: i.line(n)}}
	case *ast.FencedCodeBlock:
		language, _, _ := strings.Cut(unescaped(string(n.Language(i.source))), " ")
		return []rich.Node{&rich.Code{Language: language, Text: i.lines(n)}}
	case *ast.CodeBlock:
		return []rich.Node{&rich.Code{Text: i.lines(n)}}
	case *ast.Blockquote:
		blocks := i.blocks(n, depth+1)
		if depth >= maxDepth {
			i.lost.Add(format.LossNested, 1)
			return blocks
		}
		return []rich.Node{&rich.Quote{Blocks: blocks}}
	case *ast.List:
		return i.list(n, depth)
	case *extast.Table:
		return i.table(n, depth)
	case *ast.HTMLBlock:
		return i.html(n, depth)
	case *ast.ThematicBreak:
		i.lost.Add(format.LossRule, 1)
	}
	return nil
}

func (i *importer) paragraph(node ast.Node, depth int) []rich.Node {
	if depth == 0 && i.raw(node) == contents {
		return []rich.Node{&rich.Contents{}}
	}
	line := i.line(node)
	if len(line) == 0 {
		return nil
	}
	if isEmptyLine(line) {
		line = nil
	}
	return []rich.Node{&rich.Paragraph{Text: line}}
}

// raw is the source of a block.
func (i *importer) raw(node ast.Node) string {
	return strings.TrimSpace(string(node.Lines().Value(i.source)))
}

// lines is the text of a code block.
func (i *importer) lines(node ast.Node) string {
	return strings.TrimSuffix(string(node.Lines().Value(i.source)), "\n")
}

func (i *importer) list(n *ast.List, depth int) []rich.Node {
	list := &rich.List{Kind: rich.Bullets}
	if n.IsOrdered() {
		list.Kind, list.Start = rich.Numbered, max(n.Start, 1)
	}
	var flat []rich.Node
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		checked, isTask := i.box(item)
		if isTask {
			list.Kind, list.Start = rich.Tasks, 0
		}
		blocks := i.blocks(item, depth+1)
		if _, ok := firstOf(blocks).(*rich.Paragraph); !ok {
			blocks = append([]rich.Node{&rich.Paragraph{}}, blocks...)
		}
		flat = append(flat, blocks...)
		list.Items = append(list.Items, rich.Item{Checked: checked, Blocks: blocks})
	}
	if depth >= maxDepth {
		i.lost.Add(format.LossNested, 1)
		return flat
	}
	return []rich.Node{list}
}

// box is the check box in front of an item.
func (i *importer) box(item ast.Node) (checked, found bool) {
	if first := item.FirstChild(); first != nil {
		if box, ok := first.FirstChild().(*extast.TaskCheckBox); ok {
			return box.IsChecked, true
		}
	}
	return false, false
}

// table reads a table. A header without any text in front of other rows is how we
// write that there is none.
func (i *importer) table(n *extast.Table, depth int) []rich.Node {
	var rows [][]rich.Cell
	var flat []rich.Node
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		_, header := row.(*extast.TableHeader)
		var cells []rich.Cell
		empty := true
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			made := rich.Cell{Header: header}
			line := i.line(cell)
			empty = empty && len(line) == 0
			if !isEmptyLine(line) && len(line) > 0 {
				made.Blocks = []rich.Node{&rich.Paragraph{Text: line, Align: cellAlign(cell)}}
				flat = append(flat, made.Blocks...)
			}
			cells = append(cells, made)
		}
		if len(cells) > rich.MaxColumns {
			i.lost.Add(format.LossTable, 1)
		}
		if !header || !empty || row.NextSibling() == nil {
			rows = append(rows, cells)
		}
	}
	if depth > 0 {
		i.lost.Add(format.LossNested, 1)
		return flat
	}
	if len(rows) == 0 {
		return nil
	}
	return []rich.Node{rich.NewTable(rows)}
}

// isEmptyLine reports whether a line is what stands for one without text.
func isEmptyLine(line []rich.Inline) bool {
	if len(line) != 1 {
		return false
	}
	_, broken := line[0].(*rich.Break)
	return broken
}

func cellAlign(cell ast.Node) rich.Align {
	if cell, ok := cell.(*extast.TableCell); ok {
		switch cell.Alignment {
		case extast.AlignCenter:
			return rich.AlignCenter
		case extast.AlignRight:
			return rich.AlignRight
		}
	}
	return ""
}

// html reads the elements that stand in a text on lines of their own.
func (i *importer) html(n *ast.HTMLBlock, depth int) []rich.Node {
	source := string(n.Lines().Value(i.source))
	if n.HasClosure() {
		source += string(n.ClosureLine.Value(i.source))
	}
	switch strings.TrimSpace(source) {
	case emptyLine:
		return []rich.Node{&rich.Paragraph{}}
	case pageBreak:
		if depth > 0 {
			i.lost.Add(format.LossPageBreak, 1)
			return nil
		}
		return []rich.Node{&rich.PageBreak{}}
	}
	inside, lost, err := html.Import(i.ctx, []byte(source), i.o)
	if err != nil && i.err == nil {
		i.err = err
	}
	for _, l := range lost {
		i.lost.Add(l.What, l.Count)
	}
	if only, ok := firstOf(inside.Blocks).(*rich.Paragraph); ok && len(inside.Blocks) == 1 && len(only.Text) == 0 {
		return nil // a comment
	}
	return inside.Blocks
}
