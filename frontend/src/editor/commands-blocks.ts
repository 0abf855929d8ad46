import { lift, splitBlockAs, wrapIn } from "prosemirror-commands"
import type { Attrs, Node, NodeType } from "prosemirror-model"
import { NodeSelection, Selection, TextSelection, type Command } from "prosemirror-state"
import { liftTarget } from "prosemirror-transform"
import { schema, type Align } from "./schema"
import { ownStep } from "./undo"

const { paragraph, heading, code_block, blockquote, hard_break } = schema.nodes

const aligned = (node: Node) => node.type === paragraph || node.type === heading

/** Makes the selected blocks another kind; how their lines stand stays. False when nothing changes. */
const toBlock =
  (type: NodeType, attrs: Attrs = {}): Command =>
  (state, dispatch) => {
    const tr = state.tr
    const made = ({ attrs: { align = null } }: Node): Attrs =>
      type === code_block ? attrs : { ...attrs, align: align as Align }
    for (const { $from, $to } of state.selection.ranges)
      tr.setBlockType(tr.mapping.map($from.pos), tr.mapping.map($to.pos), type, made)
    if (tr.docChanged) dispatch?.(tr.scrollIntoView())
    return tr.docChanged
  }

/** Makes the selected blocks paragraphs. */
export const toParagraph: Command = toBlock(paragraph)

/** Makes the selected blocks headings. */
export const toHeading = (level: number): Command => toBlock(heading, { level })

/** Makes the selected blocks one code block each, or paragraphs when they are already. */
export const toCodeBlock =
  (language?: string): Command =>
  (state, dispatch, view) =>
    toBlock(code_block, { language: language ?? null })(state, dispatch, view) ||
    toParagraph(state, dispatch, view)

/** Names the language of the code block at the selection. */
export const setLanguage =
  (name: string): Command =>
  (state, dispatch) => {
    const { $from } = state.selection
    if ($from.parent.type !== code_block) return false
    dispatch?.(state.tr.setNodeAttribute($from.before(), "language", name || null))
    return true
  }

/** Aligns the selected paragraphs and headings. */
export const setAlign =
  (align: Align): Command =>
  (state, dispatch) => {
    const tr = state.tr
    let found = false
    for (const { $from, $to } of state.selection.ranges) {
      state.doc.nodesBetween($from.pos, $to.pos, (node, pos) => {
        if (aligned(node)) {
          found = true
          if (node.attrs.align !== align) tr.setNodeAttribute(pos, "align", align)
        }
        return !node.isTextblock
      })
    }
    if (found) dispatch?.(tr)
    return found
  }

/** Puts the blocks into a quote, or takes them out of the quote around them. */
export const toggleQuote: Command = (state, dispatch, view) => {
  const { $from, $to } = state.selection
  const range = $from.blockRange($to, (node) => node.type === blockquote)
  if (!range) return wrapIn(blockquote)(state, dispatch, view)
  const target = liftTarget(range)
  if (target === null) return lift(state, dispatch, view)
  dispatch?.(state.tr.lift(range, target).scrollIntoView())
  return true
}

/**
 * Splits a block. Half a heading stays one, its end begins a paragraph; what only belongs to one
 * block (`ghost`, an unknown marker) stays with the first.
 */
export const split: Command = splitBlockAs((node, atEnd) => {
  if (node.type === paragraph) return { type: paragraph, attrs: { align: node.attrs.align } }
  if (node.type === heading && !atEnd) return { type: heading, attrs: node.attrs }
  return null
})

/** Backspace at the start of a heading, or in empty code, makes a paragraph of it. */
export const plainAtStart: Command = (state, dispatch, view) => {
  const { $from, empty } = state.selection
  const { type, content } = $from.parent
  const plain = type === heading || (type === code_block && content.size === 0)
  return empty && plain && $from.parentOffset === 0 && toParagraph(state, dispatch, view)
}

