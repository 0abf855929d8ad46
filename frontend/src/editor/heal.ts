import type { Binding } from "./binding"
import type { EngineDoc } from "./engine"
import { sameBlocks } from "./flat"
import { FlatText } from "./flattext"

/** How often something had to be put right. All stay 0 unless the page or the engine has a fault. */
export interface Healed {
  /** The mirror of the stream differed from the engine. */
  mirror: number
  /** The screen differed from the mirror. */
  screen: number
}

/** Compares what is shown with what the engine holds, and puts the screen right where it differs. */
export class Healer {
  readonly healed: Healed = { mirror: 0, screen: 0 }
  /** Milliseconds that the last comparison took. */
  took = 0
  readonly #binding: Binding

  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** Nothing may wait to be written. Walks the whole document. */
  check(engine: EngineDoc): void {
    const started = performance.now()
    const binding = this.#binding
    const held = engine.tokens("/text")
    if (!sameBlocks(new FlatText(held).blocks, binding.text.blocks)) {
      this.healed.mirror++
      binding.text.replace(held)
    }
    if (!binding.whole().eq(binding.doc)) {
      this.healed.screen++
      binding.repair()
    }
    this.took = performance.now() - started
  }
}
