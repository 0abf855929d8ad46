package odt

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// Import reads a text document of OpenDocument; it is a format.Importer.
func Import(ctx context.Context, data []byte, o format.Options) (rich.Document, format.Report, error) {
	file, err := archive.Open(data)
	if err != nil {
		return rich.Document{}, nil, fmt.Errorf("read odt: %w", err)
	}
	i := &importer{
		ctx: ctx, o: o, file: file, doc: rich.Document{Notes: map[string][]rich.Inline{}}, notes: map[string]string{},
		pictures: map[string]keptPicture{}, regions: map[string]region{}, suggested: map[string]string{}, counts: map[string]int{},
	}
	if err := i.read(); err != nil {
		return rich.Document{}, nil, fmt.Errorf("read odt: %w", err)
	}
	return i.doc.Settled(), i.lost, nil
}

// importer is one file on its way in.
type importer struct {
	ctx       context.Context
	o         format.Options
	file      *archive.Reader
	ours      bool // written here and by no other program since
	doc       rich.Document
	lost      format.Report
	err       error
	common    styles            // of the whole file
	threads   threads           // comments
	notes     map[string]string // id in the file to id
	pictures  map[string]keptPicture
	regions   map[string]region // tracked changes
	suggested map[string]string // author and time to id
	counts    map[string]int    // of numbered lists, by id
}

func (i *importer) read() error {
	root, err := i.file.XML("content.xml")
	if err != nil {
		return err
	}
	text := root.Child("body", "text")
	if text == nil || root.Name != "document-content" {
		return fmt.Errorf("%w: it has no text", format.ErrNotThis)
	}
	meta, err := i.file.XML("meta.xml")
	if err != nil {
		return err
	}
	i.ours = strings.HasPrefix(meta.Child("meta", "generator").Plain(), generator)
	around, err := i.file.XML("styles.xml")
	if err != nil {
		return err
	}
	i.common = newStyles(nil, around.Child("font-face-decls"), around.Child("styles"))
	sheet := newStyles(&i.common, root.Child("font-face-decls"), root.Child("automatic-styles"))
	i.threads = newThreads(text)
	i.macros(root)
	w := &walker{i: i, sheet: &sheet, open: &openRanges{}}
	i.readChanges(text.Child("tracked-changes"))
	w.children(text)
	if last := len(w.out) - 1; !i.ours && last > 0 && isTable(w.out[last-1].node) && isEmpty(w.out[last].node) {
		w.out = w.out[:last] // LibreOffice wants one behind a table
	}
	i.doc.Blocks = i.limited(grouped(w.out), maxContainers)
	i.readPage(around, text, &sheet)
	return errors.Join(i.err, i.ctx.Err())
}

// macros reports programs inside the file.
func (i *importer) macros(root *archive.Node) {
	there := false
	if scripts := root.Child("scripts"); scripts != nil {
		there = scripts.Find("script") != nil && strings.TrimSpace(scripts.Find("script").Plain()) != ""
	}
	for _, name := range i.file.Names() {
		there = there || strings.HasPrefix(name, "Scripts/") || strings.HasPrefix(name, "Basic/") && strings.Count(name, "/") > 1 && !strings.HasSuffix(name, "script-lb.xml")
	}
	if there {
		i.lost.Add(format.LossMacro, 1)
	}
}

// placed is a block inside so many quotations. OpenDocument has no containers for
// them, only paragraphs that look so.
type placed struct {
	node   rich.Node
	quotes int
}

// grouped makes containers of quotations.
func grouped(blocks []placed) []rich.Node {
	var made []rich.Node
	for at := 0; at < len(blocks); {
		if blocks[at].quotes == 0 {
			made = append(made, blocks[at].node)
			at++
			continue
		}
		var inside []placed
		for ; at < len(blocks) && blocks[at].quotes > 0; at++ {
			inside = append(inside, placed{blocks[at].node, blocks[at].quotes - 1})
		}
		made = append(made, &rich.Quote{Blocks: grouped(inside)})
	}
	return made
}

// maxContainers is how many lists and quotations may lie in each other.
const maxContainers = 22

// limited takes apart the containers that lie too deep.
func (i *importer) limited(blocks []rich.Node, left int) []rich.Node {
	var made []rich.Node
	for _, block := range blocks {
		switch n := block.(type) {
		case *rich.Quote:
			n.Blocks = i.limited(n.Blocks, max(0, left-1))
			if left > 0 {
				made = append(made, n)
				continue
			}
			i.lost.Add(format.LossNested, 1)
			made = append(made, n.Blocks...)
		case *rich.List:
			for at := range n.Items {
				n.Items[at].Blocks = i.limited(n.Items[at].Blocks, max(0, left-1))
			}
			if left > 0 {
				made = append(made, n)
				continue
			}
			i.lost.Add(format.LossNested, 1)
			for _, item := range n.Items {
				made = append(made, item.Blocks...)
			}
		case *rich.Table:
			for _, row := range n.Rows {
				for at := range row.Cells {
					row.Cells[at].Blocks = i.limited(row.Cells[at].Blocks, max(0, left-1))
				}
			}
			made = append(made, n)
		default:
			made = append(made, block)
		}
	}
	return made
}

func isTable(block rich.Node) bool {
	_, ok := block.(*rich.Table)
	return ok
}

func isEmpty(block rich.Node) bool {
	p, ok := block.(*rich.Paragraph)
	return ok && len(p.Text) == 0 && p.Align == ""
}
