import type { NodeType } from "prosemirror-model"
import { Plugin, TextSelection } from "prosemirror-state"
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view"
import { m } from "../paraglide/messages.js"
import { safeLink } from "./links"
import { schema } from "./schema"

const { paragraph } = schema.nodes
/** Blocks behind which the engines find no place for a caret. */
const closed: (NodeType | undefined)[] = [
  schema.nodes.table,
  schema.nodes.page_break,
  schema.nodes.table_of_contents,
]

/** Says what to do in a document that is still empty. */
export const placeholder = (): Plugin =>
  new Plugin({
    props: {
      decorations({ doc }) {
        const first = doc.firstChild
        if (doc.childCount !== 1 || first?.type !== paragraph || first.content.size > 0) return null
        const text = { class: "placeholder", "data-placeholder": m.editor_placeholder() }
        return DecorationSet.create(doc, [Decoration.node(0, first.nodeSize, text)])
      },
    },
  })

/** Opens an address beside the page, which keeps nothing of this one. */
export const openBeside = (href: string): void =>
  void window.open(href, "_blank", "noopener,noreferrer")

/** Links open with Ctrl or ⌘ held, or at a plain click where nothing can be edited. */
export const followLinks = (
  openLink: (href: string) => void,
  openComment: (id: string) => void,
): Plugin =>
  new Plugin({
    props: {
      handleClick(view, _pos, event) {
        if (!(event.target instanceof Element)) return false
        const href = event.target.closest("a[href]")?.getAttribute("href")
        const safe = href ? safeLink(href) : null
        if (safe && (event.ctrlKey || event.metaKey || !view.editable)) {
          openLink(safe)
          return true
        }
        const comment = event.target.closest<HTMLElement>("[data-comment]")?.dataset.comment
        if (comment) openComment(comment)
        return false
      },
    },
  })

/** Adds a paragraph at the end and goes there, unless text can be written at the end already. */
function goBelow(view: EditorView): boolean {
  const { state, editable } = view
  const node = state.doc.lastChild
  if (!editable || !node || node.type === paragraph || node.type === schema.nodes.heading)
    return false
  const tr = state.tr.insert(state.doc.content.size, paragraph.create())
  view.dispatch(tr.setSelection(TextSelection.atEnd(tr.doc)).scrollIntoView())
  return true
}

/** A click below the last block or Ctrl/⌘ End begins a paragraph there, when no text can be written in it. */
export const newLineBelow = (): Plugin =>
  new Plugin({
    props: {
      handleClick(view, _pos, event) {
        const last = view.dom.lastElementChild?.getBoundingClientRect()
        return last !== undefined && event.clientY > last.bottom && goBelow(view)
      },
      handleKeyDown: (view, event) =>
        event.key === "End" &&
        (event.ctrlKey || event.metaKey) &&
        !event.shiftKey &&
        closed.includes(view.state.doc.lastChild?.type) &&
        goBelow(view),
    },
  })
