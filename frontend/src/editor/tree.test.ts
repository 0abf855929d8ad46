import { expect, test, vi } from "vitest"
import { Block, blocksOf, sameBlocks } from "./flat"
import { diffBlocks } from "./flatdiff"
import { layoutOf, startsOf, toFlat, toPos } from "./positions"
import { anyTokens } from "./acts.testing"
import { Random } from "./peers.testing"
import { schema } from "./schema"
import { Decoder } from "./tree"
import { Encoder } from "./treeencode"
import { Marks } from "./treemarks"
import { streamOrder } from "./treetable"

// Thousands of documents take a while where others use the machine.
vi.setConfig({ testTimeout: 120_000 })

const decoder = new Decoder(new Marks(schema))
const encoder = new Encoder()

function build(blocks: readonly Block[]) {
  const all = blocks.length > 0 ? blocks : [new Block(null, [])]
  const { nodes, counts } = decoder.decode(all)
  return { all, counts, doc: schema.topNodeType.create(null, nodes) }
}

test("any stream is shown as a valid document whose positions are those of the stream", () => {
  for (let seed = 1; seed <= 10_000; seed++) {
    const random = new Random(seed)
    const { all, counts, doc } = build(blocksOf(anyTokens(random, random.below(14))))
    doc.check()
    const encoded = encoder.encode(doc, 0, doc.childCount)
    expect(encoded.length).toBe(all.length)
    let first = 0
    doc.forEach((node, _offset, index) => {
      const layout = layoutOf(node)
      const order = streamOrder(node)
      for (let at = 0; at < layout.blocks; at++) {
        const real = all[first + (order?.[at] ?? at)]
        expect(encoded[first + at]?.size, `seed ${seed}`).toBe(real?.size)
        expect(encoded[first + at]?.marker === null).toBe(real?.marker === null)
      }
      if (doc.childCount > 1) expect(layout.blocks).toBe(counts[index])
      first += counts[index] ?? 0
    })
  }
})

test("a document that is built from its own encoding is the same one", () => {
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = new Random(seed)
    const { doc } = build(blocksOf(anyTokens(random, random.below(14))))
    const encoded = encoder.encode(doc, 0, doc.childCount)
    const again = build(encoded).doc
    const twice = encoder.encode(again, 0, again.childCount)
    expect(sameBlocks(encoded, twice), `seed ${seed}`).toBe(true)
  }
})

test("what is not changed is not written", () => {
  for (let seed = 1; seed <= 500; seed++) {
    const { doc } = build(blocksOf(anyTokens(new Random(seed), 12)))
    const copy = schema.nodeFromJSON(doc.toJSON())
    const [old, now] = [doc, copy].map((one) => encoder.encode(one, 0, one.childCount))
    expect(diffBlocks(old ?? [], now ?? [])).toEqual({ splices: [], markers: [], marks: [] })
  }
})

test("every place in text has a place in the stream and comes back from it", () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    const { doc } = build(blocksOf(anyTokens(new Random(seed), 12)))
    doc.descendants((node, pos) => {
      const ghost = node.attrs.ghost === true && node.content.size === 0
      if (!node.isTextblock || ghost) return
      for (let at = pos + 1; at <= pos + 1 + node.content.size; at++) {
        const flat = toFlat(doc, at)
        expect(flat).toBeLessThanOrEqual(startsOf(doc).flat[doc.childCount] ?? 0)
        const back = toPos(doc, flat)
        expect(toFlat(doc, back), `seed ${seed}`).toBe(flat)
      }
    })
  }
})
