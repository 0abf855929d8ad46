import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { history } from "prosemirror-history"
import { EditorState, type Command, type Transaction } from "prosemirror-state"
import { Binding } from "./binding"
import { Healer } from "./heal"
import { Engine, type EngineDoc } from "./engine"
import { rootBytes } from "./root"
import { tableIds } from "./tables"

const find = createRequire(import.meta.url).resolve

/** The engine, its program read from the package. */
export const startEngine = (): Promise<Engine> =>
  Engine.start(new Uint8Array(readFileSync(find("@automerge/automerge/automerge.wasm"))))

/** A generator of the same numbers for the same seed (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  /** A whole number from 0 up to and without `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
}

/** One person with a document, an editor without a screen and an engine. */
export class Peer {
  readonly binding: Binding
  readonly engine: EngineDoc
  state: EditorState
  /** Changes made here that the others do not have yet. */
  sent: Uint8Array[] = []
  readonly healer: Healer

  constructor(engine: Engine, actor: string, file: Uint8Array = rootBytes()) {
    this.engine = engine.load(file, actor)
    this.binding = Binding.empty()
    this.healer = new Healer(this.binding)
    const doc = this.binding.read(this.engine)
    this.binding.shadow = doc
    this.state = EditorState.create({ doc, plugins: [history({ newGroupDelay: 0 }), tableIds()] })
    const surface = {
      dispatch: (tr: Transaction) => {
        this.state = this.state.apply(tr)
      },
    }
    this.binding.surface = Object.defineProperty(surface, "state", {
      get: () => this.state,
    }) as never
  }

  run(command: Command): boolean {
    return command(this.state, (tr) => {
      this.state = this.state.apply(tr)
    })
  }

  flush(): void {
    if (!this.binding.dirty) return
    const made = this.engine.change(0, () => this.binding.write(this.engine))
    if (made) this.sent.push(...made.changes)
    this.binding.follow(made?.patches ?? [], this.engine)
    this.binding.wrote()
  }

  receive(changes: readonly Uint8Array[]): void {
    this.flush()
    this.binding.receive(this.engine.apply(changes), this.engine)
    this.flush()
  }

  /** Compares like the page does when it rests, and says what differed. */
  check(): string | null {
    this.state.doc.check()
    const { mirror, screen } = this.healer.healed
    this.healer.check(this.engine)
    if (this.healer.healed.mirror > mirror) return "mirror differs from the engine"
    return this.healer.healed.screen > screen ? "screen differs from the mirror" : null
  }
}
