import { unhex } from "./keys"
import type { Member } from "./member.svelte"
import { type Message, types, zero } from "./messages"
import { Participant } from "./participant.svelte"

/** For how long an offer waits for what comes of it before there is another one. */
const offerAgain = 8_000

/** Another guest. What both say to each other goes through a member who let both in. */
export class OtherGuest extends Participant {
  readonly guest = true
  /** The members who have told of it, the one that was first carries. */
  readonly by = new Set<Member>()
  #offered = 0

  constructor(
    id: string,
    servers: () => RTCIceServer[],
    /** Whether it is this side that offers. */
    readonly offers: boolean,
  ) {
    super(servers)
    this.id = id
  }

  send(message: Message) {
    const carrier = [...this.by].find(({ line }) => line !== "") ?? [...this.by][0]
    const text = JSON.stringify([message.type, message.text])
    carrier?.send({ type: types.relay, text, mark: unhex(this.id), flags: 0 })
  }

  /** Takes what came through a member. What has another form is nobody's. */
  async hear(text: string) {
    const [type, said] = JSON.parse(text) as unknown[]
    const known: unknown[] = [types.offer, types.reply, types.ice, types.bye]
    if (!known.includes(type) || typeof type !== "number" || typeof said !== "string") return
    // One side offers and the other one answers, always.
    if (type === (this.offers ? types.offer : types.reply)) return
    await this.peer.take({ type, text: said, mark: zero, flags: 0 })
  }

  /** Offers a connection, if it is for this side to do so and there is none. */
  async tend() {
    const now = Date.now()
    if (!this.offers || this.connection === "connected" || now - this.#offered < offerAgain) return
    this.#offered = now
    await this.peer.offer()
  }
}
