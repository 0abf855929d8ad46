import { Block, blocksOf, cutTokens, embedText, noMarks, pushRun, withMark } from "./flat"
import type { Marker, Run, Scalar, Token } from "./flat"

/** Where a position lies: in which block, and how far behind the block's beginning. */
export interface Place {
  block: number
  offset: number
}

/**
 * The stream of one text as a list of blocks, changed in place by position. It mirrors what the
 * engine holds; finding a position walks the sizes of the blocks, microseconds for thousands.
 */
export class FlatText {
  #blocks: readonly Block[]

  constructor(tokens: readonly Token[]) {
    this.#blocks = atLeastOne(blocksOf(tokens))
  }

  /** Never changed in place: who keeps it keeps that state. */
  get blocks(): readonly Block[] {
    return this.#blocks
  }

  get length(): number {
    let length = 0
    for (const block of this.#blocks) length += block.size
    return length
  }

  /** Where block number `index` begins. */
  start(index: number): number {
    let at = 0
    for (let block = 0; block < index; block++) at += this.#blocks[block]?.size ?? 0
    return at
  }

  /** The block whose text or end holds a position; a position before a marker ends the block before. */
  place(at: number): Place {
    let start = 0
    const last = this.#blocks.length - 1
    for (let index = 0; ; index++) {
      const size = this.#blocks[index]?.size ?? 0
      if (index === last || at <= start + size) return { block: index, offset: at - start }
      start += size
    }
  }

  /** The marker or embed at a position, or null where a character stands. */
  markerAt(at: number): Marker | null {
    const { block, offset } = this.place(at + 1)
    const found = this.#blocks[block]
    const token = found && cutTokens(found.tokens(), offset - 1, offset)[0]
    if (!token) return null
    return "marker" in token ? token.marker : token.embed
  }

  /** Replaces `del` positions at a position. */
  splice(at: number, del: number, insert: readonly Token[]): void {
    const blocks = this.#blocks
    let { block: first, offset } = this.place(at)
    if (first > 0 && !blocks[first]?.marker) {
      first--
      offset += blocks[first]?.size ?? 0
    }
    let last = first
    let size = blocks[first]?.size ?? 0
    while (last + 1 < blocks.length && (size < offset + del || !blocks[last + 1]?.marker)) {
      last++
      size += blocks[last]?.size ?? 0
    }
    const old = blocks.slice(first, last + 1).flatMap((block) => block.tokens())
    const tokens = [...cutTokens(old, 0, offset), ...insert, ...cutTokens(old, offset + del, size)]
    const made = blocksOf(tokens)
    this.#blocks = atLeastOne([...blocks.slice(0, first), ...made, ...blocks.slice(last + 1)])
  }

  /** Holds another stream; blocks that are equal stay the same ones. */
  replace(tokens: readonly Token[]): void {
    const known = new Map(this.#blocks.map((block) => [block.key, block]))
    const blocks = blocksOf(tokens).map((block) => {
      const same = known.get(block.key) ?? block
      known.delete(block.key)
      return same
    })
    this.#blocks = atLeastOne(blocks)
  }

  /** Sets a mark on the text between two positions, or takes it away where the value is null. */
  mark(from: number, to: number, name: string, value: Scalar | null): void {
    const blocks = [...this.#blocks]
    let start = 0
    for (let index = 0; index < blocks.length && start < to; index++) {
      const block = blocks[index]
      if (!block) break
      const text = block.marker ? start + 1 : start
      start += block.size
      if (start <= from || text >= to || block.length === 0) continue
      blocks[index] = new Block(
        block.marker,
        marked(block.runs, from - text, to - text, name, value),
      )
    }
    this.#blocks = blocks
  }

  /** Puts another marker in the place of the one at a position. */
  setMarker(at: number, marker: Marker): void {
    const place = this.place(at + 1)
    const block = this.#blocks[place.block]
    const token = block && cutTokens(block.tokens(), place.offset - 1, place.offset)[0]
    if (!token) return
    const marks = "marker" in token ? noMarks : token.marks
    this.splice(at, 1, [marker.embed ? { text: embedText, marks, embed: marker } : { marker }])
  }
}

const atLeastOne = (blocks: readonly Block[]): readonly Block[] =>
  blocks.length > 0 ? blocks : [new Block(null, [])]

function marked(
  runs: readonly Run[],
  from: number,
  to: number,
  name: string,
  value: Scalar | null,
): Run[] {
  const out: Run[] = []
  let at = 0
  for (const run of runs) {
    const size = run.text.length
    const start = Math.min(Math.max(from - at, 0), size)
    const end = Math.min(Math.max(to - at, 0), size)
    at += size
    if (start >= end) pushRun(out, run)
    else {
      pushRun(out, { ...run, text: run.text.slice(0, start) })
      pushRun(out, {
        ...run,
        text: run.text.slice(start, end),
        marks: withMark(run.marks, name, value),
      })
      pushRun(out, { ...run, text: run.text.slice(end) })
    }
  }
  return out
}
