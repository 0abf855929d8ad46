import type { Node } from "prosemirror-model"
import { TextSelection, type Command, type EditorState } from "prosemirror-state"
import type { EditorView } from "prosemirror-view"
import type { Comments } from "./editor"
import { schema } from "./schema"
import type { CommentRange } from "./state"

const { comment } = schema.marks
const longest = 200

/** The stretches of text that carry a comment, or all comments when `id` is null. */
function rangesOf(doc: Node, id: string | null): CommentRange[] {
  const found = new Map<string, CommentRange>()
  doc.descendants((node, pos) => {
    if (!node.isInline) return true
    for (const mark of node.marks) {
      if (mark.type !== comment || (id !== null && mark.attrs.id !== id)) continue
      const known = found.get(mark.attrs.id as string)
      if (known) known.to = pos + node.nodeSize
      else
        found.set(mark.attrs.id as string, {
          id: mark.attrs.id as string,
          from: pos,
          to: pos + node.nodeSize,
          quote: "",
        })
    }
    return false
  })
  for (const range of found.values())
    range.quote = doc.textBetween(range.from, Math.min(range.to, range.from + longest), " ")
  return [...found.values()]
}

/** Lays a comment on the selection; code blocks carry no marks. */
const addComment =
  (id: string): Command =>
  (state, dispatch) => {
    if (!canComment(state)) return false
    const tr = state.tr
    for (const { $from, $to } of state.selection.ranges)
      tr.addMark($from.pos, $to.pos, comment.create({ id }))
    dispatch?.(tr.setSelection(TextSelection.create(tr.doc, state.selection.to)))
    return tr.docChanged
  }

/** Whether the selection holds text that a comment can lie on. Looks at its ends only. */
export function canComment(state: EditorState): boolean {
  const { empty, ranges } = state.selection
  return (
    !empty &&
    ranges.some(
      ({ $from, $to }) =>
        [$from, $to].some(
          ($pos) => $pos.parent.inlineContent && $pos.parent.type.allowsMarkType(comment),
        ) || !$from.sameParent($to),
    )
  )
}

/** An id that may stand in a selector as it is. */
const plainId = (id: string) => /^[a-z2-7]{1,32}$/.test(id)

/**
 * Which comments are drawn, as rules of a style sheet of its own: showing another thread then
 * costs nothing in the document, however many comments it has.
 */
class CommentStyle {
  readonly #sheet: CSSStyleSheet | null
  #active: string | null = null
  #shown: readonly string[] | null = null

  constructor() {
    this.#sheet = "adoptedStyleSheets" in document ? new CSSStyleSheet() : null
    if (this.#sheet) document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.#sheet]
  }

  set(change: { active?: string | null; shown?: readonly string[] | null }): void {
    if (change.active !== undefined) this.#active = change.active
    if (change.shown !== undefined) this.#shown = change.shown
    const drawn = "border-bottom-color: var(--amber-dot); background: var(--amber-soft)"
    const any = this.#shown?.filter(plainId).map((id) => `[data-comment="${id}"]`)
    const all = any ? (any.length ? `:is(${any.join()})` : ":not(*)") : ""
    const rules = [`.document-text .comment${all} { ${drawn} }`]
    if (this.#active && plainId(this.#active))
      rules.push(
        `.document-text .comment[data-comment="${this.#active}"] { background: var(--amber-line) }`,
      )
    this.#sheet?.replaceSync(rules.join("\n"))
  }

  remove(): void {
    document.adoptedStyleSheets = document.adoptedStyleSheets?.filter((it) => it !== this.#sheet)
  }
}

/** The marks of the comments in one view. */
export class CommentMarks implements Comments {
  readonly #view: EditorView
  readonly #style = new CommentStyle()

  constructor(view: EditorView) {
    this.#view = view
    this.#style.set({})
  }

  add(id: string): boolean {
    return plainId(id) && addComment(id)(this.#view.state, this.#view.dispatch)
  }

  remove(id: string): boolean {
    const tr = this.#view.state.tr
    for (const { from, to } of rangesOf(this.#view.state.doc, id))
      tr.removeMark(from, to, comment.create({ id }))
    if (!tr.docChanged) return false
    this.#view.dispatch(tr.setMeta("addToHistory", false))
    return true
  }

  setActive(id: string | null): void {
    this.#style.set({ active: id })
  }

  setShown(ids: readonly string[] | null): void {
    this.#style.set({ shown: ids })
  }

  ranges(): CommentRange[] {
    return rangesOf(this.#view.state.doc, null)
  }

  goTo(id: string): boolean {
    const range = rangesOf(this.#view.state.doc, id)[0]
    if (!range) return false
    const { tr } = this.#view.state
    this.#view.dispatch(tr.setSelection(TextSelection.create(tr.doc, range.from)).scrollIntoView())
    this.#view.focus()
    return true
  }

  destroy(): void {
    this.#style.remove()
  }
}

/** The comments at the selection, the one on the shortest stretch of its block first. */
export function commentsAt(state: EditorState): string[] {
  const { $head } = state.selection
  if (!$head.parent.inlineContent) return []
  const ids = new Set<string>()
  for (const node of [$head.nodeAfter, $head.nodeBefore])
    for (const mark of node?.marks ?? [])
      if (mark.type === comment) ids.add(mark.attrs.id as string)
  if (ids.size < 2) return [...ids]
  const lengths = new Map<string, number>()
  $head.parent.forEach((node) => {
    for (const mark of node.marks)
      if (mark.type === comment)
        lengths.set(
          mark.attrs.id as string,
          (lengths.get(mark.attrs.id as string) ?? 0) + node.nodeSize,
        )
  })
  return [...ids].sort((a, b) => (lengths.get(a) ?? 0) - (lengths.get(b) ?? 0))
}
