import type { Binding } from "./binding"
import type { EngineDoc } from "./engine"
import { toFlat, toPos } from "./positions"
import type { Connection } from "./replicaconnection"
import type { CursorEvent } from "./replicasource"
import { Alarm, Listeners } from "./replicatiming"

/** Where somebody else is in the shown document. */
export interface OtherCursor {
  person: string
  device: string
  session: number
  anchor: number
  head: number
}

const path = "/text"
/** A cursor that nobody renews is gone, in ms. */
const life = 15_000

/** The cursors of others, as places that move with the text. */
class Cursors {
  readonly #binding: Binding
  readonly #others = new Map<string, { event: CursorEvent; until: number }>()

  constructor(binding: Binding) {
    this.#binding = binding
  }

  hear(event: CursorEvent, now: number): void {
    const key = `${event.person} ${event.device} ${event.session}`
    if (event.gone || event.anchor === "") this.#others.delete(key)
    else this.#others.set(key, { event, until: now + life })
  }

  /** Forgets who fell silent. Returns when to look again, or null. */
  expire(now: number): number | null {
    let next: number | null = null
    for (const [key, { until }] of this.#others)
      if (until <= now) this.#others.delete(key)
      else next = Math.min(next ?? until, until)
    return next
  }

  /** All cursors that lie in text which is here already. */
  places(engine: EngineDoc): OtherCursor[] {
    const doc = this.#binding.shadow
    const out: OtherCursor[] = []
    for (const { event } of this.#others.values()) {
      const { person, device, session } = event
      const [anchor, head] = [event.anchor, event.head].map((cursor) => {
        const at = position(engine, cursor)
        return at === null ? null : toPos(doc, at)
      })
      if (anchor === null || anchor === undefined) continue
      out.push({ person, device, session, anchor, head: head ?? anchor })
    }
    return out
  }

  /** A position of the shown document as a cursor that stays with its text. */
  at(engine: EngineDoc, pos: number): string {
    const flat = toFlat(this.#binding.shadow, pos)
    return engine.handle.getCursor(path, Math.min(flat, engine.handle.length(path)))
  }
}

/** Who else is in the document, and where the person here is. */
export class Presence {
  readonly #cursors: Cursors
  readonly #listeners = new Listeners<readonly OtherCursor[]>()
  readonly #expiring = new Alarm(() => this.tell())
  readonly #connection: Connection
  readonly #engine: () => EngineDoc | null
  readonly #now: () => number

  constructor(
    binding: Binding,
    connection: Connection,
    engine: () => EngineDoc | null,
    now: () => number,
  ) {
    this.#cursors = new Cursors(binding)
    this.#connection = connection
    this.#engine = engine
    this.#now = now
  }

  listen(listener: (cursors: readonly OtherCursor[]) => void): () => void {
    return this.#listeners.add(listener)
  }

  hear(event: CursorEvent): void {
    const { session } = this.#connection
    const self = session?.people.find(({ actor }) => actor === session.actor)
    if (event.session === session?.session && event.device === self?.device) return
    this.#cursors.hear(event, this.#now())
    this.tell()
  }

  /** Says where everybody is now. */
  tell(): void {
    const engine = this.#engine()
    if (!engine) return
    const next = this.#cursors.expire(this.#now())
    if (next !== null) this.#expiring.set(next - this.#now())
    this.#listeners.tell(() => this.#cursors.places(engine))
  }

  /** Tells the others of the own selection. */
  show({ anchor, head }: { anchor: number; head: number }): void {
    const engine = this.#engine()
    if (engine)
      this.#connection.cursor(this.#cursors.at(engine, anchor), this.#cursors.at(engine, head))
  }

  stop(): void {
    this.#expiring.stop()
  }
}

/** Where a cursor is in the stream; null while its text is not here, or when it is none. */
function position(engine: EngineDoc, cursor: string): number | null {
  if (!/^(-?\d+@[0-9a-f]+|[se])$/.test(cursor)) return null
  try {
    return engine.handle.getCursorPosition(path, cursor)
  } catch {
    return null
  }
}
