import type { Node } from "prosemirror-model"
import { TextSelection, type EditorState, type Transaction } from "prosemirror-state"
import type { EngineDoc, Patch } from "./engine"
import type { Block } from "./flat"
import { diffBlocks, type Edits } from "./flatdiff"
import { writeEdits } from "./flatedit"
import { applyPatches, shifted, type Patched } from "./flatpatch"
import { FlatText } from "./flattext"
import { fromRemote } from "./origin"
import { drawAs, indexOf, layoutOf, startsOf, toFlat, toPos } from "./positions"
import { rebase, type Pending } from "./replicaplugin"
import { regions, type Region } from "./regions"
import { schema } from "./schema"
import { Decoder } from "./tree"
import { Encoder, needsNeighbours } from "./treeencode"
import { Marks } from "./treemarks"
import { reconcile } from "./treesteps"
import { streamOrder } from "./treetable"

/** The part of an editor's view that a binding needs. */
export interface Surface {
  readonly state: EditorState
  dispatch(tr: Transaction): void
}

const path = "/text"

/**
 * Holds a ProseMirror document and the text of an Automerge document equal. What a person does is
 * shown at once and written by `write`; `shadow` is the document as the engine holds it. What
 * comes from elsewhere becomes the smallest steps.
 */
export class Binding {
  /** The stream as the engine holds it. */
  text = new FlatText([])
  /** The document that `text` stands for. */
  shadow: Node
  /** How often the view had to be put right after a person's edit, because the stream says it otherwise. */
  adjusted = 0
  /** Set when patches were not enough to follow the engine: the whole text was read again. */
  #anew = false
  readonly #notes = new Set<string>()
  /** Undefined while no editor shows the document. */
  surface: Surface | undefined

  constructor(
    readonly decoder: Decoder,
    readonly encoder: Encoder,
    shadow: Node,
  ) {
    this.shadow = shadow
  }

  /** A binding of an empty document. */
  static empty(): Binding {
    const doc = schema.topNodeType.create(null, schema.node("paragraph", { ghost: true }))
    return new Binding(new Decoder(new Marks(schema)), new Encoder(), doc)
  }

  /** The document as it is shown. */
  get doc(): Node {
    return this.surface?.state.doc ?? this.shadow
  }

  /** Whether there is something to write. */
  get dirty(): boolean {
    return this.doc !== this.shadow
  }

  /** Reads the whole text and returns the document for it. */
  read(engine: EngineDoc): Node {
    this.text = new FlatText(engine.tokens(path))
    return this.whole()
  }

  /** The document for the mirrored stream. */
  whole(): Node {
    return this.decoder.schema.topNodeType.create(null, this.decoder.decode(this.text.blocks).nodes)
  }

  /** Writes what changed since the last time into the engine's open change. */
  write(engine: EngineDoc): void {
    const now = this.doc
    this.#notes.clear()
    for (const region of this.#changed(this.shadow, now).reverse()) {
      const edits = this.#edits(region, now)
      writeEdits(engine, path, edits)
      for (const token of edits.splices.flatMap(({ insert }) => insert))
        if ("embed" in token && token.embed?.type === "footnote")
          this.#notes.add(String(token.embed.attrs.id))
    }
  }

  /** The footnotes in what `write` just wrote. */
  newNotes(): ReadonlySet<string> {
    return this.#notes
  }

  /** Follows the engine after `write` and its commit. Where it throws, all is still to be written. */
  follow(patches: readonly Patch[], engine: EngineDoc): void {
    this.#patch(patches, engine)
  }

  /** After `follow`: `shadow` is the shown document from now on, and shown as the stream says it. */
  wrote(): void {
    const now = this.doc
    const changed = this.#changed(this.shadow, now)
    this.shadow = now
    const tr = this.surface?.state.tr
    if (!tr) return
    const { blocks } = startsOf(now)
    const absent = changed.some(({ start, end }) =>
      now.children.slice(start, end).some((_, at) => blocks[start + at] === blocks[start + at + 1]),
    )
    if (!this.#anew && !absent && blocks[now.childCount] === this.text.blocks.length)
      this.#show(
        tr,
        now,
        changed.map(({ start, end }) => shownBlocks(now, start, end)),
      )
    else this.#all(tr)
    if (!tr.docChanged) return
    this.adjusted++
    this.#dispatch(tr)
  }

