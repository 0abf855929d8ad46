/** Limits of one call to the program. */
const most = { changes: 64, bytes: 512 * 1024 }

/** What an outbox needs from the replica. */
export interface OutboxHost {
  /** Resolves once the changes are stored. */
  send(changes: readonly Uint8Array[]): Promise<void>
  /** Nothing is on its way any more. */
  idle(): void
  /** A call failed; nothing more is sent until `resume`. */
  failed(error: unknown): void
}

/**
 * Changes on their way to the program, one call at a time. What could not be sent stays first in
 * line; the program takes the same change twice without harm.
 */
export class Outbox {
  readonly #host: OutboxHost
  #waiting: Uint8Array[] = []
  #sending = false
  #stopped = false

  constructor(host: OutboxHost) {
    this.#host = host
  }

  /** Whether nothing is on its way or waits. */
  get idle(): boolean {
    return !this.#sending && this.#waiting.length === 0
  }

  /** Changes that are not stored by the program yet, those on their way included. */
  get waiting(): readonly Uint8Array[] {
    return this.#waiting
  }

  add(changes: readonly Uint8Array[]): void {
    this.#waiting.push(...changes)
    void this.#send()
  }

  /** Goes on after a failure. */
  resume(): void {
    this.#stopped = false
    void this.#send()
  }

  /** Sends nothing until `resume`. */
  stop(): void {
    this.#stopped = true
  }

  /** Forgets what waits and returns it. */
  drain(): Uint8Array[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  async #send(): Promise<void> {
    if (this.#sending || this.#stopped || this.#waiting.length === 0) return
    this.#sending = true
    const line = this.#waiting
    const batch = this.#batch()
    try {
      await this.#host.send(batch)
      if (line === this.#waiting) this.#waiting.splice(0, batch.length)
    } catch (error) {
      this.#stopped = true
      this.#sending = false
      this.#host.failed(error)
      return
    }
    this.#sending = false
    if (this.#waiting.length === 0) this.#host.idle()
    else void this.#send()
  }

  #batch(): Uint8Array[] {
    let bytes = 0
    const end = this.#waiting.findIndex((change, at) => {
      bytes += change.length
      return at > 0 && (at >= most.changes || bytes > most.bytes)
    })
    return this.#waiting.slice(0, end < 0 ? undefined : end)
  }
}
