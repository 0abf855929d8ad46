import type { Mark, MarkSpec, TagParseRule } from "prosemirror-model"
import { safeLink } from "./links"

/** A colour as it stands in a document. */
const hex = /^#[0-9a-f]{6}$/

/** A stretch whose colour an attribute names; what is pasted is brought into this form. */
const colored = (name: "color" | "highlight"): TagParseRule => ({
  tag: `span[data-${name}]`,
  consuming: false,
  getAttrs: (dom) => {
    const color = dom.dataset[name] ?? ""
    return hex.test(color) ? { color } : false
  },
})

const link: TagParseRule = {
  tag: "a[href]",
  getAttrs: (dom) => {
    const href = safeLink(dom.getAttribute("href") ?? "")
    return href ? { href, title: dom.getAttribute("title") } : false
  },
}

const span = (name: string, value: unknown): Record<string, string> => ({ [name]: String(value) })

/**
 * The marks, outermost first. Comments and suggestions may lie over each other and over
 * everything; they never grow by typing at their ends. They are not parsed: what is copied is text,
 * not somebody's comment on it.
 */
export const marks = {
  comment: {
    attrs: { id: { default: "" } },
    inclusive: false,
    excludes: "",
    toDOM: (mark: Mark) => ["span", { class: "comment", ...span("data-comment", mark.attrs.id) }],
  },
  suggestion: {
    attrs: { id: { default: "" }, kind: { default: "insert" } },
    inclusive: false,
    excludes: "",
    // What the engine copies of a drawn proposal while typing is neither struck nor underlined.
    parseDOM: [{ tag: "del.suggestion, ins.suggestion", priority: 70, skip: true }],
    toDOM: (mark: Mark) => [
      mark.attrs.kind === "delete" ? "del" : "ins",
      { class: "suggestion", ...span("data-suggestion", mark.attrs.id) },
    ],
  },
  highlight: {
    attrs: { color: { default: "#fff3a3" } },
    parseDOM: [colored("highlight"), { tag: "mark", getAttrs: () => ({ color: "#fff3a3" }) }],
    toDOM: (mark: Mark) => [
      "span",
      { class: "highlight", style: `--chosen: ${String(mark.attrs.color)}` },
    ],
  },
  color: {
    attrs: { color: { default: "#000000" } },
    parseDOM: [colored("color")],
    toDOM: (mark: Mark) => [
      "span",
      { class: "color", style: `--chosen: ${String(mark.attrs.color)}` },
    ],
  },
  link: {
    attrs: { href: { default: "" }, title: { default: null } },
    inclusive: false,
    parseDOM: [link],
    toDOM: (mark: Mark) => {
      const shown: Record<string, string> = { rel: "noopener noreferrer nofollow" }
      const href = safeLink(String(mark.attrs.href))
      if (href) shown.href = href
      if (mark.attrs.title) shown.title = String(mark.attrs.title)
      return ["a", shown]
    },
  },
  strong: {
    parseDOM: [{ tag: "strong" }, { tag: "b" }],
    toDOM: () => ["strong"],
  },
  em: {
    parseDOM: [{ tag: "i" }, { tag: "em" }],
    toDOM: () => ["em"],
  },
  underline: {
    parseDOM: [{ tag: "u" }],
    toDOM: () => ["u"],
  },
  strike: {
    parseDOM: [{ tag: "s" }, { tag: "strike" }, { tag: "del" }],
    toDOM: () => ["s"],
  },
  code: {
    inclusive: false,
    code: true,
    parseDOM: [{ tag: "code" }, { tag: "kbd" }, { tag: "samp" }],
    toDOM: () => ["code", { spellcheck: "false" }],
  },
} satisfies Record<string, MarkSpec>
