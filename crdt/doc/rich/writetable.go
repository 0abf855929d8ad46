package rich

import (
	"slices"
	"strconv"
	"strings"

	"parvis/crdt/doc"
)

// NewTable makes a table of rows of any length; cells beyond MaxColumns are left
// out. Its ids are made when it is written.
func NewTable(rows [][]Cell) *Table {
	made := &Table{}
	width := 0
	for _, cells := range rows {
		width = max(width, min(len(cells), MaxColumns))
	}
	made.Columns = make([]string, width)
	for _, cells := range rows {
		row := Row{Cells: make([]Cell, width)}
		copy(row.Cells, cells)
		made.Rows = append(made.Rows, row)
	}
	return made
}

// table writes the cells of a table, row by row. Empty cells are left out as long
// as reading finds the same rows and columns again (rule R32).
func (w *writer) table(t *Table) {
	w.tables++
	id := orMade(t.ID, "t", w.tables)
	columns := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		column, _, _ = strings.Cut(column, separator)
		columns[i] = orMade(column, "c", i+1)
	}
	outside := w.cell
	for i, row := range t.Rows {
		whole := i == 0 && !slices.Equal(shownColumns(t), t.Columns)
		for j, cell := range row.Cells[:min(len(row.Cells), len(columns))] {
			if len(cell.Blocks) == 0 && !whole && !row.needs(j) {
				continue
			}
			w.cell = map[string]doc.Value{
				"table": doc.String(id), "row": doc.String(orMade(row.ID, "r", i+1)), "col": doc.String(columns[j]),
				"header": doc.Bool(cell.Header),
			}
			w.free = false
			if len(cell.Blocks) == 0 {
				w.marker(typeParagraph, nil, nil, "")
			}
			w.blocks(cell.Blocks, nil)
		}
	}
	w.cell, w.free = outside, false
}

func orMade(id, letter string, n int) string {
	if id == "" {
		return letter + strconv.Itoa(n)
	}
	return id
}

// needs reports whether a cell must be written even when it is empty: so that its
// row is there, and that every cell is the header that it is (rule R19).
func (r Row) needs(at int) bool {
	first := max(0, slices.IndexFunc(r.Cells, func(c Cell) bool { return len(c.Blocks) > 0 }))
	if slices.ContainsFunc(r.Cells[:first], func(c Cell) bool { return c.Header != r.Cells[first].Header }) {
		first = 0
	}
	return at == first || r.Cells[at].Header != r.Cells[first].Header
}

// shownColumns are the columns that reading would find if only the cells that
// must be were written.
func shownColumns(t *Table) []string {
	var rows []rowMaker
	for _, row := range t.Rows {
		var made rowMaker
		for j, cell := range row.Cells[:min(len(row.Cells), len(t.Columns))] {
			if len(cell.Blocks) > 0 || row.needs(j) {
				made.cells = append(made.cells, cellMaker{column: t.Columns[j], again: strings.Contains(t.Columns[j], separator)})
			}
		}
		rows = append(rows, made)
	}
	return columnsOf(rows)
}
