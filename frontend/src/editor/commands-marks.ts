import { toggleMark } from "prosemirror-commands"
import type { Attrs, MarkType, ResolvedPos } from "prosemirror-model"
import { TextSelection, type Command, type EditorState } from "prosemirror-state"
import { typedLink } from "./links"
import { schema } from "./schema"
import type { Toggle } from "./state"

const { link } = schema.marks

/** Switches a simple mark on the selection, or for what is typed next. */
export const toggle = (name: Toggle): Command =>
  toggleMark(schema.marks[name], null, { includeWhitespace: false, removeWhenPresent: false })

/** Sets a mark with attributes on the selection, or takes it away. */
export const setMark =
  (type: MarkType, attrs: Attrs | null): Command =>
  (state, dispatch) => {
    const { empty, ranges, $from } = state.selection
    if (!$from.parent.inlineContent && empty) return false
    const tr = state.tr
    if (empty) {
      if (!$from.parent.type.allowsMarkType(type)) return false
      tr.removeStoredMark(type)
      if (attrs) tr.addStoredMark(type.create(attrs))
    }
    for (const { $from: from, $to: to } of ranges) {
      if (attrs) tr.addMark(from.pos, to.pos, type.create(attrs))
      else tr.removeMark(from.pos, to.pos, type)
    }
    dispatch?.(tr)
    return true
  }

const shaping = ["strong", "em", "underline", "strike", "code", "color", "highlight"] as const

/** Takes away what only shapes the text. */
export const clearMarks: Command = (state, dispatch) => {
  const tr = state.tr
  for (const { $from, $to } of state.selection.ranges)
    for (const name of shaping) tr.removeMark($from.pos, $to.pos, schema.marks[name])
  for (const name of shaping) tr.removeStoredMark(schema.marks[name])
  dispatch?.(tr)
  return true
}

/** The whole text around a position that has the same mark of this type, or null. */
export function markRange(
  $pos: ResolvedPos,
  type: MarkType,
): { from: number; to: number; attrs: Attrs } | null {
  const { parent } = $pos
  if (!parent.inlineContent) return null
  const near = [$pos.nodeAfter, $pos.nodeBefore].map((node) => node && type.isInSet(node.marks))
  const mark = near[0] ?? near[1]
  if (!mark) return null
  const carries = (index: number) => {
    const node = parent.maybeChild(index)
    return node !== null && mark.isInSet(node.marks)
  }
  let first = $pos.index()
  if (!carries(first)) first--
  let last = first + 1
  while (carries(first - 1)) first--
  while (carries(last)) last++
  let start = $pos.start()
  for (let index = 0; index < first; index++) start += parent.child(index).nodeSize
  let size = 0
  for (let index = first; index < last; index++) size += parent.child(index).nodeSize
  return { from: start, to: start + size, attrs: mark.attrs }
}

/** The link around the selection, or null. */
export const linkAt = (state: EditorState) => markRange(state.selection.$from, link)

/**
 * Sets a link; without a selection on the link around the cursor, else as new text. The cursor goes
 * behind it, and what is typed there does not belong to it.
 */
export const setLink =
  (typed: string, text?: string): Command =>
  (state, dispatch) => {
    const href = typedLink(typed)
    if (!href) return false
    const mark = link.create({ href })
    const tr = state.tr
    const { empty, from, to, $from } = state.selection
    const around = linkAt(state)
    if (text !== undefined && (!empty || !around)) {
      if (!$from.parent.inlineContent) return false
      tr.insertText(text || typed, from, to)
      tr.addMark(from, from + (text || typed).length, mark)
      tr.setSelection(TextSelection.create(tr.doc, from + (text || typed).length))
    } else if (!empty) {
      tr.removeMark(from, to, link).addMark(from, to, mark)
      if (state.selection instanceof TextSelection)
        tr.setSelection(TextSelection.create(tr.doc, to))
    } else if (around) {
      tr.removeMark(around.from, around.to, link).addMark(around.from, around.to, mark)
      tr.setSelection(TextSelection.create(tr.doc, around.to))
    } else {
      if (!$from.parent.type.allowsMarkType(link)) return false
      tr.insertText(typed).addMark(from, from + typed.length, mark)
    }
    dispatch?.(tr.removeStoredMark(link).scrollIntoView())
    return true
  }

/** Takes the link of the selection or around the cursor away. */
export const removeLink: Command = (state, dispatch) => {
  const { empty, from, to } = state.selection
  const around = linkAt(state)
  if (empty && !around) return false
  const range = empty && around ? around : { from, to }
  dispatch?.(state.tr.removeMark(range.from, range.to, link))
  return true
}
