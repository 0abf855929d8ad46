import {
  InputRule,
  inputRules,
  textblockTypeInputRule,
  wrappingInputRule,
} from "prosemirror-inputrules"
import type { Attrs, MarkType } from "prosemirror-model"
import { TextSelection, type EditorState, type Plugin } from "prosemirror-state"
import { typedLink } from "./links"
import { schema, type Align } from "./schema"
import { isSuggesting } from "./suggest"

const { heading, paragraph, bullet_list, ordered_list, task_list, list_item } = schema.nodes
const { task_item, blockquote, code_block } = schema.nodes
const { strong, em, strike, code, link } = schema.marks

/** Shapes the text between two signs and takes the signs away. In code they mean themselves. */
function markRule(
  pattern: RegExp,
  type: MarkType,
  attrs: (found: RegExpMatchArray) => Attrs | null = () => ({}),
): InputRule {
  const shape = (state: EditorState, found: RegExpMatchArray, start: number, end: number) => {
    const [whole, before = "", inner] = found
    const set = attrs(found)
    if (!inner || !set || !state.doc.resolve(start).parent.type.allowsMarkType(type)) return null
    const first = start + before.length
    const at = start + whole.indexOf(inner, before.length)
    const tr = state.tr
    if (at + inner.length < end) tr.delete(at + inner.length, end)
    if (first < at) tr.delete(first, at)
    return tr.addMark(first, first + inner.length, type.create(set)).removeStoredMark(type)
  }
  return new InputRule(pattern, shape, { inCodeMark: false })
}

/** An address becomes a link when a space follows it. */
const autolink = new InputRule(
  /(^|\s)((?:https?:\/\/|mailto:|parvis:)\S+|www\.\S+\.\S+)\s$/,
  (state, found, start, end) => {
    const typed = found[2]?.replace(/[.,;:!?)]+$/, "")
    const href = typed && typedLink(typed)
    if (!typed || !href) return null
    const from = start + (found[1]?.length ?? 0)
    if (state.doc.rangeHasMark(from, from + typed.length, link)) return null
    const tr = state.tr.addMark(from, from + typed.length, link.create({ href }))
    return tr.insertText(" ", end).removeStoredMark(link)
  },
  { inCodeMark: false },
)

/** "[ ] " and "[x] ", also behind the bullet of a list that was just begun. */
const task = new InputRule(/^\[([ xX]?)\]\s$/, (state, found, start, end) => {
  const checked = /x/i.test(found[1] ?? "")
  const tr = state.tr.delete(start, end)
  const $at = tr.doc.resolve(start)
  if ($at.depth > 1 && $at.node(-1).type === list_item) {
    const list = $at.node(-2)
    if (list.childCount !== 1) return null
    const item = task_item.create({ checked }, $at.node(-1).content)
    tr.replaceWith($at.before(-2), $at.after(-2), task_list.create(null, item))
    return tr.setSelection(TextSelection.create(tr.doc, start))
  }
  const range = $at.blockRange()
  if (!range || $at.parent.type !== paragraph || $at.node(-1).type === task_item) return null
  return tr.wrap(range, [{ type: task_list }, { type: task_item, attrs: { checked } }])
})

/** "# " to "#### ": the lines stand as they stood. */
const title = new InputRule(/^(#{1,4})\s$/, (state, found, start, end) => {
  const $start = state.doc.resolve(start)
  const index = $start.index(-1)
  if (!$start.node(-1).canReplaceWith(index, index + 1, heading)) return null
  const attrs = { level: found[1]?.length ?? 1, align: $start.parent.attrs.align as Align }
  return state.tr.delete(start, end).setBlockType(start, start, heading, attrs)
})

/**
 * Markdown as it is typed. Undo takes the shaping back and leaves the signs. A proposal is plain
 * text, so nothing is shaped while suggesting.
 */
export function shortcuts(): Plugin {
  const plugin = inputRules({ rules: [...blocks, ...inline] })
  const { handleTextInput } = plugin.props
  plugin.props.handleTextInput = (view, from, to, text, deflt) =>
    !isSuggesting(view.state) && !!handleTextInput?.call(plugin, view, from, to, text, deflt)
  return plugin
}

const blocks = [
  title,
  wrappingInputRule(/^\s*([-+*])\s$/, bullet_list),
  wrappingInputRule(
    /^(\d{1,4})[.)]\s$/,
    ordered_list,
    (found) => ({ start: Number(found[1]) }),
    (found, list) => list.childCount + (list.attrs.start as number) === Number(found[1]),
  ),
  wrappingInputRule(/^\s*>\s$/, blockquote),
  textblockTypeInputRule(/^```([\w+#.-]{0,32})\s$/, code_block, (found) => ({
    language: found[1] || null,
  })),
  task,
]

const inline = [
  markRule(/(^|[^*])\*\*([^*\s](?:[^*]*[^*\s])?)\*\*$/, strong),
  markRule(/(^|[^*])\*([^*\s](?:[^*]*[^*\s])?)\*$/, em),
  markRule(/(^|[\s([{])_([^_\s](?:[^_]*[^_\s])?)_$/, em),
  markRule(/(^|[^~])~~([^~\s](?:[^~]*[^~\s])?)~~$/, strike),
  markRule(/(^|[^`])`([^`]+)`$/, code),
  markRule(/(^|[^!])\[([^\][]+)\]\(([^()\s]+)\)$/, link, (found) => {
    const href = typedLink(found[3] ?? "")
    return href ? { href } : null
  }),
  autolink,
]
