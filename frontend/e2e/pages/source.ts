import type { EngineDoc } from "../../src/editor/engine"
import type { Paint, Session, Source, SourceEvents } from "../../src/editor/replicasource"

/** A program in memory: a file of Automerge from the server, and one more person who types. */
export class FileSource implements Source {
  events: SourceEvents | undefined
  kept: Paint | null = null
  readonly sent: Uint8Array[] = []
  readonly #file: string
  readonly #paint: string | null
  readonly #wait: number

  /** A picture is there after `wait` ms. */
  constructor(file: string, paint: string | null, wait = 0) {
    this.#file = file
    this.#paint = paint
    this.#wait = wait
  }

  open(): Promise<Session> {
    return this.resume({
      token: "",
      session: 1,
      actor: "ab".repeat(16),
      heads: [],
      readOnly: false,
      people: [],
    })
  }

  async resume(session: Session): Promise<Session> {
    return session
  }

  async content(): Promise<Uint8Array> {
    return new Uint8Array(await (await fetch(this.#file)).arrayBuffer())
  }

  async paint(): Promise<Paint | null> {
    if (this.#paint === null) return null
    await new Promise((done) => setTimeout(done, this.#wait))
    return (await (await fetch(this.#paint)).json()) as Paint
  }

  async putPaint(paint: Paint): Promise<void> {
    this.kept = paint
  }

  async putSnapshot(): Promise<void> {}

  async apply(_: Session, changes: readonly Uint8Array[]): Promise<void> {
    // Storing and signing takes the program a moment.
    await new Promise((done) => setTimeout(done, 5))
    this.sent.push(...changes)
  }

  cursor(): void {}
  report(): void {}
  close(): void {}

  listen(events: SourceEvents): () => void {
    this.events = events
    return () => {
      this.events = undefined
    }
  }
}

/** Somebody else with the same document. */
export class Other {
  readonly doc: EngineDoc

  constructor(doc: EngineDoc) {
    this.doc = doc
  }

  /** Types a character somewhere and returns the change. */
  type(random: () => number): Uint8Array | undefined {
    const length = this.doc.handle.length("/text")
    const at = 1 + Math.floor(random() * (length - 1))
    return this.doc.change(Date.now(), () => this.doc.handle.splice("/text", at, 0, "x"))
      ?.changes[0]
  }
}
