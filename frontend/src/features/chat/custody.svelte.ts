import { SvelteMap } from "svelte/reactivity"
import type { Transport } from "../../transport/transport"
import type { Custody, Message } from "../../transport/types"

/** Where a message is, from "nowhere else" to "seen". */
export type Place = "local" | "held" | "delivered" | "read"

const places: readonly string[] = ["local", "held", "delivered", "read"]

/** How far the chain of each device has been acknowledged, per space. */
export class Custodies {
  readonly #marks = new SvelteMap<string, Custody>()
  readonly close: () => void

  constructor(transport: Transport, workspace: string) {
    const ends = [
      transport.on("chat.custody", (mark) => {
        if (mark.workspace === workspace) this.#keep(mark)
      }),
      // A super-peer may have lost what it had: the marks are told anew.
      transport.on("reload", () => this.#marks.clear()),
    ]
    this.close = () => ends.forEach((end) => end())
  }

  /** The better of what the message says itself and what the marks say. */
  place(message: Message): Place {
    const mark = this.#marks.get(`${message.space} ${message.device}`)
    const marked =
      mark && message.seq <= mark.delivered ? 2 : mark && message.seq <= mark.held ? 1 : 0
    const known = Math.max(marked, places.indexOf(message.state), 0)
    return places[known] as Place
  }

  /** Whether a super-peer keeps the message for whoever is away. */
  bySuperPeer(message: Message): boolean {
    const mark = this.#marks.get(`${message.space} ${message.device}`)
    return message.bySuperPeer || (mark !== undefined && message.seq <= mark.bySuperPeer)
  }

  // Marks only rise, so an old event that arrives late changes nothing.
  #keep(mark: Custody) {
    const key = `${mark.space} ${mark.device}`
    const old = this.#marks.get(key)
    this.#marks.set(key, {
      ...mark,
      held: Math.max(mark.held, old?.held ?? 0),
      delivered: Math.max(mark.delivered, old?.delivered ?? 0),
      bySuperPeer: Math.max(mark.bySuperPeer, old?.bySuperPeer ?? 0),
    })
  }
}
