package rich

import (
	"slices"
	"strconv"
)

// tableMaker collects the rows of a table as they stand in the stream.
type tableMaker struct {
	id      string
	at      place // of the block before
	rows    []rowMaker
	columns map[string]bool
}

// separator stands between the id of a column and the number of its turn.
const separator = "\n"

type rowMaker struct {
	id    string
	cells []cellMaker
}

type cellMaker struct {
	column string // its id, with the number of its turn when it came again
	again  bool
	cell   *Cell
}

// enter goes to the cell of the block that begins, or out of the table (rules R15
// to R17).
func (b *builder) enter(at place, header bool) {
	if b.table != nil && b.table.id != at.table {
		b.endTable()
	}
	if at == (place{}) || b.table != nil && b.table.at == at {
		return
	}
	if b.table == nil {
		b.table = &tableMaker{id: at.table, columns: map[string]bool{}}
	}
	if !b.table.add(at, header) {
		b.endTable()
		b.table = &tableMaker{id: at.table, columns: map[string]bool{}}
		b.table.add(at, header)
	}
	b.frames = []frame{{blocks: &b.table.last().Blocks}}
}

// add begins a cell, and a row if need be, unless the table is full.
func (t *tableMaker) add(at place, header bool) bool {
	newRow := t.at.row != at.row
	column := at.column
	if !newRow {
		column = t.rows[len(t.rows)-1].free(at.column)
	}
	again := column != at.column
	if !t.columns[column] && len(t.columns) == MaxColumns {
		return false
	}
	t.columns[column] = true
	if newRow {
		t.rows = append(t.rows, rowMaker{id: at.row})
	}
	t.at = at
	row := &t.rows[len(t.rows)-1]
	row.cells = append(row.cells, cellMaker{column: column, again: again, cell: &Cell{Header: header}})
	return true
}

// last is the cell that was begun last.
func (t *tableMaker) last() *Cell {
	row := t.rows[len(t.rows)-1]
	return row.cells[len(row.cells)-1].cell
}

// free is a column id that the row does not have yet (rule R17).
func (r rowMaker) free(column string) string {
	taken := func(id string) bool {
		return slices.ContainsFunc(r.cells, func(c cellMaker) bool { return c.column == id })
	}
	id := column
	for n := 2; taken(id); n++ {
		id = column + separator + strconv.Itoa(n)
	}
	return id
}

// endTable puts the table that is open into the tree.
func (b *builder) endTable() {
	if b.table == nil {
		return
	}
	made := &Table{ID: b.table.id, Columns: columnsOf(b.table.rows)}
	for _, row := range b.table.rows {
		made.Rows = append(made.Rows, Row{ID: row.id, Cells: row.fill(made.Columns)})
	}
	b.table = nil
	b.top = append(b.top, made)
	b.frames = []frame{{blocks: &b.top}}
}

// columnsOf follows rule R18.
func columnsOf(rows []rowMaker) []string {
	var columns, again []string
	for _, row := range rows {
		before := -1
		for _, c := range row.cells {
			switch at := slices.Index(columns, c.column); {
			case c.again:
				if !slices.Contains(again, c.column) {
					again = append(again, c.column)
				}
			case at >= 0:
				before = at
			default:
				before++
				columns = slices.Insert(columns, before, c.column)
			}
		}
	}
	return append(columns, again...)
}

// fill gives one cell per column (rule R19).
func (r rowMaker) fill(columns []string) []Cell {
	cells := make([]Cell, len(columns))
	for i, column := range columns {
		cells[i].Header = r.cells[0].cell.Header
		at := slices.IndexFunc(r.cells, func(c cellMaker) bool { return c.column == column })
		if at >= 0 {
			cells[i] = *r.cells[at].cell
		}
	}
	return cells
}
