import { callsService, list } from "../../transport/services"
import type { Transport } from "../../transport/transport"
import type { CallLink } from "../../transport/types"

/** The meeting links of one channel, while somebody looks at them. */
export class MeetingLinks {
  all = $state.raw<CallLink[]>([])
  loaded = $state(false)
  readonly close: () => void
  readonly #calls
  readonly #of
  #asked = 0

  constructor(transport: Transport, workspace: string, channel: string) {
    this.#calls = callsService(transport)
    this.#of = { workspace, channel }
    this.close = transport.on("call.links", (changed) => {
      if (changed.workspace === workspace && changed.channel === channel)
        void this.load().catch(() => {})
    })
  }

  /** Reads them anew. Of several readings the one that began last counts. */
  async load() {
    const asked = ++this.#asked
    const all = list(await this.#calls.Links(this.#of)).toReversed()
    if (asked !== this.#asked) return
    this.all = all
    this.loaded = true
  }

  /** Makes one more. */
  async make(): Promise<CallLink> {
    const made = await this.#calls.MakeLink(this.#of)
    await this.load()
    return made
  }

  async revoke({ id }: CallLink) {
    await this.#calls.RevokeLink({ ...this.#of, id })
    await this.load()
  }
}