  /** Follows the engine after changes from elsewhere. Nothing may wait to be written. */
  receive(patches: readonly Patch[], engine: EngineDoc): void {
    const old = this.text.blocks
    const doc = this.shadow
    const state = this.surface?.state
    const selection =
      state && [state.selection.anchor, state.selection.head].map((pos) => toFlat(doc, pos))
    const patched = this.#patch(patches, engine)
    const tr = state?.tr
    if (!tr) {
      this.shadow = this.whole()
      return
    }
    const counted = startsOf(doc).blocks[doc.childCount] === old.length
    const hint = patched.shifts.length === 1 ? toPos(doc, patched.shifts[0]?.at ?? 0) : -1
    if (counted) this.#show(tr, doc, regions(old, this.text.blocks), hint)
    else this.#all(tr)
    if (!tr.docChanged) return
    this.#keepSelection(tr, state, selection ?? [], patched)
    this.#dispatch(tr)
  }

  /**
   * Reads another state of the engine and shows it; what the person did since the last `write` is
   * done again on top of it and waits to be written.
   */
  adopt(engine: EngineDoc, pending: readonly Pending[]): void {
    const doc = this.read(engine)
    const tr = this.surface?.state.tr
    if (!tr || !this.surface) {
      this.shadow = doc
      return
    }
    if (this.doc === this.shadow) {
      this.repair()
      return
    }
    rebase(tr, pending, () => {
      this.#all(tr)
      this.shadow = tr.doc
    })
    this.surface.dispatch(fromRemote(tr))
  }

  /** Shows exactly what the stream says. Returns whether anything had to be changed. */
  repair(): boolean {
    const tr = this.surface?.state.tr
    if (!tr) {
      this.shadow = this.whole()
      return false
    }
    this.#all(tr)
    if (tr.docChanged) this.#dispatch(tr)
    else this.shadow = tr.doc
    return tr.docChanged
  }

  #dispatch(tr: Transaction): void {
    // A plugin may change more on its own: that is to be written, as if a person had done it.
    this.shadow = tr.doc
    this.surface?.dispatch(fromRemote(tr))
  }

  #patch(patches: readonly Patch[], engine: EngineDoc): Patched {
    const patched = applyPatches(this.text, ["text"], patches, {
      marker: (at) => engine.marker(path, at),
      marks: (at) => engine.marks(path, at),
    })
    this.#anew = patched.doubtful
    if (patched.doubtful) this.text.replace(engine.tokens(path))
    return patched
  }

  /** The top nodes that differ, and those whose meaning depends on them. */
  #changed(old: Node, now: Node): Region[] {
    if (old === now) return []
    const found = regions(old.children, now.children)
    const alone = (old.childCount === 1) !== (now.childCount === 1)
    const out: Region[] = []
    for (const region of found) {
      let { from, to, start, end } = region
      if (
        alone &&
        start > 0 &&
        (needsNeighbours(old.firstChild) || needsNeighbours(now.firstChild))
      )
        [from, start] = [0, 0]
      while (to < old.childCount && end < now.childCount && needsNeighbours(now.child(end)))
        (to++, end++)
      const last = out.at(-1)
      if (last && (last.to >= from || last.end >= start)) [last.to, last.end] = [to, end]
      else out.push({ from, to, start, end })
    }
    return out
  }

  #edits({ from, to, start, end }: Region, now: Node): Edits {
    const old = this.encoder.encode(this.shadow, from, to)
    const base = startsOf(this.shadow).flat[from] ?? 0
    const edits = diffBlocks(old, this.encoder.encode(now, start, end), base)
    const order: number[] = []
    let mixed = false
    for (let index = from; index < to; index++) {
      const table = this.shadow.child(index)
      const drawn = streamOrder(table)
      if (drawn) mixed = true
      const first = order.length
      const count = layoutOf(table).blocks
      for (let at = 0; at < count; at++) order.push(first + (drawn?.[at] ?? at))
    }
    return mixed ? inStream(edits, old, order, base) : edits
  }

  /** Shows what the stream says where its blocks differ from those that `doc` shows. */
  #show(tr: Transaction, doc: Node, found: readonly Region[], hint = -1): void {
    for (const { first, last, start, end } of this.#spread(doc, found).reverse()) {
      const { nodes } = this.decoder.decode(this.text.blocks.slice(start, end))
      reconcile(tr, first, last, nodes, hint)
      nodes.forEach((node, at) => {
        const shown = tr.doc.maybeChild(first + at)
        if (shown) drawAs(shown, node)
      })
    }
  }

  /** The top nodes that regions of blocks touch, with neighbours that now belong to the same node. */
  #spread(
    doc: Node,
    found: readonly Region[],
  ): { first: number; last: number; start: number; end: number }[] {
    const { blocks } = startsOf(doc)
    const joined = (at: number) => {
      const [a, b] = [this.text.blocks[at - 1], this.text.blocks[at]]
      return a !== undefined && b !== undefined && this.decoder.joined(a, b)
    }
    const out: { first: number; last: number; start: number; end: number }[] = []
    for (let at = 0; at < found.length; at++) {
      let { from, to, start, end } = found[at] as Region
      const ahead = (index: number) => (blocks[index] ?? 0) - from + start
      const behind = (index: number) => (blocks[index] ?? 0) - to + end
      let first = indexOf(blocks, from)
      while (first > 0 && joined(ahead(first))) first--
      let last = first
      for (;;) {
        while ((blocks[last] ?? to) < to) last++
        const next = found[at + 1]
        const join = last < doc.childCount && joined(behind(last))
        if (next && (next.from < (blocks[last] ?? 0) || (join && next.from === blocks[last]))) {
          ;({ to, end } = next)
          at++
        } else if (join) last++
        else break
      }
      out.push({ first, last, start: ahead(first), end: behind(last) })
    }
    return out
  }

  #all(tr: Transaction): void {
    const { nodes } = this.decoder.decode(this.text.blocks)
    reconcile(tr, 0, tr.doc.childCount, nodes)
    tr.doc.forEach((shown, _offset, at) => {
      const node = nodes[at]
      if (node) drawAs(shown, node)
    })
  }

  /** A selection whose surroundings were replaced goes where the stream says that it is now. */
  #keepSelection(
    tr: Transaction,
    state: EditorState,
    flat: readonly number[],
    patched: Patched,
  ): void {
    const { selection } = state
    if (!(selection instanceof TextSelection)) return
    const places = [selection.anchor, selection.head].map((pos, at) => {
      const mapped = tr.mapping.mapResult(pos, -1)
      if (!mapped.deletedAcross && !mapped.deleted) return mapped.pos
      return toPos(tr.doc, shifted(flat[at] ?? 0, patched.shifts))
    })
    const [anchor, head] = places.map((pos) => tr.doc.resolve(Math.min(pos, tr.doc.content.size)))
    if (!anchor || !head) return
    const kept = TextSelection.between(anchor, head)
    if (kept.eq(tr.selection)) return
    tr.setSelection(kept)
    // Marks chosen for the next character stay chosen: the selection is the same one.
    tr.setStoredMarks(state.storedMarks)
  }
}

