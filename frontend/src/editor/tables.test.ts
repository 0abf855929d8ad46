import { history, undo } from "prosemirror-history"
import { Fragment, Slice, type Node } from "prosemirror-model"
import { EditorState, TextSelection, type Command } from "prosemirror-state"
import { addColumnAfter, addRowAfter, deleteColumn, tableEditing } from "prosemirror-tables"
import { EditorView } from "prosemirror-view"
import { expect, test } from "vitest"
import { fromRemote } from "./origin"
import { schema } from "./schema"
import {
  emptyTable,
  headerRow,
  insertTable,
  leaveTable,
  nextCell,
  previousCell,
  tableHeader,
  tableIds,
  withoutIds,
} from "./tables"
import { d, p } from "./testing"

const open = (doc: Node, at = 1) =>
  new EditorView(null, {
    state: EditorState.create({
      doc,
      selection: TextSelection.create(doc, at),
      plugins: [tableEditing(), tableIds(), history()],
    }),
  })

const run = (view: EditorView, command: Command) => command(view.state, view.dispatch, view)

/** The ids of a table: its own, those of the rows, and those of the columns of every row. */
function idsOf(table: Node) {
  const rows = table.children.map((row) => row.attrs.id as string)
  const cols = table.children.map((row) => row.children.map((cell) => cell.attrs.col as string))
  return { id: table.attrs.id as string, rows, cols }
}

const tableIn = (view: EditorView, index = 0): Node => {
  const found = view.state.doc.children.filter((node) => node.type === schema.nodes.table)[index]
  if (!found) throw new Error("no table")
  return found
}

/** Whether every part has an id, each row another, and every column one. */
function named(table: Node): boolean {
  const { id, rows, cols } = idsOf(table)
  const [first = []] = cols
  return (
    [id, ...rows, ...first].every((it) => /^[a-z2-7]{10}$/.test(it)) &&
    new Set(rows).size === rows.length &&
    new Set(first).size === first.length &&
    cols.every((row) => row.join() === first.join())
  )
}

test("a new table has a header row, ids, and the cursor in its first cell", () => {
  const view = open(d(p("before"), p("after")))
  expect(run(view, insertTable(3, 2))).toBe(true)
  const table = tableIn(view)
  expect([table.childCount, table.firstChild?.childCount]).toEqual([3, 2])
  expect(named(table)).toBe(true)
  expect(tableHeader(view.state)).toBe(true)
  expect(view.state.doc.children.map((node) => node.type.name)).toEqual([
    "paragraph",
    "table",
    "paragraph",
  ])
  expect(run(view, insertTable(1, 1))).toBe(false)
})

test("new rows and columns get ids, the others keep theirs", () => {
  const view = open(d(emptyTable(2, 2)), 4)
  const before = idsOf(tableIn(view))
  run(view, addColumnAfter)
  run(view, addRowAfter)
  const after = idsOf(tableIn(view))
  expect(named(tableIn(view))).toBe(true)
  expect([after.id, after.rows[0], after.rows[2]]).toEqual([
    before.id,
    before.rows[0],
    before.rows[1],
  ])
  expect([after.cols[0]?.[0], after.cols[0]?.[2]]).toEqual(before.cols[0])
  run(view, deleteColumn)
  expect(named(tableIn(view))).toBe(true)
})

test("undo takes the ids back with the row", () => {
  const view = open(d(emptyTable(2, 2)), 4)
  const before = view.state.doc
  run(view, addRowAfter)
  run(view, undo)
  expect(view.state.doc.eq(before)).toBe(true)
})

test("Tab goes through the cells and adds a row behind the last", () => {
  const view = open(d(emptyTable(1, 2)), 4)
  run(view, nextCell)
  expect(view.state.selection.$from.index(2)).toBe(1)
  run(view, nextCell)
  expect(tableIn(view).childCount).toBe(2)
  expect(view.state.selection.$from.index(1)).toBe(1)
  run(view, previousCell)
  expect(view.state.selection.$from.index(1)).toBe(0)
  expect(named(tableIn(view))).toBe(true)
})

test("the header row is switched and keeps the ids", () => {
  const view = open(d(emptyTable(2, 2)), 4)
  const before = idsOf(tableIn(view))
  run(view, headerRow)
  expect(tableHeader(view.state)).toBe(false)
  run(view, headerRow)
  expect(idsOf(tableIn(view))).toEqual(before)
})

test("a table that comes twice is another one", () => {
  const table = emptyTable(2, 2)
  const view = open(d(table, p("x")), table.nodeSize + 1)
  view.dispatch(view.state.tr.insert(view.state.doc.content.size, table))
  const [first, second] = [idsOf(tableIn(view, 0)), idsOf(tableIn(view, 1))]
  expect(first.id).toBe(table.attrs.id)
  expect(second.id).not.toBe(first.id)
})

test("pasted tables and cells lose their ids and get new ones", () => {
  const table = emptyTable(2, 2)
  const pasted = withoutIds(Fragment.from(table))
  expect(idsOf(pasted.child(0))).toMatchObject({ id: null, rows: [null, null] })
  const view = open(d(p("x")))
  view.dispatch(view.state.tr.replaceSelection(new Slice(pasted, 0, 0)))
  expect(named(tableIn(view))).toBe(true)
  expect(idsOf(tableIn(view)).id).not.toBe(table.attrs.id)
})

test("what others do is taken as it is", () => {
  const bare = withoutIds(Fragment.from(emptyTable(1, 1))).child(0)
  const view = open(d(p("x")))
  view.dispatch(fromRemote(view.state.tr).insert(0, bare))
  expect(idsOf(tableIn(view)).id).toBeNull()
})

test("a table is left downwards", () => {
  const view = open(d(emptyTable(1, 1)), 4)
  expect(run(view, leaveTable)).toBe(true)
  expect(view.state.doc.lastChild?.type.name).toBe("paragraph")
  expect(view.state.selection.$from.depth).toBe(1)
})
