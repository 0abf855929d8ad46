import { TextSelection } from "prosemirror-state"
import type { EditorView } from "prosemirror-view"
import { NoteEditor } from "./footnotes-editor"
import { NotesList } from "./footnotes-list"
import type { FootnoteOrder } from "./footnotes-order"
import { schema } from "./schema"
import type { Notes } from "./source"

/** Where a footnote stands in the text, or null. */
function placeOf(view: EditorView, id: string): number | null {
  let found: number | null = null
  view.state.doc.descendants((node, pos) => {
    if (node.type === schema.nodes.footnote && node.attrs.id === id) found ??= pos
    return found === null
  })
  return found
}

/** The notes of one editor: the list below the text and the text box of the one that is open. */
export class NotesPanel {
  readonly list: NotesList
  readonly #view: () => EditorView
  readonly #over: HTMLElement
  readonly #order: FootnoteOrder
  readonly #notes: Notes
  #open: NoteEditor | null = null

  constructor(
    view: () => EditorView,
    over: HTMLElement,
    order: FootnoteOrder,
    notes: Notes,
    resized: () => void,
  ) {
    this.#view = view
    this.#over = over
    this.#order = order
    this.#notes = {
      read: (id) => notes.read(id),
      watch: (id, changed) => notes.watch(id, changed),
      write: (id, text) => {
        notes.write(id, text)
        this.list.changed()
      },
    }
    this.list = new NotesList(order, notes, {
      open: (id, from) => this.open(id, from),
      back: (id) => this.#back(id),
      resized,
    })
  }

  /** Opens a note below the element that it belongs to; without one below its number. */
  open(id: string, from?: HTMLElement): void {
    this.close(false)
    const view = this.#view()
    const at = from ?? view.dom.querySelector<HTMLElement>(`sup[data-footnote="${CSS.escape(id)}"]`)
    this.#order.look(view.state.doc)
    const note = new NoteEditor(id, this.#order.number(id), this.#notes, view.editable, () =>
      this.close(true),
    )
    this.#open = note
    this.#over.append(note.dom)
    if (at) this.#place(note.dom, at)
    note.focus()
  }

  /** Positions are in the pixels of the sheet, which may be zoomed. */
  #place(box: HTMLElement, at: HTMLElement): void {
    const frame = this.#over.getBoundingClientRect()
    const target = at.getBoundingClientRect()
    const scale = frame.width / (this.#over.offsetWidth || frame.width || 1)
    const left = (target.left - frame.left) / scale - 24
    const most = this.#over.offsetWidth - box.offsetWidth - 8
    box.style.left = `${String(Math.max(8, Math.min(left, most)))}px`
    box.style.top = `${String((target.bottom - frame.top) / scale + 6)}px`
    box.scrollIntoView({ block: "nearest" })
  }

  close(focus: boolean): void {
    const id = this.#open?.id
    this.#open?.destroy()
    this.#open = null
    if (focus && id) this.#back(id)
  }

  /** Goes behind the mark of a note: a mark that is selected would give way to the next letter. */
  #back(id: string): void {
    const view = this.#view()
    const pos = placeOf(view, id)
    if (pos !== null) {
      const selection = TextSelection.create(view.state.doc, pos + 1)
      view.dispatch(view.state.tr.setSelection(selection).scrollIntoView())
    }
    view.focus()
  }

  destroy(): void {
    this.close(false)
    this.list.destroy()
  }
}
