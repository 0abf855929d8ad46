import type { Node } from "prosemirror-model"
import type { EditorView, NodeView } from "prosemirror-view"
import { m } from "../paraglide/messages.js"
import { element } from "./dom"
import { schema } from "./schema"

/** An item of a task list with a real checkbox beside its text. */
export class TaskView implements NodeView {
  readonly dom: HTMLElement
  readonly contentDOM = element("div", { class: "task-text" })
  readonly #box = element("input", { type: "checkbox", "aria-label": m.editor_task_done() })
  #node: Node

  constructor(node: Node, view: EditorView, place: () => number | undefined) {
    this.#node = node
    const label = element("label", {}, this.#box)
    label.contentEditable = "false"
    this.dom = element("li", { class: "task" }, label, this.contentDOM)
    this.#box.addEventListener("change", () => {
      const pos = place()
      if (pos === undefined || !view.editable) return this.#show(this.#node)
      view.dispatch(view.state.tr.setNodeAttribute(pos, "checked", this.#box.checked))
      // Where it was refused, it is still what it was.
      this.#show(this.#node)
      view.focus()
    })
    // A press on the box must not move the cursor of the text.
    label.addEventListener("mousedown", (event) => event.preventDefault())
    this.#show(node)
  }

  #show(node: Node): void {
    const checked = node.attrs.checked === true
    this.#box.checked = checked
    this.dom.dataset.checked = String(checked)
  }

  update(node: Node): boolean {
    if (node.type !== schema.nodes.task_item) return false
    this.#node = node
    this.#show(node)
    return true
  }

  stopEvent(event: Event): boolean {
    return event.target === this.#box
  }

  ignoreMutation(mutation: { target: globalThis.Node }): boolean {
    return !this.contentDOM.contains(mutation.target)
  }
}
