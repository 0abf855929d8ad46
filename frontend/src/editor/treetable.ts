import { Fragment, type Node, type Schema } from "prosemirror-model"
import type { Block, Marker } from "./flat"

interface Cell {
  col: string
  header: boolean
  /** Numbers of the blocks within the table. */
  blocks: number[]
}

interface Row {
  id: string
  cells: Cell[]
}

/** Whether a marker names the table, row and column that it stands in. */
export function inTable({ attrs }: Marker): boolean {
  return [attrs.table, attrs.row, attrs.col].every((id) => typeof id === "string" && id !== "")
}

const orders = new WeakMap<Node, readonly number[]>()

/**
 * For a table whose cells are drawn in another order than they stand in the stream (two people
 * inserted columns at one place at once): the number in the stream of each block as drawn.
 */
export const streamOrder = (table: Node): readonly number[] | undefined => orders.get(table)

/** Tells that a table is drawn from the stream as another one is. Returns whether that is news. */
export function setStreamOrder(table: Node, like: Node): boolean {
  const order = orders.get(like)
  if (!order || orders.get(table) === order) return false
  orders.set(table, order)
  return true
}

/** Builds a table from its blocks; `inside` builds what a cell holds. */
export function decodeTable(
  blocks: readonly Block[],
  inside: (blocks: readonly Block[]) => Node[],
  schema: Schema,
): Node {
  const rows = readRows(blocks)
  const columns = columnsOf(rows)
  const order: number[] = []
  const nodes = rows.map((row) => {
    const cells = new Map(row.cells.map((cell) => [cell.col, cell]))
    const header = row.cells[0]?.header === true
    const drawn = columns.map(({ key, col }) => {
      const cell = cells.get(key)
      order.push(...(cell?.blocks ?? []))
      const held = cell ? inside(cell.blocks.flatMap((at) => blocks[at] ?? [])) : []
      const content = held.length > 0 ? held : [make(schema, "paragraph", { ghost: true }, [])]
      return make(
        schema,
        (cell?.header ?? header) ? "table_header" : "table_cell",
        { col },
        content,
      )
    })
    return make(schema, "table_row", { id: row.id }, drawn)
  })
  const table = make(schema, "table", { id: blocks[0]?.marker?.attrs.table }, nodes)
  if (order.some((at, place) => at !== place)) orders.set(table, order)
  return table
}

function make(schema: Schema, name: string, attrs: Record<string, unknown>, content: Node[]): Node {
  const type = schema.nodes[name]
  if (!type) throw new RangeError(`the schema has no ${name}`)
  return type.create(attrs, Fragment.fromArray(content))
}

/** The rows in the order of the stream. A column that comes back in a row is a cell of its own. */
function readRows(blocks: readonly Block[]): Row[] {
  const rows: Row[] = []
  let last = ""
  blocks.forEach((block, at) => {
    const { row: id = "", col: column = "", header } = block.marker?.attrs ?? {}
    let row = rows.at(-1)
    if (!row || row.id !== id) {
      rows.push((row = { id: String(id), cells: [] }))
      last = ""
    }
    if (column === last) row.cells.at(-1)?.blocks.push(at)
    else
      row.cells.push({ col: nextKey(row, String(column)), header: header === true, blocks: [at] })
    last = String(column)
  })
  return rows
}

/** Tells the cells of one column within one row apart; no id contains a line break. */
function nextKey(row: Row, col: string): string {
  let key = col
  for (let again = 1; row.cells.some((cell) => cell.col === key); again++) key = `${col}\n${again}`
  return key
}

/** Every column once: one unknown so far stands after the one that precedes it in its row. */
function columnsOf(rows: readonly Row[]): { key: string; col: string }[] {
  const keys: string[] = []
  const extra: string[] = []
  for (const row of rows) {
    let before = -1
    for (const { col } of row.cells) {
      if (col.includes("\n")) {
        if (!extra.includes(col)) extra.push(col)
        continue
      }
      const known = keys.indexOf(col)
      if (known < 0) keys.splice(++before, 0, col)
      else before = known
    }
  }
  return [...keys, ...extra].map((key) => ({ key, col: key.split("\n")[0] ?? key }))
}
