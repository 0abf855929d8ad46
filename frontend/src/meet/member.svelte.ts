import { hex, type Bytes } from "./keys"
import { type Message, Session, types, zero } from "./messages"
import { Participant } from "./participant.svelte"

const connectTime = 15_000

/** A member who has let this guest in, by the key of its device for this call. */
export class Member extends Participant {
  readonly guest = false
  /** The recording it wants to make, and whether this guest agreed to it. */
  asks = $state("")
  agreed = $state<boolean | undefined>()
  /** Its stream at the super-peer; empty: it has none just now. */
  line = ""
  since = Date.now()

  #asked: Bytes = zero
  #queue: Promise<unknown> = Promise.resolve()

  constructor(
    readonly session: Session,
    servers: () => RTCIceServer[],
    readonly bytes: (line: string, data: Uint8Array) => void,
  ) {
    super(servers)
  }

  /** Whether it can be given up: it has no line, and nothing comes. */
  get lost(): boolean {
    return this.line === "" && !this.peer.connected && Date.now() - this.since > connectTime
  }

  /** Seals and sends. */
  send(message: Message) {
    this.#queue = this.#queue
      .then(async () => this.bytes(this.line, await this.session.seal(message)))
      .catch(() => {})
  }

  /** Takes what concerns this member alone. */
  override async take(message: Message) {
    switch (message.type) {
      case types.hello:
        this.name = message.text
        this.id = hex(message.mark)
        return
      case types.asks:
        return this.#ask(message.mark)
      default:
        return super.take(message)
    }
  }

  /** Answers whether this guest may be recorded; may be said anew at any time. */
  answer(agrees: boolean) {
    this.agreed = agrees
    this.send({ type: types.consent, text: "", mark: this.#asked, flags: agrees ? 1 : 0 })
  }

  #ask(mark: Bytes) {
    const asked = mark.some(Boolean) ? hex(mark) : ""
    if (asked === this.asks) {
      if (asked && this.agreed !== undefined) this.answer(this.agreed)
      return
    }
    this.asks = asked
    this.#asked = mark
    this.agreed = undefined
  }
}
