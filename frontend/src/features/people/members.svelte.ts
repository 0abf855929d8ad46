import { membersService, list } from "../../transport/services"
import { again } from "../../transport/again"
import type { Transport } from "../../transport/transport"
import type { Deposition, Matter, Rules } from "../../transport/types"
import type { Role } from "./rights"

/** What is done about who is in one workspace, and what of it somebody has to look at. */
export class Members {
  #all = $state.raw<Matter[]>([])
  /** What the own person may decide, and what everybody should know. The newest first. */
  readonly matters = $derived(
    this.#all.filter(
      (one) =>
        one.kind !== "lowered" && (one.decide || one.kind === "fork" || one.by === this.#self),
    ),
  )
  /** The devices that wrote two things in one place. */
  readonly forks = $derived(this.#all.filter(({ kind }) => kind === "fork"))
  /** That somebody else took an office of the own person, until it was seen. */
  readonly lowered = $derived(this.#all.find(({ kind }) => kind === "lowered"))
  /** What holds for the whole workspace. */
  rules = $state.raw<Rules>()
  readonly close: () => void
  readonly #service
  readonly #workspace
  readonly #self

  constructor(transport: Transport, workspace: string, self: string) {
    this.#self = self
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
    const [matters, rules] = await Promise.all([
      this.#service.Matters(this.#workspace),
      this.#service.Rules(this.#workspace),
    ])
    this.#all = list(matters)
    this.rules = rules
  }

  /** Names the trustees, `quorum` of whom together take the office of an owner or admin. */
  async setTrustees(trustees: string[], quorum: number) {
    if (!this.rules) return
    const rules = { ...this.rules, trustees, quorum: trustees.length > 0 ? quorum : 0 }
    await this.#service.SetRules(rules)
    this.rules = rules
  }

  /** The text by which this trustee agrees that somebody is deposed. */
  consent(of: Omit<Deposition, "workspace" | "consents">): Promise<string> {
    return this.#service.Consent({ ...of, workspace: this.#workspace, consents: [] })
  }

  /** Takes somebody's office with the own consent and those of other trustees. */
  depose(of: Omit<Deposition, "workspace">): Promise<void> {
    return this.#service.Depose({ ...of, workspace: this.#workspace })
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
