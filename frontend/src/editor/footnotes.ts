import type { Node } from "prosemirror-model"
import { TextSelection, type Command } from "prosemirror-state"
import type { NodeView } from "prosemirror-view"
import { m } from "../paraglide/messages.js"
import { element } from "./dom"
import type { FootnoteOrder } from "./footnotes-order"
import { newId } from "./ids"
import { schema } from "./schema"
import { ownStep } from "./undo"

const { footnote } = schema.nodes

/** Puts a footnote behind the selection and opens its text. */
export const insertFootnote =
  (open: (id: string) => void): Command =>
  (state, dispatch) => {
    const { $to } = state.selection
    const index = $to.index()
    if (!$to.parent.canReplaceWith(index, index, footnote)) return false
    if (dispatch) {
      const id = newId()
      const tr = state.tr.insert($to.pos, footnote.create({ id }))
      tr.setSelection(TextSelection.create(tr.doc, $to.pos + 1))
      dispatch(ownStep(tr).scrollIntoView())
      open(id)
    }
    return true
  }

/** The number of a footnote in the text; pressing it opens the note. */
export class FootnoteView implements NodeView {
  readonly dom: HTMLElement
  readonly #button = element("button", { type: "button" })
  readonly #order: FootnoteOrder
  readonly #stop: () => void
  #id: string

  constructor(node: Node, order: FootnoteOrder, open: (id: string, from: HTMLElement) => void) {
    this.#id = node.attrs.id as string
    this.#order = order
    this.dom = element("sup", { class: "footnote", "data-footnote": this.#id }, this.#button)
    this.#button.addEventListener("click", () => open(this.#id, this.dom))
    this.#stop = order.watch(() => this.#draw())
    this.#draw()
  }

  #draw(): void {
    const number = this.#order.number(this.#id)
    const text = number ? String(number) : "…"
    if (this.#button.textContent === text) return
    this.#button.textContent = text
    this.#button.setAttribute("aria-label", m.editor_footnote({ number: text }))
  }

  update(node: Node): boolean {
    if (node.type !== footnote) return false
    this.#id = node.attrs.id as string
    this.dom.dataset.footnote = this.#id
    this.#draw()
    return true
  }

  stopEvent(event: Event): boolean {
    return event.type === "click" || event.type === "keydown"
  }

  ignoreMutation(): boolean {
    return true
  }

  destroy(): void {
    this.#stop()
  }
}