/** The blocks that children `from` to `to` of a document show. */
function shownBlocks(doc: Node, from: number, to: number): Region {
  const { blocks } = startsOf(doc)
  const [start, end] = [blocks[from] ?? 0, blocks[to] ?? 0]
  return { from: start, to: end, start, end }
}

/** Edits of a stretch with a table drawn in another order, at their places in the stream. */
function inStream(
  edits: Edits,
  drawn: readonly Block[],
  order: readonly number[],
  base: number,
): Edits {
  const from: number[] = []
  let at = base
  for (const block of drawn) {
    from.push(at)
    at += block.size
  }
  const to: number[] = []
  at = base
  order
    .map((_, place) => order.indexOf(place))
    .forEach((block) => {
      to[block] = at
      at += drawn[block]?.size ?? 0
    })
  const parts = (start: number, end: number): [number, number][] => {
    const out: [number, number][] = []
    drawn.forEach(({ size }, block) => {
      const [a, b] = [Math.max(start, from[block] ?? 0), Math.min(end, (from[block] ?? 0) + size)]
      const shift = (to[block] ?? 0) - (from[block] ?? 0)
      if (a < b) out.push([a + shift, b + shift])
    })
    return out
  }
  const place = (position: number) => {
    const before = parts(position - 1, position)[0]
    return before ? before[1] : base
  }
  const splices = edits.splices.flatMap(({ at: start, del, insert }) => {
    const deleted = parts(start, start + del).map(([a, b]) => ({ at: a, del: b - a, insert: [] }))
    return insert.length > 0 ? [...deleted, { at: place(start), del: 0, insert }] : deleted
  })
  splices.sort((a, b) => a.at - b.at || a.del - b.del)
  return {
    splices,
    markers: edits.markers.map((edit) => ({
      ...edit,
      at: parts(edit.at, edit.at + 1)[0]?.[0] ?? edit.at,
    })),
    marks: edits.marks.flatMap((edit) =>
      parts(edit.from, edit.to).map(([a, b]) => ({ ...edit, from: a, to: b })),
    ),
  }
}
