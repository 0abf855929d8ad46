import { recoveriesService } from "../../transport/services"
import type { Transport } from "../../transport/transport"
import type { PaperKey } from "../../transport/types"

/** The saving of the recovery key: first it is shown, then some of its words are typed back. */
export class Saving {
  step = $state<"show" | "ask" | "done">("show")
  /** Undefined until it was read. */
  key = $state.raw<PaperKey>()
  /** The words that are asked for, by their places from 1, and what was typed. */
  answers = $state<{ place: number; word: string }[]>([])
  readonly close: () => void
  readonly #service

  constructor(transport: Transport) {
    this.#service = recoveriesService(transport)
    // Another page, a command or another device may have been first.
    this.close = transport.on("status", ({ recovery }) => {
      if (this.key && ["saved", "elsewhere"].includes(recovery?.paper ?? "")) this.#done()
    })
  }

  async load(language: string) {
    this.key = await this.#service.Show(language)
    this.#clear()
  }

  #clear() {
    this.answers = (this.key?.ask ?? []).map((place) => ({ place, word: "" }))
  }

  get complete() {
    return this.answers.length > 0 && this.answers.every(({ word }) => word.trim() !== "")
  }

  /** Goes from the key to the words that are asked for. */
  ask() {
    this.step = "ask"
  }

  back() {
    this.#clear()
    this.step = "show"
  }

  /** Afterwards the key is on this computer no longer. */
  async confirm() {
    await this.#service.Confirm(this.answers.map(({ word }) => word.trim()).join(" "))
    this.#done()
  }

  #done() {
    this.key = undefined
    this.answers = []
    this.step = "done"
  }
}

/** The name under which the reminder is put away. */
export const paperHint = "paper"

/** A backup counts as old after this long. Milliseconds. */
const old = 30 * 24 * 3_600_000

/** Whether it is time for another backup. `made` is when the last one was made, or 0. */
export const stale = (made: number, now = Date.now()) => now - made > old
