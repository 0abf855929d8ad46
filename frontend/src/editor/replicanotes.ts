import type { Node } from "prosemirror-model"
import type { EngineDoc, Patch } from "./engine"
import { Block, embedText } from "./flat"
import { diffBlocks } from "./flatdiff"
import { writeEdits } from "./flatedit"
import { noteSchema } from "./schema"
import type { Notes } from "./source"
import { decodeInline, encodeInline } from "./treeinline"
import { Marks } from "./treemarks"

const validId = /^[a-z2-7]{1,64}$/

/** The texts of footnotes: objects of their own under `notes`, small, so read and compared whole. */
export class NoteTexts implements Notes {
  readonly #marks = new Marks(noteSchema)
  readonly #written = new Map<string, Node>()
  readonly #shown = new Map<string, Node>()
  readonly #watchers = new Map<string, Set<() => void>>()
  readonly #changed: () => void
  #engine: EngineDoc | null = null

  /** `changed` is called when something waits to be written. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  get dirty(): boolean {
    return this.#written.size > 0
  }

  /** Null while there is no engine to read from. */
  attach(engine: EngineDoc | null): void {
    this.#engine = engine
    if (!engine) return
    this.#shown.clear()
    for (const watchers of this.#watchers.values()) for (const changed of watchers) changed()
  }

  read(id: string): Node {
    const waiting = this.#written.get(id)
    if (waiting) return waiting
    let shown = this.#shown.get(id)
    if (!shown) {
      const runs = this.#block(id)?.runs ?? []
      shown = noteSchema.node(
        "doc",
        null,
        noteSchema.node("paragraph", null, decodeInline(runs, this.#marks)),
      )
      if (this.#engine) this.#shown.set(id, shown)
    }
    return shown
  }

  write(id: string, text: Node): void {
    if (!validId.test(id)) return
    this.#written.set(id, text)
    this.#changed()
  }

  watch(id: string, changed: () => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set()
    watchers.add(changed)
    this.#watchers.set(id, watchers)
    return () => watchers.delete(changed)
  }

  /** Makes the objects of notes that somebody just put into the text, so that no two people make one. */
  make(engine: EngineDoc, ids: Iterable<string>): void {
    for (const id of ids)
      if (validId.test(id) && engine.handle.getWithType("/notes", id)?.[0] !== "text")
        engine.handle.putObject("/notes", id, "")
  }

  /** Writes what waits into the engine's open change. */
  flush(engine: EngineDoc): void {
    for (const [id, node] of this.#written) {
      this.make(engine, [id])
      const shown = decodeInline(this.#block(id)?.runs ?? [], this.#marks)
      const before = noteSchema.node("paragraph", null, shown)
      const edits = diffBlocks([block(before)], [block(node.firstChild ?? before)])
      writeEdits(engine, `/notes/${id}`, edits)
      this.#shown.delete(id)
    }
  }

  /** What `flush` wrote is in the engine now. */
  flushed(): void {
    this.#written.clear()
  }

  /** Follows the engine after changes from elsewhere. */
  receive(patches: readonly Patch[]): void {
    const touched = new Set(
      patches.flatMap(({ path }) => (path[0] === "notes" ? String(path[1]) : [])),
    )
    for (const id of touched) {
      this.#shown.delete(id)
      for (const changed of this.#watchers.get(id) ?? []) changed()
    }
  }

  /** A note as one block; markers, which nobody puts there, count as characters. */
  #block(id: string): Block | null {
    if (!this.#engine || !validId.test(id)) return null
    const found = this.#engine.handle.getWithType("/notes", id)
    if (found?.[0] !== "text") return null
    const runs = this.#engine
      .tokens(`/notes/${id}`)
      .map((token) =>
        "marker" in token || token.embed
          ? { text: embedText, marks: { key: "", list: [] }, embed: null }
          : token,
      )
    return new Block(null, runs)
  }
}

const block = (paragraph: Node): Block => new Block(null, encodeInline(paragraph.content))
