import type { Node } from "prosemirror-model"
import { PerNode } from "./blocks"
import type { FindQuery } from "./state"

/** Where the text that was looked for stands. */
export interface Match {
  from: number
  to: number
}

/** Matches that are counted in one document. */
const most = 20_000
/** Stands for an image or another embed, which no query can contain. */
const embed = "\ufffc"

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")

const pattern = ({ text, matchCase, wholeWord }: FindQuery): RegExp | null => {
  if (text === "") return null
  // Typed spaces find no-break spaces too, straight quotes find typographic ones.
  const found = escaped(text)
    .replace(/[ \u00a0\u202f]/g, "[ \\u00a0\\u202f]")
    .replace(/['’]/g, "['’]")
    .replace(/["“”]/g, '["“”]')
  const word = wholeWord ? `(?<![\\p{L}\\p{N}_])${found}(?![\\p{L}\\p{N}_])` : found
  return new RegExp(word, matchCase ? "gu" : "giu")
}

/** Finds one query. What it found in a block is kept as long as the block does not change. */
export class Matcher {
  /** True when the last document had more matches than are counted. */
  more = false
  readonly query: FindQuery
  readonly #pattern: RegExp | null
  readonly #inBlock = new PerNode<readonly Match[]>((block) => this.#find(block))

  constructor(query: FindQuery) {
    this.query = query
    this.#pattern = pattern(query)
  }

  /** The matches of a document in its order. A match never crosses the end of a block. */
  all(doc: Node): Match[] {
    const matches: Match[] = []
    this.more = false
    if (!this.#pattern) return matches
    doc.forEach((block, offset) => {
      if (this.more) return
      for (const match of this.#inBlock.of(block)) {
        if (matches.length >= most) {
          this.more = true
          return
        }
        matches.push({ from: offset + match.from, to: offset + match.to })
      }
    })
    return matches
  }

  /** Matches inside a block at the top, counted from its own position. */
  #find(block: Node): Match[] {
    if (block.isTextblock) return this.#inText(block, 1)
    const matches: Match[] = []
    block.descendants((node, pos) => {
      if (!node.isTextblock) return true
      matches.push(...this.#inText(node, pos + 2))
      return false
    })
    return matches
  }

  #inText(node: Node, start: number): Match[] {
    const text = node.textBetween(0, node.content.size, null, (leaf) =>
      leaf.type.name === "hard_break" ? "\n" : embed,
    )
    const matches: Match[] = []
    for (const found of text.matchAll(this.#pattern as RegExp))
      if (found[0] !== "")
        matches.push({ from: start + found.index, to: start + found.index + found[0].length })
    return matches
  }
}
