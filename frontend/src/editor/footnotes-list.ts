import { DOMSerializer } from "prosemirror-model"
import { m } from "../paraglide/messages.js"
import { element } from "./dom"
import type { FootnoteOrder } from "./footnotes-order"
import { NextFrame } from "./idle"
import { noteSchema } from "./schema"
import type { Notes } from "./source"

const serializer = DOMSerializer.fromSchema(noteSchema)

/** What the list of notes needs of its editor. */
export interface NotesHost {
  open(id: string, from: HTMLElement): void
  /** Goes to the place in the text that a note belongs to. */
  back(id: string): void
  /** The height of the list may have changed. */
  resized(): void
}

/** The notes below the text, as they are printed. */
export class NotesList {
  readonly dom = element("section", { class: "notes", "aria-label": m.editor_footnotes() })
  readonly #order: FootnoteOrder
  readonly #notes: Notes
  readonly #host: NotesHost
  readonly #frame = new NextFrame(() => this.#draw())
  readonly #unwatch: () => void
  #stops: (() => void)[] = []

  constructor(order: FootnoteOrder, notes: Notes, host: NotesHost) {
    this.#order = order
    this.#notes = notes
    this.#host = host
    this.#unwatch = order.watch(() => this.#watch())
    this.#watch()
  }

  /** A note was written here. */
  changed(): void {
    this.#frame.ask()
  }

  #watch(): void {
    for (const stop of this.#stops) stop()
    this.#stops = this.#order.ids.map((id) => this.#notes.watch(id, () => this.#frame.ask()))
    this.#frame.ask()
  }

  #draw(): void {
    const items = this.#order.ids.map((id, index) => this.#item(id, index + 1))
    this.dom.hidden = items.length === 0
    this.dom.replaceChildren(element("ol", {}, ...items))
    this.#host.resized()
  }

  #item(id: string, number: number): HTMLElement {
    const text = element("div", { class: "note-shown" })
    const doc = this.#notes.read(id)
    serializer.serializeFragment(doc.content, { document }, text)
    if (doc.textContent === "")
      text.replaceChildren(element("p", { class: "note-empty" }, m.editor_footnote_empty()))
    const label = (name: string) => ({ type: "button", class: name })
    const back = element("button", label("note-back"), String(number))
    back.setAttribute("aria-label", m.editor_footnote_back({ number: String(number) }))
    back.addEventListener("click", () => this.#host.back(id))
    const edit = element("button", label("note-edit"), m.editor_footnote_edit())
    edit.setAttribute("aria-label", m.editor_footnote_edit_named({ number: String(number) }))
    const item = element("li", {}, back, text, edit)
    edit.addEventListener("click", () => this.#host.open(id, item))
    return item
  }

  destroy(): void {
    this.#frame.cancel()
    this.#unwatch()
    for (const stop of this.#stops) stop()
  }
}
