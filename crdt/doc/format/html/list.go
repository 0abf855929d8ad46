package html

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// list reads a list. Lists directly inside a list, as some programs write them,
// belong to the item before.
func (f *flow) list(n *html.Node) {
	if f.depth >= maxDepth {
		f.i.lost.Add(format.LossNested, 1)
		f.inner(n, rich.Marks{})
		return
	}
	list := &rich.List{Kind: rich.Bullets}
	if n.DataAtom == atom.Ol {
		list.Kind, list.Start = rich.Numbered, 1
		if start, err := strconv.Atoi(attribute(n, "start")); err == nil && start > 0 && start < 100_000 {
			list.Start = start
		}
	}
	if has(n, "data-tasks") {
		list.Kind, list.Start = rich.Tasks, 0
	}
	for child := range n.ChildNodes() {
		if child.Type != html.ElementNode {
			continue
		}
		blocks := f.item(child, list)
		if len(list.Items) > 0 && child.DataAtom != atom.Li {
			last := &list.Items[len(list.Items)-1]
			last.Blocks = append(last.Blocks, blocks...)
			continue
		}
		if _, ok := firstOf(blocks).(*rich.Paragraph); !ok {
			blocks = append([]rich.Node{&rich.Paragraph{}}, blocks...)
		}
		list.Items = append(list.Items, rich.Item{Checked: isChecked(child), Blocks: blocks})
	}
	if len(list.Items) > 0 {
		f.block(list)
		f.close()
	}
}

// item reads the blocks of an item, and makes the list one of tasks when it has a
// check box.
func (f *flow) item(n *html.Node, list *rich.List) []rich.Node {
	var blocks []rich.Node
	inside := flow{i: f.i, into: &blocks, depth: f.depth + 1, align: alignOf(n, "")}
	if n.DataAtom == atom.Li {
		if checkbox(n) != nil || has(n, "data-checked") {
			list.Kind, list.Start = rich.Tasks, 0
		}
		inside.children(n, f.i.styled(n, rich.Marks{}))
	} else {
		inside.element(n, rich.Marks{})
	}
	inside.close()
	return blocks
}

// checkbox is the box in front of an item's text.
func checkbox(item *html.Node) *html.Node {
	for child := range item.ChildNodes() {
		switch {
		case child.Type == html.TextNode && strings.TrimSpace(child.Data) == "":
		case child.DataAtom == atom.Input && attribute(child, "type") == "checkbox":
			return child
		case child.DataAtom == atom.P || child.DataAtom == atom.Label:
			return checkbox(child)
		default:
			return nil
		}
	}
	return nil
}

func isChecked(item *html.Node) bool {
	if has(item, "data-checked") {
		return attribute(item, "data-checked") == "true"
	}
	box := checkbox(item)
	return box != nil && has(box, "checked")
}

func firstOf(blocks []rich.Node) rich.Node {
	if len(blocks) == 0 {
		return nil
	}
	return blocks[0]
}

// table reads a table at the top. One inside something else becomes its cells, one
// after the other.
func (f *flow) table(n *html.Node) {
	if caption := child(n, atom.Caption); caption != nil {
		f.inner(caption, rich.Marks{})
	}
	grid := tableGrid{f: f, spans: map[int]int{}}
	grid.rowsOf(n)
	if f.depth > 0 {
		f.close()
		f.i.lost.Add(format.LossNested, 1)
		for _, row := range grid.rows {
			for _, cell := range row {
				*f.into = append(*f.into, cell.Blocks...)
			}
		}
		return
	}
	f.i.lost.Add(format.LossMerged, grid.merged)
	f.i.lost.Add(format.LossTable, grid.lost)
	if len(grid.rows) > 0 {
		f.block(rich.NewTable(grid.rows))
		f.close()
	}
}

// tableGrid collects the cells of a table. A merged cell becomes a cell with the
// content and empty ones.
type tableGrid struct {
	f      *flow
	rows   [][]rich.Cell
	spans  map[int]int // by column: rows that a cell above still covers
	merged int
	lost   int // cells beyond the last column
}

func (g *tableGrid) rowsOf(n *html.Node) {
	for child := range n.ChildNodes() {
		switch child.DataAtom {
		case atom.Thead, atom.Tbody, atom.Tfoot:
			g.rowsOf(child)
		case atom.Tr:
			g.row(child)
		}
	}
}

func (g *tableGrid) row(n *html.Node) {
	var cells []rich.Cell
	covered := func() {
		for g.spans[len(cells)] > 0 {
			g.spans[len(cells)]--
			cells = append(cells, rich.Cell{})
		}
	}
	for child := range n.ChildNodes() {
		if child.DataAtom != atom.Td && child.DataAtom != atom.Th {
			continue
		}
		covered()
		if len(cells) >= rich.MaxColumns {
			g.lost++
			continue
		}
		header := child.DataAtom == atom.Th
		inside := flow{i: g.f.i, depth: g.f.depth + 1, align: alignOf(child, "")}
		var blocks []rich.Node
		inside.into = &blocks
		inside.children(child, g.f.i.styled(child, rich.Marks{}))
		inside.close()
		width, height := span(child, "colspan"), span(child, "rowspan")
		if width > 1 || height > 1 {
			g.merged++
		}
		for i := range width {
			g.spans[len(cells)] = height - 1
			cell := rich.Cell{Header: header}
			if i == 0 {
				cell.Blocks = blocks
			}
			cells = append(cells, cell)
		}
	}
	covered()
	if len(cells) > 0 {
		g.rows = append(g.rows, cells)
	}
}

func span(n *html.Node, name string) int {
	count, err := strconv.Atoi(attribute(n, name))
	if err != nil {
		return 1
	}
	return min(max(count, 1), rich.MaxColumns)
}
