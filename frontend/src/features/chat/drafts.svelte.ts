import { SvelteMap } from "svelte/reactivity"
import { chatService } from "../../transport/services"
import type { Transport } from "../../transport/transport"

/** A draft is saved this long after the last letter. Milliseconds. */
const pause = 500

/** Unsent text: of channels, saved by the program; of threads, only while the window is open. */
export class Drafts {
  readonly #texts = new SvelteMap<string, string>()
  readonly #timers = new Map<string, number>()
  readonly #chat
  readonly #workspace

  constructor(transport: Transport, workspace: string) {
    this.#chat = chatService(transport)
    this.#workspace = workspace
  }

  /** What was typed in this window, or the saved draft. */
  text(channel: string, thread: string, saved: string): string {
    return this.#texts.get(`${channel} ${thread}`) ?? (thread ? "" : saved)
  }

  has(channel: string, saved: string): boolean {
    return this.text(channel, "", saved).trim() !== ""
  }

  write(channel: string, thread: string, text: string) {
    this.#texts.set(`${channel} ${thread}`, text)
    if (thread) return
    window.clearTimeout(this.#timers.get(channel))
    this.#timers.set(
      channel,
      window.setTimeout(() => this.#save(channel), pause),
    )
  }

  /** Saves at once what still waits. */
  flush() {
    for (const [channel, timer] of this.#timers) {
      window.clearTimeout(timer)
      this.#save(channel)
    }
  }

  #save(channel: string) {
    this.#timers.delete(channel)
    const text = this.#texts.get(`${channel} `) ?? ""
    // The text stays in the window; the next letter tries again.
    this.#chat.SaveDraft({ workspace: this.#workspace, channel, text }).catch(() => {})
  }
}
