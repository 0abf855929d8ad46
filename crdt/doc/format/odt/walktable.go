package odt

import (
	"strconv"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// maxRepeated is how many empty rows one element may stand for.
const maxRepeated = 1000

// table reads a table; merged cells are taken apart.
func (w *walker) table(n *archive.Node) {
	if s := w.sheet.find("table", n.Attr("style-name")); s != nil {
		before := s.node.Child("table-properties").Attr("break-before") == "page"
		if before || s.master != "" && w.started {
			w.atom(&rich.PageBreak{}, format.LossPageBreak)
		}
	}
	w.started = true
	rows := w.even(w.rows(n, false))
	if len(rows) == 0 {
		return
	}
	if w.depth > 0 {
		w.i.lost.Add(format.LossNested, 1)
		for _, row := range rows {
			for _, cell := range row {
				for _, block := range cell.Blocks {
					w.out = append(w.out, placed{node: block})
				}
			}
		}
		return
	}
	w.out = append(w.out, placed{node: rich.NewTable(rows)})
}

// even leaves out rows at the end when filling all up to one length would take more
// than the file may.
func (w *walker) even(rows [][]rich.Cell) [][]rich.Cell {
	width, there := 0, 0
	for _, row := range rows {
		width = max(width, min(len(row), rich.MaxColumns))
		there += min(len(row), rich.MaxColumns)
	}
	missing := len(rows)*width - there
	if given := w.i.budget(missing); given < missing {
		w.i.lost.Add(format.LossTable, 1)
		return rows[:min(len(rows), (there+given)/width)]
	}
	return rows
}

func (w *walker) rows(n *archive.Node, header bool) [][]rich.Cell {
	var rows [][]rich.Cell
	for _, c := range n.Children {
		switch c.Name {
		case "table-header-rows":
			rows = append(rows, w.rows(c, true)...)
		case "table-rows", "table-row-group":
			rows = append(rows, w.rows(c, header)...)
		case "table-row":
			row := w.row(c, header)
			rows = append(rows, row)
			for range w.i.budget(len(row)*(repeated(c, "number-rows-repeated", maxRepeated)-1)) / max(1, len(row)) {
				rows = append(rows, make([]rich.Cell, len(row)))
			}
		}
	}
	return rows
}

func (w *walker) row(n *archive.Node, header bool) []rich.Cell {
	var cells []rich.Cell
	for _, c := range n.Children {
		if c.Name != "table-cell" && c.Name != "covered-table-cell" {
			continue
		}
		if len(cells) >= rich.MaxColumns {
			w.i.lost.Add(format.LossTable, 1)
			break
		}
		if repeated(c, "number-columns-spanned", rich.MaxColumns) > 1 || repeated(c, "number-rows-spanned", maxRepeated) > 1 {
			w.i.lost.Add(format.LossMerged, 1)
		}
		cell := w.tableCell(c, header)
		cells = append(cells, cell)
		for range w.i.budget(repeated(c, "number-columns-repeated", rich.MaxColumns) - 1) {
			cells = append(cells, rich.Cell{Header: cell.Header})
		}
	}
	return cells
}

func repeated(n *archive.Node, name string, limit int) int {
	count, err := strconv.Atoi(n.Attr(name))
	if err != nil {
		return 1
	}
	return min(max(count, 1), limit)
}

func (w *walker) tableCell(n *archive.Node, header bool) rich.Cell {
	inside := w.inner()
	inside.cell, inside.depth = true, 0
	inside.children(n)
	fill := ""
	if s := w.sheet.find("table-cell", n.Attr("style-name")); s != nil {
		fill = s.node.Child("table-cell-properties").Attr("background-color")
	}
	cell := rich.Cell{Header: header || strings.EqualFold(fill, headerFill), Blocks: w.inCell(grouped(inside.out))}
	for _, s := range w.sheet.chain("paragraph", n.Child("p").Attr("style-name")) {
		cell.Header = cell.Header || strings.EqualFold(s.name, "Table Heading") && !w.i.ours
	}
	if only, ok := first(cell.Blocks).(*rich.Paragraph); ok && len(cell.Blocks) == 1 && len(only.Text) == 0 && !w.i.ours {
		cell.Blocks = nil
	}
	return cell
}

// inCell takes tables in tables apart.
func (w *walker) inCell(blocks []rich.Node) []rich.Node {
	var kept []rich.Node
	for _, block := range blocks {
		table, ok := block.(*rich.Table)
		if !ok {
			kept = append(kept, block)
			continue
		}
		w.i.lost.Add(format.LossNested, 1)
		for _, row := range table.Rows {
			for _, cell := range row.Cells {
				kept = append(kept, cell.Blocks...)
			}
		}
	}
	return kept
}
