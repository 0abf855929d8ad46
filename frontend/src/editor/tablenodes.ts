import type { AttributeSpec, NodeSpec } from "prosemirror-model"

const attr = (value: string | number | null): AttributeSpec => ({ default: value })

/**
 * prosemirror-tables reads the spans and widths of cells; a document has none, so they always
 * keep their defaults and are neither parsed nor written.
 */
const cell: NodeSpec["attrs"] = {
  col: attr(null),
  colspan: attr(1),
  rowspan: attr(1),
  colwidth: attr(null),
}

/** Tables stand at the top of a document only; a cell holds anything but another table. */
export const tableNodes = {
  table: {
    content: "table_row+",
    group: "top",
    tableRole: "table",
    isolating: true,
    attrs: { id: attr(null) },
    parseDOM: [{ tag: "table" }],
    toDOM: () => ["table", ["tbody", 0]],
  },
  table_row: {
    content: "(table_cell | table_header)+",
    tableRole: "row",
    attrs: { id: attr(null) },
    parseDOM: [{ tag: "tr" }],
    toDOM: () => ["tr", 0],
  },
  table_cell: {
    content: "block+",
    tableRole: "cell",
    isolating: true,
    attrs: cell,
    parseDOM: [{ tag: "td" }],
    toDOM: () => ["td", 0],
  },
  table_header: {
    content: "block+",
    tableRole: "header_cell",
    isolating: true,
    attrs: cell,
    parseDOM: [{ tag: "th" }],
    toDOM: () => ["th", 0],
  },
} satisfies Record<string, NodeSpec>
