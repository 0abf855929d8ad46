import { autoJoin } from "prosemirror-commands"
import { Fragment, type Node, type NodeType, type ResolvedPos } from "prosemirror-model"
import { liftListItem, sinkListItem, splitListItem, wrapInList } from "prosemirror-schema-list"
import { TextSelection, type Command, type EditorState } from "prosemirror-state"
import { toParagraph } from "./commands-blocks"
import { schema } from "./schema"

const { bullet_list, ordered_list, task_list, list_item, task_item, heading } = schema.nodes

/** A kind of list. */
export type ListKind = "bullet_list" | "ordered_list" | "task_list"

const itemOf = (list: NodeType): NodeType => (list === task_list ? task_item : list_item)
const isItem = (node: Node) => node.type === list_item || node.type === task_item
const isList = (node: Node) =>
  node.type === bullet_list || node.type === ordered_list || node.type === task_list

/** Lists of one kind that touch are one list in the stream, so they become one here too. */
const joined = (command: Command): Command =>
  autoJoin(command, ["bullet_list", "ordered_list", "task_list", "blockquote"])

/** The depth of the list that holds a position directly, or 0. */
export function listDepth($pos: ResolvedPos): number {
  for (let depth = $pos.depth; depth > 0; depth--) {
    if (isList($pos.node(depth))) return depth
    if ($pos.node(depth).type === schema.nodes.blockquote) return 0
  }
  return 0
}

/** The kind of the list around the selection, or null. */
export function listKind(state: EditorState): ListKind | null {
  const depth = listDepth(state.selection.$from)
  return depth ? (state.selection.$from.node(depth).type.name as ListKind) : null
}

/** The list node with its items as those of another kind, nested lists of other kinds kept. */
function asKind(list: Node, kind: NodeType): Node {
  const items: Node[] = []
  list.forEach((item) => items.push(itemOf(kind).create(null, item.content)))
  return kind.create(null, Fragment.from(items))
}

function changeKind(state: EditorState, kind: NodeType): Command {
  const { $from } = state.selection
  const depth = listDepth($from)
  return (current, dispatch) => {
    const start = $from.before(depth)
    const { anchor, head } = current.selection
    const tr = current.tr.replaceWith(start, $from.after(depth), asKind($from.node(depth), kind))
    tr.setSelection(TextSelection.create(tr.doc, anchor, head))
    dispatch?.(tr.scrollIntoView())
    return true
  }
}

/** Turns headings at the selection into paragraphs, which alone may begin an item. */
const plainThen =
  (command: Command): Command =>
  (state, dispatch, view) => {
    let headings = false
    state.doc.nodesBetween(state.selection.from, state.selection.to, (node) => {
      if (node.type === heading || node.type === schema.nodes.code_block) headings = true
      return !node.isTextblock
    })
    if (!headings) return command(state, dispatch, view)
    let plain = state.tr
    toParagraph(state, (tr) => (plain = tr))
    return command(state.apply(plain), (tr) => {
      for (const step of tr.steps) plain.step(step)
      dispatch?.(
        plain.setSelection(tr.selection.map(plain.doc, plain.mapping.slice(plain.steps.length))),
      )
    })
  }

/** Makes a list of the selected blocks, changes its kind, or takes its items out of it. */
export const toggleList =
  (kind: ListKind): Command =>
  (state, dispatch, view) => {
    const type = schema.nodes[kind]
    const current = listKind(state)
    if (current === kind) return liftListItem(itemOf(type))(state, dispatch, view)
    if (current) return joined(changeKind(state, type))(state, dispatch, view)
    return joined(plainThen(wrapInList(type)))(state, dispatch, view)
  }

const innermostItem = (state: EditorState): NodeType | null => {
  const { $from } = state.selection
  for (let depth = $from.depth; depth > 0; depth--)
    if (isItem($from.node(depth))) return $from.node(depth).type
  return null
}

/** Nests the items at the selection one level deeper. */
export const indent: Command = (state, dispatch, view) => {
  const item = innermostItem(state)
  return item ? sinkListItem(item)(state, dispatch, view) : false
}

/** Lifts the items at the selection one level, or out of their list. */
export const outdent: Command = (state, dispatch, view) => {
  const item = innermostItem(state)
  return item ? joined(liftListItem(item))(state, dispatch, view) : false
}

/** Begins a new item; a new task is never done already. An empty item leaves its list. */
export const splitItem: Command = (state, dispatch, view) => {
  const item = innermostItem(state)
  if (!item) return false
  const attrs = item === task_item ? { checked: false } : undefined
  return splitListItem(item, attrs)(state, dispatch, view)
}

/** Backspace at the start of an item takes the item out of its list, as people expect. */
export const liftAtStart: Command = (state, dispatch, view) => {
  const { $cursor } = state.selection as TextSelection
  if (!$cursor || $cursor.parentOffset > 0) return false
  const item = $cursor.depth > 1 ? $cursor.node(-1) : null
  if (!item || !isItem(item) || $cursor.index(-1) > 0) return false
  return outdent(state, dispatch, view)
}

/** Ticks the tasks at the selection, or unticks them when all are ticked. */
export const toggleTask: Command = (state, dispatch) => {
  const tasks: { pos: number; checked: boolean }[] = []
  const { $from, from, to } = state.selection
  const depth = listDepth($from)
  if (depth && $from.node(depth).type === task_list && state.selection.empty) {
    tasks.push({
      pos: $from.before(depth + 1),
      checked: $from.node(depth + 1).attrs.checked === true,
    })
  } else {
    state.doc.nodesBetween(from, to, (node, pos) => {
      if (node.type === task_item) tasks.push({ pos, checked: node.attrs.checked === true })
      return !node.isTextblock
    })
  }
  if (tasks.length === 0) return false
  const checked = !tasks.every((task) => task.checked)
  const tr = state.tr
  for (const { pos } of tasks) tr.setNodeAttribute(pos, "checked", checked)
  dispatch?.(tr)
  return true
}
