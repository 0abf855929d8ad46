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
  const writable = node?.type === paragraph || node?.type === schema.nodes.heading
  if (!editable || !node || writable || node.type.spec.group?.includes("list")) return false
  const tr = state.tr.insert(state.doc.content.size, paragraph.create())
  view.dispatch(tr.setSelection(TextSelection.atEnd(tr.doc)).scrollIntoView())
  return true
}

/** Ctrl/⌘ End begins a paragraph at the end, when no text can be written in the last block. */
export const newLineBelow = (): Plugin =>
  new Plugin({
    props: {
      handleKeyDown: (view, event) =>
        event.key === "End" &&
        (event.ctrlKey || event.metaKey) &&
        !event.shiftKey &&
        closed.includes(view.state.doc.lastChild?.type) &&
        goBelow(view),
    },
  })

/** What stands on a sheet and answers to the pointer itself. */
const answering = ".notes, .note-editor, .page-gap"

/**
 * Lets a press on the blank of a sheet go into the text: below the last block to the end, beside
 * the text to the line. Moving on selects. Returns what ends it.
 */
export function pressOnSheet(view: EditorView, sheet: HTMLElement): () => void {
  let ends = new AbortController()
  const press = (event: MouseEvent) => {
    if (event.button !== 0 || event.shiftKey || !view.editable) return
    if (!(event.target instanceof Element) || event.target.closest(answering)) return
    const last = view.dom.lastElementChild?.getBoundingClientRect()
    const below = last !== undefined && event.clientY > last.bottom
    // The engine itself answers a press on a block and between two.
    if (view.dom.contains(event.target) && !(event.target === view.dom && below)) return
    event.preventDefault()
    if (!below || !goBelow(view)) {
      const anchor = below ? view.state.doc.content.size : beside(view, event)
      select(view, anchor, anchor)
      ends.abort()
      ends = new AbortController()
      const { signal } = ends
      const move = (moved: MouseEvent) => {
        if (moved.buttons % 2 === 1) select(view, anchor, beside(view, moved))
        else ends.abort()
      }
      window.addEventListener("mousemove", move, { signal })
      window.addEventListener("mouseup", () => ends.abort(), { signal })
    }
    view.focus()
  }
  sheet.addEventListener("mousedown", press)
  return () => {
    ends.abort()
    sheet.removeEventListener("mousedown", press)
  }
}

/** The position in the line at the height of a pointer that may be beside the text. */
function beside(view: EditorView, { clientX, clientY }: MouseEvent): number {
  const { left, right, top, bottom } = view.dom.getBoundingClientRect()
  const at = {
    left: Math.min(Math.max(clientX, left + 1), right - 1),
    top: Math.min(Math.max(clientY, top + 1), bottom - 1),
  }
  return view.posAtCoords(at)?.pos ?? view.state.selection.head
}

function select(view: EditorView, anchor: number, head: number): void {
  const { tr, doc } = view.state
  const selection = TextSelection.between(doc.resolve(anchor), doc.resolve(head), -1)
  if (!selection.eq(view.state.selection)) view.dispatch(tr.setSelection(selection))
}
