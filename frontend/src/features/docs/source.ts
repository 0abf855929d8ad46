import {
  SessionTaken,
  type Author,
  type Paint,
  type Session,
  type Source,
  type SourceEvents,
} from "../../editor/replicasource"
import { docsService, list } from "../../transport/services"
import { apiError, type Transport } from "../../transport/transport"
import type { DocArrival, DocPresence, DocSession } from "../../transport/types"
import { changeHash, fromBase64, toBase64 } from "./bytes"
import { Content } from "./content"

/** The least time between two places of the own cursor, in milliseconds. */
const cursorPause = 100
/** When changes that could not be stored are sent again, in milliseconds. */
const applyAgain = 4_000
/** A cursor that nobody hears of again is gone after 15 s. */
const cursorAgain = 8_000

/** The way of a replica to the program, over the bound methods and /content/. */
export class ApiSource implements Source {
  readonly bytes: Content
  readonly #docs
  readonly #transport
  readonly #workspace
  readonly #id
  readonly #self
  /** The own device, once it was heard of. */
  #device = ""
  readonly #authors: (authors: readonly Author[]) => void
  #cursor: { session: Session; anchor: string; head: string } | undefined
  #sent = 0
  #again: () => void = () => {}
  #retry: ReturnType<typeof setTimeout> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `self` is the own person; `authors` is told who the actors are that were met. */
  constructor(
    transport: Transport,
    workspace: string,
    id: string,
    self: string,
    authors: (authors: readonly Author[]) => void,
  ) {
    this.#transport = transport
    this.#docs = docsService(transport)
    this.#workspace = workspace
    this.#id = id
    this.#self = self
    this.#authors = authors
    this.bytes = new Content(workspace, id)
  }

  get #ref() {
    return { workspace: this.#workspace, id: this.#id }
  }

  async open(): Promise<Session> {
    return this.#session(await this.#docs.Open(this.#ref))
  }

  async resume({ token, session }: Session): Promise<Session> {
    return this.#session(await taken(this.#docs.Resume({ ...this.#ref, token, session })))
  }

  #session(session: DocSession): Session {
    const people = list(session.actors)
    this.#authors(people)
    return { ...session, heads: list(session.heads), people }
  }

  content(): Promise<Uint8Array> {
    return this.bytes.file()
  }

  async paint(): Promise<Paint | null> {
    const kept = await this.bytes.paint()
    return kept && { heads: kept.heads, doc: JSON.parse(kept.data) as unknown }
  }

  putPaint({ heads, doc }: Paint): Promise<void> {
    return this.bytes.keepPaint(heads, JSON.stringify(doc))
  }

  putSnapshot(heads: readonly string[], file: Uint8Array): Promise<void> {
    return this.bytes.keepSnapshot(heads, file)
  }

  async apply({ token }: Session, changes: readonly Uint8Array[]): Promise<void> {
    try {
      await taken(this.#docs.Apply({ ...this.#ref, token, changes: changes.map(toBase64) }))
    } catch (reason) {
      // A full disk or a busy program is no lost connection: nothing else would try again.
      clearTimeout(this.#retry)
      if (!(reason instanceof SessionTaken))
        this.#retry = setTimeout(() => this.#again(), applyAgain)
      throw reason
    }
  }

  /** Sends the newest place once the pause is over, and again before the others forget it. */
  cursor(session: Session, anchor: string, head: string): void {
    this.#cursor = { session, anchor, head }
    clearTimeout(this.#timer)
    const wait = Math.max(0, this.#sent + cursorPause - Date.now())
    this.#timer = setTimeout(() => this.#tell(), wait)
  }

  #tell(): void {
    if (!this.#cursor) return
    const { session, anchor, head } = this.#cursor
    this.#sent = Date.now()
    // Nothing depends on it: the next one comes soon.
    this.#docs.Cursor({ ...this.#ref, token: session.token, anchor, head }).catch(() => {})
    if (anchor) this.#timer = setTimeout(() => this.#tell(), cursorAgain)
    else this.#cursor = undefined
  }

  report(_: Session, changes: readonly Uint8Array[], reason: string): void {
    void Promise.all(changes.map(changeHash))
      .then((hashes) => this.#docs.Report({ ...this.#ref, hashes, reason }))
      .catch(() => {})
  }

  close({ token }: Session): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#retry)
    this.#cursor = undefined
    this.#docs.Close({ ...this.#ref, token }).catch(() => {})
  }

  listen(events: SourceEvents): () => void {
    let lost = false
    this.#again = () => events.reconnected()
    const ours = (of: { workspace: string; id: string }) =>
      of.workspace === this.#workspace && of.id === this.#id
    const ends = [
      this.#transport.on("doc.changes", (arrival) => {
        if (
          arrival.reload &&
          arrival.workspace === this.#workspace &&
          ["", this.#id].includes(arrival.id)
        )
          events.reload()
        else if (ours(arrival)) this.#arrived(arrival, events)
      }),
      this.#transport.on("doc.cursor", (cursor) => {
        if (ours(cursor) && !this.#isOwn(cursor)) events.cursor(cursor)
      }),
      // Events were dropped: changes may be among them.
      this.#transport.on("reload", () => events.reconnected()),
      this.#transport.on("transport", ({ state }) => {
        if (state === "open" && lost) events.reconnected()
        lost = state === "lost"
      }),
    ]
    return () => ends.forEach((end) => end())
  }

  /** Whether this replica's own cursor came back: the program tells all pages of this computer. */
  #isOwn({ person, device, session, anchor, head }: DocPresence): boolean {
    const sent = this.#cursor
    if (person !== this.#self || session !== sent?.session.session) return false
    if (!this.#device && anchor === sent.anchor && head === sent.head) this.#device = device
    return this.#device === device
  }

  #arrived(arrival: DocArrival, events: SourceEvents): void {
    this.#authors(list(arrival.actors))
    const changes = list(arrival.changes).map(fromBase64)
    if (changes.length > 0) events.changes(changes)
  }
}

/** Tells a lost session from every other failure. */
async function taken<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (reason) {
    if (apiError(reason).code === "session") throw new SessionTaken(apiError(reason).message)
    throw reason
  }
}
