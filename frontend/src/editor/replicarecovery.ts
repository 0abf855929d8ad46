import { isBroken, type EngineDoc } from "./engine"
import type { Connection } from "./replicaconnection"
import { apply } from "./replicaload"
import type { Outbox } from "./replicaoutbox"
import { carryOver } from "./replicarenew"
import { SessionTaken } from "./replicasource"
import { Alarm } from "./replicatiming"

/** The engine may stop that often in a row for no change that could be left out. */
const most = 3
/** When it went well for this long, in ms, the next time is the first one again. */
const calm = 10_000
/** When the program cannot be reached, it is tried again after that many ms. */
const pause = 5_000

/** What the recovery needs from the replica. */
export interface RecoveryHost {
  readonly connection: Connection
  readonly outbox: Outbox
  now(): number
  engine(): EngineDoc | null
  /** Whether the replica is closed, or failed for good. */
  over(): boolean
  /** The engine's document cannot be used any more. */
  lose(): void
  /** Writes what waits into the document that was there so far, if there is one. */
  flush(): void
  /** Works with another document, which holds all that was not sent. */
  take(doc: EngineDoc): void
  /** There is a document again, and it may be worked with. */
  ready(): void
  /** Takes changes from elsewhere. */
  arrive(changes: readonly Uint8Array[]): void
  /** The program can be reached, or not; then `again` is called when it can. */
  online(connected: boolean): void
  fail(error: unknown): void
}

/**
 * Brings a replica to a document of the engine: at the beginning, after the engine stopped in the
 * middle of something, and after the session was lost. What the person did and was not stored yet
 * is in the new document, or waits to be written into it.
 */
export class Recovery {
  /** While this is so, what comes from elsewhere waits: it may not be in the document yet. */
  running = false
  /** Resolves when nothing more can be done, or the program cannot be reached. */
  done: Promise<void> = Promise.resolve()
  readonly #host: RecoveryHost
  /** The session is to be another one. */
  #session = false
  /** What was not sent was made under another session. */
  #foreign = false
  #waiting = false
  readonly #retry = new Alarm(() => void this.again())
  #arrived: Uint8Array[] = []
  /** What was not stored when the file was asked for: it may be missing there. */
  #unsent: readonly Uint8Array[] = []
  #stops = 0
  #last = -Infinity

  constructor(host: RecoveryHost) {
    this.#host = host
  }

  /** Opens a session and the document; what cannot be reached now has failed. */
  open(before: () => Promise<void>): Promise<void> {
    this.#session = true
    return this.#begin(before)
  }

  /** The session was lost, or the history was rebuilt. */
  reload(): void {
    this.#session = true
    void this.#begin()
  }

  /** The engine stopped, maybe because of changes that arrived. */
  stopped(error: unknown, arrived: readonly Uint8Array[] = []): void {
    const host = this.#host
    if (host.over()) return
    host.lose()
    this.#arrived.push(...arrived)
    if (performance.now() - this.#last > calm) this.#stops = 0
    this.#last = performance.now()
    if (++this.#stops > most) host.fail(error)
    else void this.#begin()
  }

  /** A call of the program failed. */
  failed(error: unknown): void {
    if (error instanceof SessionTaken) this.reload()
    else if (isBroken(error)) this.stopped(error)
    else this.#host.online(false)
  }

  /** The program can be reached again. */
  async again(): Promise<void> {
    if (this.#waiting) return this.#begin()
    const { connection, outbox, engine, arrive, online } = this.#host
    const held = engine()
    if (this.running || !held) return
    try {
      await connection.resume()
      arrive(await connection.missed(held))
      outbox.resume()
      online(true)
    } catch (error) {
      // A document that took the place of this one in the meantime has all.
      if (held === engine()) this.failed(error)
    }
  }

  #begin(before?: () => Promise<void>): Promise<void> {
    if (!this.running && !this.#host.over()) {
      this.running = true
      this.done = this.#run(before)
    }
    return this.done
  }

  async #run(before?: () => Promise<void>): Promise<void> {
    const host = this.#host
    this.#retry.stop()
    this.#waiting = false
    try {
      do {
        const file = await this.#fetch()
        await before?.()
        if (!host.over()) await this.#renew(file)
      } while (this.#session && !host.over())
    } catch (error) {
      if (!(error instanceof Unreachable)) host.fail(error)
      else if (before) host.fail(error.cause)
      else {
        this.#waiting = true
        this.#retry.set(pause)
        host.online(false)
      }
    }
    this.running = false
    if (!this.#waiting && !host.over()) host.ready()
  }

  async #fetch(): Promise<Uint8Array> {
    const { connection, outbox } = this.#host
    try {
      if (this.#session) {
        outbox.stop()
        await connection.open()
        this.#session = false
        this.#foreign = true
      }
      this.#unsent = [...outbox.waiting]
      return await connection.file()
    } catch (error) {
      throw new Unreachable(error)
    }
  }

  /** Takes the document in a file; where the engine stops at that, without what makes it stop. */
  async #renew(file: Uint8Array): Promise<void> {
    const { connection } = this.#host
    const arrived = this.#arrived
    this.#arrived = []
    if (arrived.length === 0)
      try {
        this.#take(await connection.read(file))
        return
      } catch (error) {
        if (this.#host.over()) return
        this.#host.lose()
      }
    const found = () => {
      this.#stops = 0
    }
    this.#take(await connection.sift(file, arrived, found))
  }

  #take(doc: EngineDoc): void {
    const host = this.#host
    const { connection, outbox } = host
    host.flush()
    if (host.over()) {
      doc.free()
      return
    }
    let made: Uint8Array[] = []
    if (this.#foreign) made = carryOver(doc, outbox.waiting, host.now())
    else apply(doc, this.#unsent, (bad, reason) => connection.report(bad, reason))
    doc.handle.updateDiffCursor()
    host.take(doc)
    if (this.#foreign) outbox.drain()
    this.#foreign = false
    outbox.resume()
    outbox.add(made)
    this.#last = performance.now()
  }
}

/** The program did not answer. */
class Unreachable extends Error {
  constructor(override readonly cause: unknown) {
    super("the program cannot be reached")
  }
}
