import type { Transport } from "../../transport/transport"
import type { Invite } from "../../transport/types"
import type { Workspaces } from "./workspaces.svelte"

/** The invitations of one workspace, while somebody looks at them. */
export class Invitations {
  all = $state.raw<Invite[]>([])
  readonly open = $derived(this.all.filter((invite) => invite.state === "open"))
  readonly close: () => void
  readonly #workspaces
  readonly #workspace
  #asked = 0

  constructor(transport: Transport, workspaces: Workspaces, workspace: string) {
    this.#workspaces = workspaces
    this.#workspace = workspace
    this.close = transport.on("invites", (notice) => {
      if (notice.workspace === workspace) void this.load().catch(() => undefined)
    })
  }

  /** Reads them anew. Of several readings the one that began last counts. */
  async load() {
    const asked = ++this.#asked
    const invites = await this.#workspaces.invites(this.#workspace)
    if (asked === this.#asked) this.all = invites.sort((a, b) => b.expires - a.expires)
  }

  async revoke(id: string) {
    await this.#workspaces.revoke(this.#workspace, id)
    await this.load()
  }
}
