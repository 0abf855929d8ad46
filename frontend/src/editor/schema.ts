import { Schema, type AttributeSpec, type Attrs, type Node } from "prosemirror-model"
import { inlineNodes } from "./inline"
import { marks } from "./marks"
import { tableNodes } from "./tablenodes"

/** How the lines of a paragraph or a heading stand; null is the language's own side. */
export type Align = "left" | "center" | "right" | "justify" | null

const aligns = ["left", "center", "right", "justify"]
const attr = (value: string | number | boolean | null): AttributeSpec => ({ default: value })

const alignOf = (dom: HTMLElement): Align => {
  const value = dom.dataset.align ?? ""
  return aligns.includes(value) && value !== "left" ? (value as Align) : null
}

const aligned = (node: Node): Record<string, string> =>
  node.attrs.align ? { "data-align": String(node.attrs.align) } : {}

/** Levels above the fourth are shown and pasted as the fourth. */
const heading = (level: number) => ({
  tag: `h${level}`,
  getAttrs: (dom: HTMLElement) => ({ level: Math.min(level, 4), align: alignOf(dom) }),
})

/** What the address of a language of a code block may look like. */
const language = (dom: HTMLElement): Attrs => {
  const named = /(?:^|\s)(?:language|lang)-([\w+#.-]{1,32})/.exec(
    `${dom.className} ${dom.firstElementChild?.className ?? ""}`,
  )
  return { language: dom.dataset.language ?? named?.[1] ?? null }
}

/**
 * The text of a document. Group "block" is what may stand in lists, quotes and cells; group "top"
 * only stands at the top, because a marker in the stream has no place for more.
 *
 * `ghost` is true where the stream has no marker for a paragraph: before the first marker, after
 * an atom, in a cell that its row lacks. `marker` keeps what a newer version wrote (its type,
 * parents and attributes as JSON), so that it survives here untouched.
 */
export const schema = new Schema({
  nodes: {
    doc: { content: "(block | top)+" },
    paragraph: {
      content: "inline*",
      group: "block",
      attrs: { align: attr(null), ghost: attr(false), marker: attr(null) },
      parseDOM: [{ tag: "p", getAttrs: (dom) => ({ align: alignOf(dom) }) }],
      toDOM: (node) => ["p", aligned(node), 0],
    },
    heading: {
      content: "inline*",
      group: "block",
      defining: true,
      attrs: { level: attr(1), align: attr(null) },
      parseDOM: [1, 2, 3, 4, 5, 6].map(heading),
      toDOM: (node) => [`h${String(node.attrs.level)}`, aligned(node), 0],
    },
    code_block: {
      content: "text*",
      group: "block",
      marks: "",
      code: true,
      defining: true,
      attrs: { language: attr(null) },
      parseDOM: [{ tag: "pre", preserveWhitespace: "full", getAttrs: language }],
      toDOM: (node) => [
        "pre",
        node.attrs.language ? { "data-language": String(node.attrs.language) } : {},
        ["code", { spellcheck: "false" }, 0],
      ],
    },
    blockquote: {
      content: "block+",
      group: "block",
      defining: true,
      parseDOM: [{ tag: "blockquote" }],
      toDOM: () => ["blockquote", 0],
    },
    bullet_list: {
      content: "list_item+",
      group: "block list",
      parseDOM: [{ tag: "ul" }],
      toDOM: () => ["ul", 0],
    },
    ordered_list: {
      content: "list_item+",
      group: "block list",
      attrs: { start: attr(1) },
      parseDOM: [
        {
          tag: "ol",
          getAttrs: (dom) => ({ start: Math.max(0, Math.trunc((dom as HTMLOListElement).start)) }),
        },
      ],
      toDOM: (node) => ["ol", node.attrs.start === 1 ? {} : { start: String(node.attrs.start) }, 0],
    },
    task_list: {
      content: "task_item+",
      group: "block list",
      parseDOM: [{ tag: "ul[data-tasks]", priority: 60 }],
      toDOM: () => ["ul", { "data-tasks": "" }, 0],
    },
    list_item: {
      content: "paragraph block*",
      defining: true,
      parseDOM: [{ tag: "li" }],
      toDOM: () => ["li", 0],
    },
    task_item: {
      content: "paragraph block*",
      defining: true,
      attrs: { checked: attr(false) },
      parseDOM: [
        {
          tag: "li[data-checked]",
          priority: 60,
          getAttrs: (dom) => ({ checked: dom.dataset.checked === "true" }),
        },
      ],
      toDOM: (node) => ["li", { "data-checked": String(node.attrs.checked) }, 0],
    },
    ...tableNodes,
    page_break: {
      group: "top",
      atom: true,
      selectable: true,
      parseDOM: [{ tag: "hr[data-page-break]" }],
      toDOM: () => ["hr", { "data-page-break": "" }],
    },
    table_of_contents: {
      group: "top",
      atom: true,
      selectable: true,
      parseDOM: [{ tag: "nav[data-contents]" }],
      toDOM: () => ["nav", { "data-contents": "" }],
    },
    ...inlineNodes,
  },
  marks,
})

/**
 * The text of a footnote: one paragraph without blocks. Its marks have the same names and
 * attributes as those of the document.
 */
export const noteSchema = new Schema({
  nodes: {
    doc: { content: "paragraph" },
    paragraph: {
      content: "(text | hard_break)*",
      parseDOM: [{ tag: "p" }],
      toDOM: () => ["p", 0],
    },
    text: inlineNodes.text,
    hard_break: inlineNodes.hard_break,
  },
  marks,
})

/** The names of the nodes that hold items, by the type that the stream writes for their items. */
export const listTypes = {
  "unordered-list-item": { list: "bullet_list", item: "list_item" },
  "ordered-list-item": { list: "ordered_list", item: "list_item" },
  "task-list-item": { list: "task_list", item: "task_item" },
} as const
