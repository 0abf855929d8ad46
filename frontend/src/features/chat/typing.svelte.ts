import { SvelteMap } from "svelte/reactivity"
import { chatService } from "../../transport/services"
import type { Transport } from "../../transport/transport"

/** A hint is valid this long. Milliseconds. */
const valid = 5_000
/** Our own hint is repeated at most this often. Milliseconds. */
const every = 3_000

/** Who writes where right now. */
export class TypingHints {
  readonly #timers = new SvelteMap<string, { channel: string; person: string; timer: number }>()
  readonly #chat
  readonly #workspace
  readonly #self
  readonly #ends
  #told = { channel: "", at: 0 }

  constructor(transport: Transport, workspace: string, self: string) {
    this.#chat = chatService(transport)
    this.#workspace = workspace
    this.#self = self
    this.#ends = [
      transport.on("chat.typing", (hint) => {
        if (hint.workspace === workspace && hint.person !== self) this.#show(hint)
      }),
      transport.on("chat.message", (message) => {
        if (message.workspace === workspace) this.#end(`${message.channel} ${message.author}`)
      }),
    ]
  }

  /** The ids of those who write in a channel. */
  in(channel: string): string[] {
    return [...this.#timers.values()]
      .filter((hint) => hint.channel === channel)
      .map((hint) => hint.person)
  }

  /** Tells the others that we write. A lost hint does not matter. */
  tell(channel: string) {
    const now = Date.now()
    if (this.#told.channel === channel && now - this.#told.at < every) return
    this.#told = { channel, at: now }
    this.#chat.Typing({ workspace: this.#workspace, channel, person: this.#self }).catch(() => {})
  }

  /** The next letter after a message was sent is told at once. */
  sent() {
    this.#told = { channel: "", at: 0 }
  }

  close() {
    for (const end of this.#ends) end()
    for (const key of [...this.#timers.keys()]) this.#end(key)
  }

  #show({ channel, person }: { channel: string; person: string }) {
    const key = `${channel} ${person}`
    this.#end(key)
    const timer = window.setTimeout(() => this.#end(key), valid)
    this.#timers.set(key, { channel, person, timer })
  }

  #end(key: string) {
    const hint = this.#timers.get(key)
    if (!hint) return
    window.clearTimeout(hint.timer)
    this.#timers.delete(key)
  }
}
