import type { Engine, EngineDoc } from "./engine"
import { load, missing } from "./replicaload"
import type { Session, Source } from "./replicasource"

/** The lease of a replica at its source, and what the engine refused under it. */
export class Connection {
  session: Session | null = null
  readonly source: Source
  readonly #library: Promise<Engine>
  readonly #refused = new Set<string>()

  constructor(source: Source, library: Promise<Engine>) {
    this.source = source
    this.#library = library
  }

  get readOnly(): boolean {
    return this.session?.readOnly === true
  }

  async open(): Promise<void> {
    this.session = await this.source.open()
  }

  async resume(): Promise<void> {
    this.session = await this.source.resume(this.#held())
  }

  /** The engine; fetched when it is first needed. */
  library(): Promise<Engine> {
    return this.#library
  }

  /** The document as the program holds it, without what the engine refused. `before` runs first. */
  async load(before?: () => Promise<void>): Promise<EngineDoc> {
    const session = this.#held()
    const [file, library] = await Promise.all([this.source.content(session), this.#library])
    await before?.()
    const refused = (changes: Uint8Array[], reason: string) => this.report(changes, reason)
    return load(library, file, session.actor, refused, this.#refused)
  }

  /** What came while the program could not be reached, and is not in `doc`. */
  async missed(doc: EngineDoc): Promise<Uint8Array[]> {
    if (!missing(doc, this.#held().heads)) return []
    const other = await this.load()
    const changes = doc.handle.getChangesAdded(other.handle)
    other.free()
    return changes
  }

  async send(changes: readonly Uint8Array[]): Promise<void> {
    await this.source.apply(this.#held(), changes)
  }

  /** Tells of changes that the engine refuses; they are left out from now on. */
  report(changes: readonly Uint8Array[], reason: string): void {
    for (const change of changes) this.#refused.add(change.join())
    if (this.session) this.source.report(this.session, changes, reason)
  }

  cursor(anchor: string, head: string): void {
    if (this.session) this.source.cursor(this.session, anchor, head)
  }

  close(): void {
    if (this.session) this.source.close(this.session)
    this.session = null
  }

  #held(): Session {
    if (!this.session) throw new Error("no session")
    return this.session
  }
}