/** What a line begins with to become code, and the language behind it. */
export const fence = /^```([\w+#.-]{0,32})$/

/** Enter behind "```" and a language begins a code block. */
export const fenceToCode: Command = (state, dispatch) => {
  const { $from, empty } = state.selection
  const { parent } = $from
  const found = parent.type === paragraph && fence.exec(parent.textContent)
  if (!empty || !found || $from.parentOffset !== parent.content.size) return false
  const tr = state.tr.delete($from.start(), $from.end())
  tr.setBlockType($from.start(), $from.start(), code_block, { language: found[1] || null })
  if (tr.doc.resolve($from.start()).parent.type !== code_block) return false
  dispatch?.(tr.scrollIntoView())
  return true
}

/** Goes to a new paragraph below a code block whose last `lines` are left out. */
function leaveCode(lines: number): Command {
  return (state, dispatch) => {
    const { $head } = state.selection
    const [above, after] = [$head.node(-1), $head.indexAfter(-1)]
    if (!above.canReplaceWith(after, after, paragraph)) return false
    if (!dispatch) return true
    const tr = state.tr.delete($head.end() - lines, $head.end())
    const pos = tr.mapping.map($head.after())
    tr.insert(pos, paragraph.create())
    dispatch(tr.setSelection(TextSelection.create(tr.doc, pos + 1)).scrollIntoView())
    return true
  }
}

/** Enter on the second empty line at the end of a code block leaves it, and takes both lines away. */
export const leaveEmptyLines: Command = (state, dispatch, view) => {
  const { $head, empty } = state.selection
  const { type, textContent } = $head.parent
  const atEnd = empty && type === code_block && $head.parentOffset === textContent.length
  return atEnd && textContent.endsWith("\n\n") && leaveCode(2)(state, dispatch, view)
}

/** The arrow down on the last line of code makes a paragraph where no text follows. */
export const leaveDown: Command = (state, dispatch, view) => {
  const { $head, empty } = state.selection
  if (!empty || $head.parent.type !== code_block || !view?.endOfTextblock("down")) return false
  const follows = Selection.findFrom(state.doc.resolve($head.after()), 1)
  return !follows && leaveCode(0)(state, dispatch, view)
}

/** Breaks the line inside its block; in code that is a plain new line. */
export const breakLine: Command = (state, dispatch) => {
  const { $from } = state.selection
  if (!$from.parent.isTextblock) return false
  const tr =
    $from.parent.type === code_block
      ? state.tr.insertText("\n")
      : state.tr.replaceSelectionWith(hard_break.create(), true)
  dispatch?.(tr.scrollIntoView())
  return true
}

/** Puts a block that only stands at the top after the block of the selection, or in its place when that is empty. */
export const insertTop =
  (node: () => Node): Command =>
  (state, dispatch) => {
    const { $from } = state.selection
    if ($from.depth === 0 && !(state.selection instanceof NodeSelection)) return false
    const made = node()
    const index = $from.depth === 0 ? $from.pos : $from.before(1)
    const top = state.doc.resolve(index).nodeAfter
    if (!top) return false
    // Asking whether it applies must not copy a long document.
    if (!dispatch) return true
    const tr = state.tr
    const empty = top.type === paragraph && top.content.size === 0
    const at = empty ? index : index + top.nodeSize
    tr.replaceWith(at, empty ? at + top.nodeSize : at, made)
    const after = at + made.nodeSize
    if (!made.isAtom) {
      tr.setSelection(TextSelection.near(tr.doc.resolve(at + 1)))
    } else {
      if (!tr.doc.resolve(after).nodeAfter?.isTextblock) tr.insert(after, paragraph.create())
      tr.setSelection(TextSelection.near(tr.doc.resolve(after)))
    }
    dispatch(ownStep(tr).scrollIntoView())
    return true
  }

/** Whether blocks may be put at the top from here. */
export const canInsertTop: Command = insertTop(() => schema.nodes.page_break.create())
