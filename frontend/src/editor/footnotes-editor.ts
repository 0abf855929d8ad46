import { baseKeymap, toggleMark } from "prosemirror-commands"
import { history, redo, undo } from "prosemirror-history"
import { keymap } from "prosemirror-keymap"
import type { Node } from "prosemirror-model"
import { EditorState, Plugin, TextSelection, type Command } from "prosemirror-state"
import { EditorView } from "prosemirror-view"
import { m } from "../paraglide/messages.js"
import { clipboardProps } from "./clipboard"
import { button, element } from "./dom"
import { handleKeys } from "./keys-handler"
import { fromRemote } from "./origin"
import { noteSchema } from "./schema"
import type { Notes } from "./source"
import { undoSteps } from "./undo"

const { strong, em, underline } = noteSchema.marks

const breakLine: Command = (state, dispatch) => {
  dispatch?.(state.tr.replaceSelectionWith(noteSchema.nodes.hard_break.create(), true))
  return true
}

/** The smallest replacement that makes one note the other, or null when they are equal. */
function difference(before: Node, after: Node) {
  const start = before.content.findDiffStart(after.content)
  const end = before.content.findDiffEnd(after.content)
  if (start === null || end === null) return null
  const overlap = Math.max(0, start - Math.min(end.a, end.b))
  return { from: start, to: end.a + overlap, slice: after.slice(start, end.b + overlap) }
}

/** The editor of one note: a small text box over the document. */
export class NoteEditor {
  readonly dom: HTMLElement
  readonly id: string
  readonly #view: EditorView
  readonly #stop: () => void

  constructor(id: string, number: number, notes: Notes, editable: boolean, close: () => void) {
    this.id = id
    const label = m.editor_footnote({ number: String(number || "…") })
    const place = element("div", { class: "note-text" })
    this.dom = element(
      "div",
      { class: "note-editor", role: "dialog", "aria-label": label },
      element("span", { class: "note-number", "aria-hidden": "true" }, label),
      place,
      button("note-done", m.editor_done(), close),
    )
    this.#view = new EditorView(place, {
      state: this.#state(notes.read(id), close),
      ...clipboardProps(noteSchema),
      editable: () => editable,
      attributes: {
        role: "textbox",
        "aria-multiline": "true",
        "aria-label": m.editor_footnote_text(),
      },
      dispatchTransaction: (tr) => {
        this.#view.updateState(this.#view.state.apply(tr))
        if (tr.docChanged && tr.getMeta("addToHistory") !== false) notes.write(id, tr.doc)
      },
    })
    this.#stop = notes.watch(id, () => this.#show(notes.read(id)))
    this.dom.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return
      event.stopPropagation()
      close()
    })
  }

  #state(doc: Node, close: () => void): EditorState {
    const keys = {
      "Mod-b": toggleMark(strong),
      "Mod-i": toggleMark(em),
      "Mod-u": toggleMark(underline),
      "Mod-z": undo,
      "Mod-y": redo,
      "Shift-Mod-z": redo,
      "Shift-Enter": breakLine,
      // The view must outlive its own key event.
      Enter: () => {
        queueMicrotask(close)
        return true
      },
    }
    return EditorState.create({
      doc,
      selection: TextSelection.atEnd(doc),
      plugins: [
        history(),
        new Plugin({ props: { handleKeyDown: handleKeys(keys) } }),
        keymap(baseKeymap),
        undoSteps(),
      ],
    })
  }

  /** Shows what others wrote, the own cursor kept. */
  #show(doc: Node): void {
    const change = difference(this.#view.state.doc, doc)
    if (change)
      this.#view.dispatch(
        fromRemote(this.#view.state.tr).replace(change.from, change.to, change.slice),
      )
  }

  focus(): void {
    this.#view.focus()
  }

  destroy(): void {
    this.#stop()
    this.#view.destroy()
    this.dom.remove()
  }
}
