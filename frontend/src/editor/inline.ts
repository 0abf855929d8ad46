import type { AttributeSpec, NodeSpec } from "prosemirror-model"

const attr = (value: string | number | null): AttributeSpec => ({ default: value })

/** A length in CSS px as it stands in a document, or null when it is none. */
const length = (text: string | null): number | null => {
  const value = Number.parseInt(text ?? "", 10)
  return value > 0 && value < 10_000 ? value : null
}

/**
 * What stands inside lines. An image names a stored file (`file`, hex), never an address: a
 * document cannot make anybody's computer fetch something. `unknown_embed` keeps the marker of an
 * embed that a newer version wrote.
 */
export const inlineNodes = {
  text: { group: "inline" },
  hard_break: {
    inline: true,
    group: "inline",
    selectable: false,
    linebreakReplacement: true,
    leafText: () => "\n",
    parseDOM: [{ tag: "br" }],
    toDOM: () => ["br"],
  },
  image: {
    inline: true,
    group: "inline",
    atom: true,
    draggable: true,
    attrs: {
      file: attr(""),
      name: attr(""),
      alt: attr(""),
      width: attr(null),
      height: attr(null),
    },
    parseDOM: [
      {
        tag: "img[data-file]",
        getAttrs: (dom: HTMLElement) => {
          const file = dom.dataset.file ?? ""
          if (!/^[0-9a-f]{1,256}$/.test(file)) return false
          return {
            file,
            name: (dom.dataset.name ?? "").slice(0, 255),
            alt: (dom.getAttribute("alt") ?? "").slice(0, 2000),
            width: length(dom.getAttribute("width")),
            height: length(dom.getAttribute("height")),
          }
        },
      },
    ],
    toDOM: (node) => {
      const shown: Record<string, string> = {
        "data-file": String(node.attrs.file),
        "data-name": String(node.attrs.name),
        alt: String(node.attrs.alt),
      }
      if (node.attrs.width) shown.width = String(node.attrs.width)
      if (node.attrs.height) shown.height = String(node.attrs.height)
      return ["img", shown]
    },
  },
  footnote: {
    inline: true,
    group: "inline",
    atom: true,
    attrs: { id: attr("") },
    parseDOM: [
      {
        tag: "sup[data-footnote]",
        getAttrs: (dom: HTMLElement) => {
          const id = dom.dataset.footnote ?? ""
          return /^[a-z2-7]{10}$/.test(id) ? { id } : false
        },
      },
    ],
    toDOM: (node) => ["sup", { "data-footnote": String(node.attrs.id) }],
  },
  unknown_embed: {
    inline: true,
    group: "inline",
    atom: true,
    attrs: { marker: attr("") },
    toDOM: () => ["span", { "data-unknown": "" }],
  },
} satisfies Record<string, NodeSpec>
