package odt

import (
	"strconv"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// headerFill is the colour behind header cells, by which Import knows ours.
const headerFill = "#eeeeeb"

// table writes a table with columns of one width. A header row is repeated on every
// page; header cells are shaded. OpenDocument has no tables in lists.
func (e *exporter) table(t *rich.Table, at place) {
	if at.depth > 0 || at.cell {
		e.lost.Add(format.LossNested, 1)
		for _, row := range t.Rows {
			for _, cell := range row.Cells {
				e.blocks(cell.Blocks, at)
			}
		}
		return
	}
	e.count.tables++
	e.add(`<table:table table:name="Table `, strconv.Itoa(e.count.tables), `" table:style-name="Table">`)
	if len(t.Columns) > 0 {
		e.add(`<table:table-column table:number-columns-repeated="`, strconv.Itoa(len(t.Columns)), `"/>`)
	}
	for i, row := range t.Rows {
		whole := i == 0 && len(row.Cells) > 0
		for _, cell := range row.Cells {
			whole = whole && cell.Header
		}
		if whole {
			e.add("<table:table-header-rows>")
		}
		e.add("<table:table-row>")
		for _, cell := range row.Cells {
			style := "Cell"
			if cell.Header {
				style = "HeaderCell"
			}
			e.add(`<table:table-cell table:style-name="`, style, `" office:value-type="string">`)
			e.blocks(cell.Blocks, place{cell: true, header: cell.Header})
			e.add("</table:table-cell>")
		}
		e.add("</table:table-row>")
		if whole {
			e.add("</table:table-header-rows>")
		}
	}
	e.add("</table:table>")
}
