import type { Node } from "prosemirror-model"
import { setStreamOrder, streamOrder } from "./treetable"

/** A block of text within a top node. */
interface Text {
  /** Where its text begins, counted from the position before the top node. */
  pos: number
  /** Where its text begins in the stream, counted from the top node's first position there. */
  flat: number
  size: number
}

/** Where a top node's text lies in the stream. */
export interface Layout {
  texts: readonly Text[]
  /** Positions in the stream. */
  size: number
  /** Blocks in the stream. */
  blocks: number
}

const layouts = new WeakMap<Node, Layout>()

/** The layout of a top node, kept per node. An empty ghost has no place in the stream. */
export function layoutOf(node: Node): Layout {
  let layout = layouts.get(node)
  if (!layout) layouts.set(node, (layout = measure(node)))
  return layout
}

/** Lets a shown table be read from the stream as the equal one that was just built from it. */
export function drawAs(shown: Node, built: Node): void {
  if (shown !== built && setStreamOrder(shown, built)) layouts.delete(shown)
}

function measure(node: Node): Layout {
  const drawn: { pos: number; size: number; marker: number }[] = []
  const add = (text: Node, pos: number) => {
    const ghost = text.attrs.ghost === true
    if (ghost && text.content.size === 0) return
    drawn.push({ pos, size: text.content.size, marker: ghost ? 0 : 1 })
  }
  if (node.isTextblock) add(node, 1)
  else if (node.isLeaf) return { texts: [], size: 1, blocks: 1 }
  else
    node.descendants((child, pos) => {
      if (child.isTextblock) add(child, pos + 2)
      return !child.isTextblock
    })
  const order = streamOrder(node)
  const stream = order ? drawn.map((_, at) => order.indexOf(at)) : drawn.map((_, at) => at)
  const flats: number[] = []
  let size = 0
  for (const at of stream) {
    const text = drawn[at]
    if (!text) continue
    flats[at] = size + text.marker
    size += text.marker + text.size
  }
  const texts = drawn.map(({ pos, size: length }, at) => ({
    pos,
    size: length,
    flat: flats[at] ?? 0,
  }))
  return { texts, size, blocks: drawn.length }
}

/** Where the blocks and positions of each top node begin; one more entry than nodes. */
export interface Starts {
  blocks: Int32Array
  flat: Int32Array
}

const starts = new WeakMap<Node, Starts>()

/** The beginnings of all top nodes in the stream, kept per document. */
export function startsOf(doc: Node): Starts {
  let found = starts.get(doc)
  if (found) return found
  const count = doc.childCount
  found = { blocks: new Int32Array(count + 1), flat: new Int32Array(count + 1) }
  for (let index = 0; index < count; index++) {
    const { size, blocks } = layoutOf(doc.child(index))
    found.blocks[index + 1] = (found.blocks[index] ?? 0) + blocks
    found.flat[index + 1] = (found.flat[index] ?? 0) + size
  }
  // The whole of an empty document is one block without a marker.
  if (found.blocks[count] === 0) found.blocks[count] = 1
  starts.set(doc, found)
  return found
}

/** The last index whose start is not after a value. */
export function indexOf(starting: Int32Array, value: number): number {
  let low = 0
  let high = starting.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starting[middle] ?? 0) <= value) low = middle
    else high = middle - 1
  }
  return low
}

/** The position before child number `index`. */
export function before(doc: Node, index: number): number {
  let pos = 0
  for (let at = 0; at < index; at++) pos += doc.child(at).nodeSize
  return pos
}

/** The place in the stream of a position of the document; outside of text, the nearest text. */
export function toFlat(doc: Node, pos: number): number {
  const index = Math.min(doc.resolve(Math.min(pos, doc.content.size)).index(0), doc.childCount - 1)
  const inside = pos - before(doc, index)
  const base = startsOf(doc).flat[index] ?? 0
  const { texts, size } = layoutOf(doc.child(index))
  let nearest: { flat: number; far: number } | null = null
  for (const text of texts) {
    const offset = Math.min(Math.max(inside - text.pos, 0), text.size)
    const far = Math.abs(inside - text.pos - offset)
    if (!nearest || far < nearest.far) nearest = { flat: base + text.flat + offset, far }
  }
  return nearest?.flat ?? base + (inside > 0 ? size : 0)
}

/** The position of the document for a place in the stream. */
export function toPos(doc: Node, flat: number): number {
  const { flat: starting } = startsOf(doc)
  for (let index = Math.min(indexOf(starting, flat), doc.childCount - 1); index >= 0; index--) {
    const base = starting[index] ?? 0
    const { texts, size } = layoutOf(doc.child(index))
    const pos = before(doc, index)
    const text = texts.find((one) => flat - base >= one.flat && flat - base <= one.flat + one.size)
    if (text) return pos + text.pos + flat - base - text.flat
    if (flat - base === size && size > 0) return pos + doc.child(index).nodeSize
    if (flat - base > 0) return pos
  }
  return 0
}
