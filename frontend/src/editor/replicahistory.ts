import type { Node } from "prosemirror-model"
import type { Binding } from "./binding"
import type { EngineDoc } from "./engine"
import { blocksOf, type Block } from "./flat"
import { diffBlocks } from "./flatdiff"
import { writeEdits } from "./flatedit"
import { toPos } from "./positions"

/** A stretch of an older document and who wrote it. */
export interface Authored {
  from: number
  to: number
  /** Actor in hex. */
  actor: string
}

/** What changed between two versions, in positions of the newer document. */
export interface Difference {
  doc: Node
  inserted: { from: number; to: number }[]
  deleted: { pos: number; text: string }[]
}

const path = "/text"

/** Looks at the document as it was. Nothing here changes history: restoring is a new change. */
export class Versions {
  readonly #binding: Binding
  readonly #engine: () => EngineDoc
  readonly #write: (edit: (engine: EngineDoc) => void) => void

  /** `write` runs an edit of the text, after what the person did before was written. */
  constructor(
    binding: Binding,
    engine: () => EngineDoc,
    write: (edit: (engine: EngineDoc) => void) => void,
  ) {
    this.#binding = binding
    this.#engine = engine
    this.#write = write
  }

  /** The document as it was at some heads. */
  at(heads: readonly string[]): Node {
    return this.#doc(this.#blocks(heads))
  }

  /** Who wrote what of that document: the actors of its characters. */
  authors(heads: readonly string[]): Authored[] {
    const doc = this.at(heads)
    const out: Authored[] = []
    this.#past(heads, (handle) => {
      const length = handle.length(path)
      let from = 0
      let last = ""
      for (let at = 0; at <= length; at++) {
        const actor = at === length ? "" : actorOf(handle.getCursor(path, at))
        if (actor === last) continue
        if (last !== "") out.push({ from: toPos(doc, from), to: toPos(doc, at), actor: last })
        ;[from, last] = [at, actor]
      }
    })
    return out.filter(({ from: start, to }) => to > start)
  }

  /**
   * Reads the document as it was from a copy that ends there: asking the whole one for each
   * character of an earlier state walks its history every time.
   */
  #past(heads: readonly string[], read: (handle: EngineDoc["handle"]) => void): void {
    const { handle } = this.#engine()
    if (same(heads, handle.getHeads())) {
      read(handle)
      return
    }
    const copy = handle.fork(undefined, [...heads])
    try {
      read(copy)
    } finally {
      copy.free()
    }
  }

  /** What changed from one version to another. */
  compare(before: readonly string[], after: readonly string[]): Difference {
    const [old, now] = [this.#blocks(before), this.#blocks(after)]
    const doc = this.#doc(now)
    const text = this.#text(old)
    const inserted: Difference["inserted"] = []
    const deleted: Difference["deleted"] = []
    let shift = 0
    for (const { at, del, insert } of diffBlocks(old, now).splices) {
      const size = insert.reduce(
        (sum, token) => sum + ("marker" in token ? 1 : token.text.length),
        0,
      )
      const pos = toPos(doc, at + shift)
      if (size > 0) inserted.push({ from: pos, to: toPos(doc, at + shift + size) })
      if (del > 0) deleted.push({ pos, text: text.slice(at, at + del) })
      shift += size - del
    }
    return { doc, inserted, deleted }
  }

  /** Makes the text what it was at some heads, as a new change. */
  restore(heads: readonly string[]): void {
    this.#write((engine) => {
      const edits = diffBlocks(this.#binding.text.blocks, this.#blocks(heads))
      writeEdits(engine, path, edits)
    })
  }

  #blocks(heads: readonly string[]): Block[] {
    return blocksOf(this.#engine().tokens(path, heads))
  }

  #doc(blocks: readonly Block[]): Node {
    const { decoder } = this.#binding
    const { nodes } = decoder.decode(blocks)
    const empty = decoder.schema.node("paragraph", { ghost: true })
    return decoder.schema.topNodeType.create(null, nodes.length > 0 ? nodes : [empty])
  }

  /** The characters of a stream; a block begins on a new line. */
  #text(blocks: readonly Block[]): string {
    return blocks
      .map(({ marker, runs }) => (marker ? "\n" : "") + runs.map((run) => run.text).join(""))
      .join("")
  }
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((head) => b.includes(head))

const actorOf = (cursor: string): string => cursor.split("@")[1] ?? ""
