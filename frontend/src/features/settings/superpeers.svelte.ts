import { list, superPeersService } from "../../transport/services"
import type { Transport } from "../../transport/transport"
import type { SuperPeer } from "../../transport/types"

/** The super-peers of one workspace, while somebody looks at them. */
export class SuperPeers {
  /** Undefined until they were read once. */
  all = $state.raw<SuperPeer[]>()
  readonly close: () => void
  readonly #service
  readonly #workspace
  #asked = 0

  constructor(transport: Transport, workspace: string) {
    this.#service = superPeersService(transport)
    this.#workspace = workspace
    const again = () => void this.load().catch(() => undefined) // the last known state stays
    const ends = [
      transport.on("superpeers", (notice) => notice.workspace === workspace && again()),
      // What waits to go there is told with the workspace.
      transport.on("workspace", ({ id }) => id === workspace && again()),
    ]
    this.close = () => ends.forEach((end) => end())
  }

  /** Reads them anew. Of several readings the one that began last counts. */
  async load() {
    const asked = ++this.#asked
    const all = list(await this.#service.List(this.#workspace))
    if (asked === this.#asked) this.all = all
  }

  /** Resolves once the super-peer has let this workspace in. */
  async add(code: string) {
    await this.#service.Add({ workspace: this.#workspace, code: code.replace(/\s+/g, "") })
    await this.load()
  }

  async remove(id: string) {
    await this.#service.Remove(this.#workspace, id)
    await this.load()
  }
}
