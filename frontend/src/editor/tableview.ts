import type { NodeView } from "prosemirror-view"
import { element } from "./dom"
import { schema } from "./schema"

/** A table in a box of its own, so that a wide one scrolls instead of widening the page. */
export function tableView(): NodeView {
  const contentDOM = element("tbody")
  const table = element("table", {}, contentDOM)
  const dom = element("div", { class: "table" }, table)
  return {
    dom,
    contentDOM,
    update: (node) => node.type === schema.nodes.table,
    // A caret that the engine puts beside the table is read like any other: what is typed there
    // must become a part of the document.
    ignoreMutation: (record) => record.type === "attributes" && !contentDOM.contains(record.target),
  }
}
