import type { EngineDoc } from "./engine"
import type { Binding } from "./binding"
import type { Healer } from "./heal"
import type { Source } from "./replicasource"
import { Alarm } from "./replicatiming"

/** Times in milliseconds. */
const pause = { heal: 1_000, paint: 5_000 }
/** Comparing a document that takes longer than this waits until nobody types. */
const quick = 4
/** What walks a whole document waits for a pause that many times as long as it takes. */
const rest = 50
/** After more own and foreign changes than this the program gets a file that covers them. */
const many = 500

/** What the upkeep needs from the replica. */
export interface UpkeepHost {
  readonly binding: Binding
  readonly healer: Healer
  readonly source: Source
  engine(): EngineDoc | null
  /** Whether something waits to be written, or an input method is at work. */
  busy(): boolean
  /** The engine's document cannot be used any more. */
  stopped(error: unknown): void
}

/** What is done for a document when nobody types: comparing, and keeping pictures and files. */
export class Upkeep {
  readonly #host: UpkeepHost
  readonly #healing = new Alarm(() => this.#heal())
  readonly #painting = new Alarm(() => void this.paint())
  #painted = ""
  #took = 0
  #changes = 0

  constructor(host: UpkeepHost) {
    this.#host = host
  }

  /** Something changed. Small documents are compared at once, large ones when nobody types. */
  rest(changes = 1): void {
    const { healer } = this.#host
    this.#changes += changes
    const small = healer.took < quick && !this.#host.busy()
    if (small) this.#healing.set(0)
    else this.#healing.again(Math.max(pause.heal, rest * healer.took))
    this.#painting.again(Math.max(pause.paint, rest * this.#took))
  }

  stop(): void {
    this.#healing.stop()
    this.#painting.stop()
  }

  /** Keeps a picture of what is shown, for the next time. */
  async paint(): Promise<void> {
    const { binding, source } = this.#host
    const heads = this.#tried(() => this.#host.engine()?.heads())
    if (!heads || this.#host.busy() || heads.join() === this.#painted) return
    this.#painted = heads.join()
    const started = performance.now()
    const kept = source.putPaint({ heads, doc: binding.shadow.toJSON() as unknown })
    this.#took = performance.now() - started
    await kept.catch(() => {})
  }

  /** Keeps a file, where enough came since the last one. Takes a while. */
  async snapshot(): Promise<void> {
    const engine = this.#host.engine()
    if (!engine || this.#changes < many) return
    this.#changes = 0
    const file = this.#tried(() => engine.save())
    if (file) await this.#host.source.putSnapshot(engine.heads(), file).catch(() => {})
  }

  #heal(): void {
    const engine = this.#host.engine()
    if (!engine) return
    if (this.#host.busy()) this.rest(0)
    else this.#tried(() => this.#host.healer.check(engine))
  }

  /** What the engine says; nothing where it stopped. */
  #tried<T>(ask: () => T): T | undefined {
    try {
      return ask()
    } catch (error) {
      this.#host.stopped(error)
      return undefined
    }
  }
}
