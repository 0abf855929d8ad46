import type { Engine, EngineDoc } from "./engine"
import { load, missing, openDocuments, split, type Parts } from "./replicaload"
import { sift } from "./replicasift"
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

  /** The document's file as the program holds it. */
  file(): Promise<Uint8Array> {
    return this.source.content(this.#held())
  }

  /** The document in a file, without what the engine refused. */
  async read(file: Uint8Array): Promise<EngineDoc> {
    const library = await this.#library
    const refused = (changes: Uint8Array[], reason: string) => this.report(changes, reason)
    return load(library, this.#parts(file), this.#held().actor, refused)
  }

  /**
   * Like `read` where the engine stopped: finds the loose changes that make it stop, reports them
   * and leaves them out. They are probably among those that `arrived` last. `found` is called where
   * there are some.
   */
  async sift(
    file: Uint8Array,
    arrived: readonly Uint8Array[],
    found: () => void,
  ): Promise<EngineDoc> {
    const library = await this.#library
    const { actor } = this.#held()
    const { documents, changes } = this.#parts(file)
    const known = new Set(changes.map(keyOf))
    const others = this.accepted(arrived).filter((change) => !known.has(keyOf(change)))
    const last = new Set(arrived.map(keyOf))
    const first = changes.findIndex((change) => last.has(keyOf(change)))
    return sift(
      () => openDocuments(library, documents, actor),
      [...changes, ...others],
      first < 0 ? changes.length : first,
      (bad, reason) => {
        this.report(bad, reason)
        found()
      },
    )
  }

  /** What came while the program could not be reached, and is not in `doc`. */
  async missed(doc: EngineDoc): Promise<Uint8Array[]> {
    if (!missing(doc, this.#held().heads)) return []
    const other = await this.read(await this.file())
    try {
      return doc.handle.getChangesAdded(other.handle)
    } finally {
      other.free()
    }
  }

  async send(changes: readonly Uint8Array[]): Promise<void> {
    await this.source.apply(this.#held(), changes)
  }

  /** Changes without those that the engine refused before. */
  accepted(changes: readonly Uint8Array[]): readonly Uint8Array[] {
    if (this.#refused.size === 0) return changes
    return changes.filter((change) => !this.#refused.has(keyOf(change)))
  }

  /** Tells of changes that the engine refuses; they are left out from now on. */
  report(changes: readonly Uint8Array[], reason: string): void {
    const fresh = this.accepted(changes)
    for (const change of fresh) this.#refused.add(keyOf(change))
    if (this.session && fresh.length > 0) this.source.report(this.session, fresh, reason)
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

  #parts(file: Uint8Array): Parts {
    const { documents, changes } = split(file)
    return { documents, changes: [...this.accepted(changes)] }
  }
}

/** Two changes with equal keys are the same. Only asked for where something was refused. */
const keyOf = (change: Uint8Array): string => change.join()
