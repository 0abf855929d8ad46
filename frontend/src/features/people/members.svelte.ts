import { membersService, list } from "../../transport/services"
import { again } from "../../transport/again"
import type { Transport } from "../../transport/transport"
import type { Matter } from "../../transport/types"
import type { Role } from "./rights"

/** What is done about who is in one workspace, and what of it somebody has to look at. */
export class Members {
  #all = $state.raw<Matter[]>([])
  /** What the own person may decide, and what everybody should know. The newest first. */
  readonly matters = $derived(this.#all.filter((one) => one.decide || one.kind === "fork"))
  readonly close: () => void
  readonly #service
  readonly #workspace

  constructor(transport: Transport, workspace: string) {
    this.#service = membersService(transport)
    this.#workspace = workspace
    const reload = again(() => this.load())
    const off = transport.on("members", (notice) => {
      if (notice.workspace === workspace) reload.ask()
    })
    this.close = () => {
      off()
      reload.close()
    }
  }

  async load() {
    this.#all = list(await this.#service.Matters(this.#workspace))
  }

  /** Takes a matter off the list of this device. */
  async putAside(id: string) {
    await this.#service.PutAside({ workspace: this.#workspace, id })
    this.#all = this.#all.filter((one) => one.id !== id)
  }

  setRole(person: string, role: Role): Promise<void> {
    return this.#service.SetRole({ workspace: this.#workspace, person, role })
  }

  /** Removes somebody with all devices; `lost`: because those were lost or taken over. */
  remove(person: string, lost: boolean): Promise<void> {
    return this.#service.Remove({ workspace: this.#workspace, person, lost })
  }

  /** Makes somebody the first owner in the own place. */
  handOver(person: string): Promise<void> {
    return this.#service.HandOver({ workspace: this.#workspace, person })
  }

  /** Lets somebody in whose invitation was used too often. */
  confirm(person: string): Promise<void> {
    return this.#service.Confirm({ workspace: this.#workspace, person })
  }

  leave(): Promise<void> {
    return this.#service.Leave(this.#workspace)
  }
}
