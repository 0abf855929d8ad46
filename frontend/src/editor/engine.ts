import type * as Automerge from "@automerge/automerge/slim/next"
import wasm from "@automerge/automerge/automerge.wasm?url"
import { readMarker, readMarks, readSpans } from "./flatpatch"
import type { Marker, MarkSet, Token } from "./flat"
import { untold } from "./untold"

type Library = typeof Automerge
type Handle = ReturnType<Library["getBackend"]>

/** Patches of the engine: what a change did to the shown state. */
export type Patch = Automerge.Patch

/**
 * Makes documents of Automerge. The engine is fetched on first use, so that a page which shows no
 * document does not pay for it.
 */
export class Engine {
  private constructor(readonly library: Library) {}

  /** `source` is the engine's program; without it the page's own file is fetched. */
  static async start(source?: Uint8Array | string): Promise<Engine> {
    const library = await import("@automerge/automerge/slim/next")
    if (!library.isWasmInitialized()) await library.initializeWasm(source ?? wasm)
    return new Engine(library)
  }

  /** Opens a file. Throws where it is not one. */
  load(file: Uint8Array, actor: string): EngineDoc {
    return new EngineDoc(this.library, this.library.getBackend(this.library.load(file, { actor })))
  }

  /** The hash of a change, in hex. Throws on bytes that are no change. */
  hash(change: Uint8Array): string {
    return this.library.decodeChange(change).hash
  }

  decode(change: Uint8Array): Automerge.DecodedChange {
    return this.library.decodeChange(change)
  }
}

/** Whether the engine itself stopped in the middle of something: its document is of no use any more. */
export const isBroken = (error: unknown): boolean =>
  error instanceof WebAssembly.RuntimeError ||
  /recursive use of an object|null pointer/.test(String(error))

/** Positions in one change: up to four bytes each stay below 512 KiB. */
const largest = 100_000

/**
 * One document in the engine. It is changed in place and cheap to change (hundredths of a
 * millisecond); `spans` and `save` walk all of it.
 */
export class EngineDoc {
  /** Set when an edit failed and could not be taken back: the document must be loaded again. */
  spoiled = false
  #changes: Uint8Array[] = []
  #weight = 0
  #at = 0

  constructor(
    readonly library: Library,
    readonly handle: Handle,
  ) {
    handle.updateDiffCursor()
  }

  get actor(): string {
    return this.handle.getActorId()
  }

  heads(): string[] {
    return this.handle.getHeads()
  }

  /** A scalar string: one that is replaced as a whole, not merged. */
  text(value: string): Automerge.RawString {
    return new this.library.RawString(value)
  }

  /**
   * Tells how much was just written. A change that grew large is ended, and the next one begun, so
   * that none is larger than what a message between computers may be.
   */
  grew(positions: number): void {
    this.#weight += positions
    if (this.#weight >= largest) this.#end()
  }

  #end(): void {
    this.#weight = 0
    if (this.handle.pendingOps() === 0) return
    this.handle.commit(undefined, Math.floor(this.#at / 1000))
    const change = this.handle.getLastLocalChange()
    if (change) this.#changes.push(change)
  }

  /**
   * Runs an edit as one change (or several, where it is large) with a time in milliseconds. Returns
   * the changes and what they did, or null when nothing was changed. Where it throws, no change was
   * made; see also `spoiled`.
   */
  change(at: number, edit: () => void): { changes: Uint8Array[]; patches: Patch[] } | null {
    this.#at = at
    try {
      edit()
      this.#end()
      const changes = this.#changes
      return changes.length > 0 ? { changes, patches: this.handle.diffIncremental() } : null
    } catch (error) {
      this.spoiled = isBroken(error) || this.#changes.length > 0
      if (!this.spoiled) this.handle.rollback()
      throw error
    } finally {
      this.#changes = []
      this.#weight = 0
    }
  }

  /** What changed in the shown state since this was asked last, by changes of others. */
  patches(changes: readonly Uint8Array[]): Patch[] {
    return [...this.handle.diffIncremental(), ...untold(this, changes)]
  }

  /** Takes changes of others. Throws on a bad one. */
  apply(changes: readonly Uint8Array[]): Patch[] {
    this.handle.applyChanges([...changes])
    return this.patches(changes)
  }

  /** The whole stream of a text, now or as it was at some heads. */
  tokens(path: string, heads?: readonly string[]): Token[] {
    const at = heads && [...heads]
    const marks = (place: number) => this.handle.marksAt(path, place, at)
    return readSpans(this.handle.spans(path, at), marks)
  }

  /** The block marker or embed at a position, or null. */
  marker(path: string, at: number): Marker | null {
    const found = this.handle.getBlock(path, at)
    return found && readMarker(found)
  }

  /** The marks of a character or embed. */
  marks(path: string, at: number): MarkSet {
    return readMarks(this.handle.marksAt(path, at))
  }

  /** A copy that goes its own way. */
  fork(actor: string): EngineDoc {
    return new EngineDoc(this.library, this.handle.fork(actor))
  }

  save(): Uint8Array {
    return this.handle.save()
  }

  free(): void {
    try {
      this.handle.free()
    } catch (error) {
      // Where the engine stopped, it never gives back the document's memory.
      if (!isBroken(error) && !/ownership/.test(String(error))) throw error
    }
  }
}
