import type { Mark, MarkSpec, TagParseRule } from "prosemirror-model"
import { safeLink } from "./links"

/** A colour as it stands in a document: "#rrggbb" in lower case, or null for anything else. */
export function hexColor(css: string): string | null {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(css.trim())?.[1]?.toLowerCase()
  if (hex) return `#${hex.length === 3 ? hex.replace(/./g, "$&$&") : hex}`
  const rgb = /^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)\s*(?:[,/]\s*([\d.]+)%?\s*)?\)$/i.exec(
    css.trim(),
  )
  if (!rgb || Number(rgb[4] ?? 1) === 0) return null
  const parts = [rgb[1], rgb[2], rgb[3]].map((part) => Math.min(255, Number(part)))
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`
}

const bold = (value: string) => /^(bold(er)?|[5-9]\d{2,})$/.test(value) && null
const has = (word: string) => (value: string) => value.includes(word) && null

/** A colour that carries no meaning of its own: the black on white of other word processors. */
const plain = (color: string | null) =>
  color === null || ["#000000", "#ffffff", "#222222", "#333333"].includes(color)

const colored = (value: string) => {
  const color = hexColor(value)
  return plain(color) ? false : { color }
}

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
    parseDOM: [
      { style: "background-color", getAttrs: colored },
      { tag: "mark", getAttrs: () => ({ color: "#fff3a3" }) },
    ],
    toDOM: (mark: Mark) => [
      "span",
      { class: "highlight", style: `--chosen: ${String(mark.attrs.color)}` },
    ],
  },
  color: {
    attrs: { color: { default: "#000000" } },
    parseDOM: [{ style: "color", getAttrs: colored }],
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
    parseDOM: [
      { tag: "strong" },
      { tag: "b", getAttrs: (dom: HTMLElement) => dom.style.fontWeight !== "normal" && null },
      { style: "font-weight", getAttrs: bold },
      { style: "font-weight=400", clearMark: (mark: Mark) => mark.type.name === "strong" },
      { style: "font-weight=normal", clearMark: (mark: Mark) => mark.type.name === "strong" },
    ],
    toDOM: () => ["strong"],
  },
  em: {
    parseDOM: [
      { tag: "i" },
      { tag: "em" },
      { style: "font-style=italic" },
      { style: "font-style=normal", clearMark: (mark: Mark) => mark.type.name === "em" },
    ],
    toDOM: () => ["em"],
  },
  underline: {
    parseDOM: [
      { tag: "u" },
      { style: "text-decoration", consuming: false, getAttrs: has("underline") },
      { style: "text-decoration-line", consuming: false, getAttrs: has("underline") },
    ],
    toDOM: () => ["u"],
  },
  strike: {
    parseDOM: [
      { tag: "s" },
      { tag: "strike" },
      { tag: "del" },
      { style: "text-decoration", consuming: false, getAttrs: has("line-through") },
      { style: "text-decoration-line", consuming: false, getAttrs: has("line-through") },
    ],
    toDOM: () => ["s"],
  },
  code: {
    inclusive: false,
    code: true,
    parseDOM: [{ tag: "code" }, { tag: "kbd" }, { tag: "samp" }],
    toDOM: () => ["code", { spellcheck: "false" }],
  },
} satisfies Record<string, MarkSpec>
