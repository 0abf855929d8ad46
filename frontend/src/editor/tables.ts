import { Fragment, type Node } from "prosemirror-model"
import {
  Plugin,
  TextSelection,
  type Command,
  type EditorState,
  type Transaction,
} from "prosemirror-state"
import {
  addRowAfter,
  goToNextCell,
  isInTable,
  selectedRect,
  toggleHeader,
} from "prosemirror-tables"
import { changedBlocks, eachBlock, type BlockRange } from "./blocks"
import { canInsertTop, insertTop } from "./commands-blocks"
import { newId } from "./ids"
import { isRemote } from "./origin"
import { schema } from "./schema"

const { table, table_row, table_cell, table_header, paragraph } = schema.nodes
/** More cells than this in one command would be a slip of the hand. */
const most = { rows: 200, columns: 50 }

/** A table of empty cells, its first row a header row. */
export function emptyTable(rows: number, columns: number): Node {
  const cols = Array.from({ length: Math.min(columns, most.columns) }, newId)
  const row = (_: unknown, index: number) => {
    const type = index === 0 ? table_header : table_cell
    return table_row.create(
      { id: newId() },
      cols.map((col) => type.create({ col }, paragraph.create())),
    )
  }
  return table.create({ id: newId() }, Array.from({ length: Math.min(rows, most.rows) }, row))
}

/** Puts a table behind the current block, the cursor in its first cell. */
export const insertTable =
  (rows: number, columns: number): Command =>
  (state, dispatch, view) =>
    !isInTable(state) && insertTop(() => emptyTable(rows, columns))(state, dispatch, view)

/** Whether a table may be put here: not inside another one. */
export const canInsertTable = (state: EditorState): boolean =>
  !isInTable(state) && canInsertTop(state)

/** Goes to the next cell; behind the last one a row is added. */
export const nextCell: Command = (state, dispatch, view) => {
  if (!isInTable(state)) return false
  if (goToNextCell(1)(state, dispatch, view)) return true
  if (!dispatch || !view) return true
  addRowAfter(state, dispatch)
  return goToNextCell(1)(view.state, dispatch, view)
}

/** Goes to the cell before. */
export const previousCell: Command = (state, dispatch, view) =>
  isInTable(state) && (goToNextCell(-1)(state, dispatch, view) || true)

/** Switches the first row of the table between header and plain. */
export const headerRow: Command = toggleHeader("row")

/** Whether the first row of the table at the selection is a header row; null outside tables. */
export function tableHeader(state: EditorState): boolean | null {
  if (!isInTable(state)) return null
  return selectedRect(state).table.firstChild?.firstChild?.type === table_header
}

/** Leaves a table upwards or downwards when nothing stands there yet. */
export const leaveTable: Command = (state, dispatch) => {
  const { $head } = state.selection
  if (!isInTable(state) || $head.depth < 1) return false
  const after = $head.after(1)
  const tr = state.tr
  if (!state.doc.resolve(after).nodeAfter?.isTextblock) tr.insert(after, paragraph.create())
  dispatch?.(tr.setSelection(TextSelection.create(tr.doc, after + 1)).scrollIntoView())
  return true
}

/** The ids that the columns of a table have by their place: the first cell that names a new one. */
function columnIds(node: Node): string[] {
  const ids: string[] = []
  node.forEach((row) => {
    row.forEach((cell, _, index) => {
      const col = cell.attrs.col as string | null
      if (ids[index] === undefined && col && !ids.includes(col)) ids[index] = col
    })
  })
  const width = Math.max(...node.children.map((row) => row.childCount))
  return Array.from({ length: width }, (_, index) => ids[index] ?? newId())
}

/** Gives the rows and cells of one table the ids they lack, and cells the ids of their column. */
function nameParts(tr: Transaction, node: Node, pos: number): void {
  const columns = columnIds(node)
  const rows = new Set<string>()
  node.forEach((row, offset) => {
    const at = pos + 1 + offset
    const id = row.attrs.id as string | null
    if (!id || rows.has(id)) tr.setNodeAttribute(at, "id", newId())
    else rows.add(id)
    row.forEach((cell, inner, index) => {
      if (cell.attrs.col !== columns[index])
        tr.setNodeAttribute(at + 1 + inner, "col", columns[index])
    })
  })
}

/** Names what has no id yet among the given blocks, and tables that came twice. */
function nameTables(state: EditorState, range: BlockRange): Transaction | null {
  const tables: { node: Node; pos: number }[] = []
  eachBlock(state.doc, range, (node, pos) => node.type === table && tables.push({ node, pos }))
  if (tables.length === 0) return null
  const taken = new Set<string>()
  state.doc.forEach((node, _, index) => {
    if (node.type === table && (index < range.from || index >= range.to))
      taken.add(node.attrs.id as string)
  })
  const tr = state.tr
  for (const { node, pos } of tables) {
    const id = node.attrs.id as string | null
    if (!id || taken.has(id)) tr.setNodeAttribute(pos, "id", newId())
    else taken.add(id)
    nameParts(tr, node, pos)
  }
  return tr.docChanged ? tr : null
}

/** Sees to it that every table, row and column that somebody here made has an id of its own. */
export const tableIds = (): Plugin =>
  new Plugin({
    appendTransaction(trs, before, state) {
      const own = trs.some((tr) => tr.docChanged && !isRemote(tr))
      return own ? nameTables(state, changedBlocks(before.doc, state.doc)) : null
    },
  })

/** A copy without ids, so that what is pasted is a table of its own. */
export function withoutIds(content: Fragment): Fragment {
  const nodes: Node[] = []
  content.forEach((node) => {
    if (node.type === table || node.type === table_row)
      nodes.push(node.type.create({ ...node.attrs, id: null }, withoutIds(node.content)))
    else if (node.type === table_cell || node.type === table_header)
      nodes.push(node.type.create({ ...node.attrs, col: null }, node.content))
    else nodes.push(node)
  })
  return Fragment.from(nodes)
}
