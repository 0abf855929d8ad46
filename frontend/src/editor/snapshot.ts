import { redoDepth, undoDepth } from "prosemirror-history"
import type { Attrs, MarkType } from "prosemirror-model"
import { NodeSelection, type EditorState } from "prosemirror-state"
import { CellSelection } from "prosemirror-tables"
import { canComment, commentsAt } from "./commentmarks"
import { listKind } from "./commands-lists"
import { linkAt } from "./commands-marks"
import { schema, type Align } from "./schema"
import type { BlockType, EditorSnapshot, SelectedImage, Toggle } from "./state"
import { isSuggesting } from "./suggest"
import { canInsertTable, tableHeader } from "./tables"

const { paragraph, heading, code_block, blockquote, image } = schema.nodes
const toggles: readonly Toggle[] = ["strong", "em", "underline", "strike", "code"]
/** Blocks of a long selection that are looked at to name it. */
const most = 200

interface Block {
  block: BlockType
  level: number
  align: Align
}

const named = (type: string): BlockType =>
  [paragraph, heading, code_block, schema.nodes.page_break, schema.nodes.table_of_contents].some(
    (known) => known.name === type,
  )
    ? (type as BlockType)
    : "paragraph"

function blockOf(state: EditorState): Block {
  const { selection } = state
  if (selection instanceof NodeSelection && selection.node.isBlock)
    return { block: named(selection.node.type.name), level: 0, align: null }
  let found: Block | null = null
  let mixed = false
  let seen = 0
  state.doc.nodesBetween(selection.from, selection.to, (node) => {
    if (mixed || seen > most) return false
    if (!node.isTextblock) return true
    seen++
    const attrs = node.attrs as { level?: number; align?: Align }
    const next = {
      block: named(node.type.name),
      level: attrs.level ?? 0,
      align: attrs.align ?? null,
    }
    if (found && (found.block !== next.block || found.level !== next.level)) mixed = true
    found ??= next
    return false
  })
  const first: Block = found ?? { block: "paragraph", level: 0, align: null }
  return mixed ? { ...first, block: "mixed", level: 0 } : first
}

/** Whether the selection begins with a mark, or what is typed next would carry it. */
function markAt(state: EditorState, type: MarkType): Attrs | null {
  const { empty, $from, from, to } = state.selection
  if (empty) return type.isInSet(state.storedMarks ?? $from.marks())?.attrs ?? null
  const after = $from.nodeAfter
  if (after?.isInline) return type.isInSet(after.marks)?.attrs ?? null
  let found: Attrs | null | undefined
  state.doc.nodesBetween(from, Math.min(to, from + 2000), (node) => {
    if (found === undefined && node.isText) found = type.isInSet(node.marks)?.attrs ?? null
    return found === undefined
  })
  return found ?? null
}

function imageAt({ selection }: EditorState): SelectedImage | null {
  if (!(selection instanceof NodeSelection) || selection.node.type !== image) return null
  const { file, name, alt, width, height } = selection.node.attrs as SelectedImage
  return { file, name, alt, width, height }
}

function suggestionsAt(state: EditorState): string[] {
  const { $head } = state.selection
  if (!$head.parent.inlineContent) return []
  const marks = [$head.nodeAfter, $head.nodeBefore].flatMap((node) => node?.marks ?? [])
  const ids = marks.filter((mark) => mark.type === schema.marks.suggestion)
  return [...new Set(ids.map((mark) => mark.attrs.id as string))]
}

const color = (attrs: Attrs | null): string | null => (attrs ? String(attrs.color) : null)

/** What a toolbar shows about a state. Looks at the selection only, never at the whole document. */
export function snapshotOf(
  state: EditorState,
  editable: boolean,
  focused: boolean,
): EditorSnapshot {
  const { selection } = state
  const { $from } = selection
  const link = linkAt(state)
  const header = tableHeader(state)
  let quote = false
  for (let depth = $from.depth; depth > 0; depth--) quote ||= $from.node(depth).type === blockquote
  return {
    editable,
    focused,
    ...blockOf(state),
    list: listKind(state),
    quote,
    language: $from.parent.type === code_block ? String($from.parent.attrs.language ?? "") : "",
    table: header === null ? null : { header },
    marks: Object.fromEntries(
      toggles.map((name) => [name, markAt(state, schema.marks[name]) !== null]),
    ) as Record<Toggle, boolean>,
    link: link && { href: String(link.attrs.href), title: link.attrs.title as string | null },
    color: color(markAt(state, schema.marks.color)),
    highlight: color(markAt(state, schema.marks.highlight)),
    image: imageAt(state),
    comments: commentsAt(state),
    suggestions: suggestionsAt(state),
    empty: selection.empty,
    suggesting: isSuggesting(state),
    canUndo: editable && undoDepth(state) > 0,
    canRedo: editable && redoDepth(state) > 0,
    canComment:
      editable && canComment(state) && !(selection instanceof CellSelection && selection.empty),
    canInsertTable: editable && canInsertTable(state),
  }
}

/** Whether two snapshots say the same. */
export const sameSnapshot = (a: EditorSnapshot, b: EditorSnapshot): boolean =>
  JSON.stringify(a) === JSON.stringify(b)
