import { Fragment, type Node, type Schema } from "prosemirror-model"
import type { Block, Marker } from "./flat"
import { isAtom } from "./flat"
import { listTypes } from "./schema"
import { decodeInline, decodePlain } from "./treeinline"
import type { Marks } from "./treemarks"
import { decodeTable, inTable } from "./treetable"

/** Blocks as nodes. */
export interface Decoded {
  nodes: Node[]
  /** How many blocks each of the nodes is made of. */
  counts: number[]
}

/** Deeper markers are shown as unknown ones: nobody nests that deep by hand. */
const deepest = 24
/** The highest number that a list may start with. */
const mostStart = 99_999
const aligns = ["left", "center", "right", "justify"]

/** Whether items of a list have this type. */
export const isItem = (type: string): type is keyof typeof listTypes =>
  Object.prototype.hasOwnProperty.call(listTypes, type)

/** What holds a block, outermost first: as much of its parents as is known here. */
export function containers(marker: Marker | null): readonly string[] {
  if (!marker || marker.parents.length > deepest) return []
  const { parents } = marker
  const first = parents[0] === "table-cell" ? (inTable(marker) ? 1 : 0) : 0
  if (first === 0 && parents[0] === "table-cell") return []
  let known = first
  while (
    known < parents.length &&
    (isItem(parents[known] ?? "") || parents[known] === "blockquote")
  )
    known++
  return known === parents.length ? parents : parents.slice(0, known)
}

/** Builds nodes from blocks. Text blocks are kept per block, so that what did not change is the same node. */
export class Decoder {
  readonly schema: Schema
  readonly #texts = new WeakMap<Block, Node>()

  constructor(readonly marks: Marks) {
    this.schema = marks.schema
  }

  /** The top nodes of blocks that begin and end at the boundaries of top nodes. */
  decode(blocks: readonly Block[]): Decoded {
    const out: Decoded = { nodes: [], counts: [] }
    for (let at = 0; at < blocks.length;) {
      const end = this.#group(blocks, at, blocks.length, 0)
      const block = blocks[at]
      if (!block) break
      const marker = block.marker
      if (marker && containers(marker)[0] === "table-cell")
        out.nodes.push(
          decodeTable(
            blocks.slice(at, end),
            (cell) => this.build(cell, 0, cell.length, 1),
            this.schema,
          ),
        )
      else out.nodes.push(...this.build(blocks, at, end, 0))
      out.counts.push(end - at)
      at = end
    }
    return out
  }

  /** Whether two neighbours belong to one top node. */
  joined(before: Block, after: Block): boolean {
    return this.#group([before, after], 0, 2, 0) === 2
  }

  /** The nodes of blocks `from` to `to` inside `depth` containers. */
  build(blocks: readonly Block[], from: number, to: number, depth: number): Node[] {
    const nodes: Node[] = []
    for (let at = from; at < to;) {
      const block = blocks[at]
      if (!block) break
      const end = this.#group(blocks, at, to, depth)
      const kind = this.#kind(block, depth)
      if (kind === "blockquote")
        nodes.push(this.#node("blockquote", null, this.build(blocks, at, end, depth + 1)))
      else if (kind !== null && isItem(kind)) nodes.push(this.#list(kind, blocks, at, end, depth))
      else nodes.push(this.#text(block))
      at = end
    }
    return nodes
  }

  /** What a block opens at a depth: a quote, a list, or null when it stands there itself. */
  #kind(block: Block, depth: number): string | null {
    const inside = containers(block.marker)
    const type = block.marker?.type ?? ""
    if (depth < inside.length) return inside[depth] ?? null
    return this.#plainItem(block, inside) ? type : null
  }

  /** Whether a block is an item itself: of a known type, with known containers only. */
  #plainItem({ marker }: Block, inside: readonly string[]): boolean {
    return (
      marker !== null &&
      !marker.embed &&
      isItem(marker.type) &&
      inside.length === marker.parents.length
    )
  }

  /** Where the node that begins at `from` ends. */
  #group(blocks: readonly Block[], from: number, to: number, depth: number): number {
    const first = blocks[from]
    if (!first) return from + 1
    const kind = this.#kind(first, depth)
    let end = from + 1
    if (kind === null) return end
    for (let next = blocks[end]; end < to && next; next = blocks[++end]) {
      if (this.#kind(next, depth) !== kind) break
      if (kind === "table-cell" && next.marker?.attrs.table !== first.marker?.attrs.table) break
      if (isItem(kind) || kind === "table-cell") continue
      // A quote goes on while its blocks name it.
      if (containers(next.marker).length <= depth) break
    }
    return end
  }

  #list(
    kind: keyof typeof listTypes,
    blocks: readonly Block[],
    from: number,
    to: number,
    depth: number,
  ): Node {
    const names = listTypes[kind]
    const items: Node[] = []
    for (let at = from; at < to;) {
      const first = blocks[at]
      if (!first) break
      const own = containers(first.marker).length === depth
      let end = own ? at + 1 : at
      for (let next = blocks[end]; end < to && next; next = blocks[++end])
        if (containers(next.marker).length <= depth) break
      const text = own ? this.#text(first) : this.#node("paragraph", { ghost: true }, [])
      const rest = this.build(blocks, own ? at + 1 : at, end, depth + 1)
      const attrs =
        names.item === "task_item" ? { checked: own && first.marker?.attrs.checked === true } : null
      items.push(this.#node(names.item, attrs, [text, ...rest]))
      at = end
    }
    const first = blocks[from]?.marker ?? null
    const start = containers(first).length === depth ? first?.attrs.start : undefined
    const counts =
      typeof start === "number" && Number.isSafeInteger(start) && start >= 1 && start <= mostStart
    return this.#node(names.list, kind === "ordered-list-item" && counts ? { start } : null, items)
  }

  #text(block: Block): Node {
    let node = this.#texts.get(block)
    if (!node) this.#texts.set(block, (node = this.#makeText(block)))
    return node
  }

  #makeText({ marker, runs }: Block): Node {
    const { schema } = this
    const inline = () => decodeInline(runs, this.marks)
    if (!marker) return this.#node("paragraph", { ghost: true }, inline())
    const { attrs, type } = marker
    const align = aligns.includes(String(attrs.align)) ? attrs.align : null
    const known = containers(marker).length === marker.parents.length && !marker.embed
    if (known && isAtom(marker))
      return this.#node(type === "page-break" ? "page_break" : "table_of_contents", null, [])
    if (known && (type === "paragraph" || isItem(type)))
      return this.#node("paragraph", { align }, inline())
    if (known && type === "heading")
      return this.#node("heading", { level: level(attrs.level), align }, inline())
    if (known && type === "code-block") {
      const language =
        typeof attrs.language === "string" && attrs.language !== "" ? attrs.language : null
      return this.#node("code_block", { language }, decodePlain(runs, schema))
    }
    return this.#node("paragraph", { align, marker: JSON.stringify(marker) }, inline())
  }

  #node(name: string, attrs: Record<string, unknown> | null, content: readonly Node[]): Node {
    const type = this.schema.nodes[name]
    if (!type) throw new RangeError(`the schema has no ${name}`)
    return type.create(attrs, Fragment.fromArray([...content]))
  }
}

const level = (value: unknown): number =>
  typeof value === "number" && value >= 1 ? Math.min(Math.trunc(value), 4) : 1
