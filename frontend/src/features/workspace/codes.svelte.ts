import { list, workspacesService } from "../../transport/services"
import type { Transport } from "../../transport/transport"
import type { Comparison } from "../../transport/types"

const over = (state: string) => state === "verified" || state === "failed"

/** The comparisons of codes that go on, for invitations with codes first. */
export class Codes {
  #all = $state.raw<Comparison[]>([])
  /** The one that needs the person at this computer. */
  readonly current = $derived(this.#all.find((one) => one.state !== "waiting"))
  readonly close: () => void
  readonly #service

  constructor(transport: Transport) {
    this.#service = workspacesService(transport)
    this.close = transport.on("codes", this.#show)
  }

  async load() {
    for (const comparison of list(await this.#service.Comparisons())) this.#show(comparison)
  }

  /** Gives the code that the other person read out. Whether it was right, the event says. */
  async enter(id: string, code: string) {
    await this.#service.EnterCode(id, code)
  }

  async giveUp(id: string) {
    const comparison = this.#all.find((one) => one.id === id)
    this.dismiss(id)
    if (comparison?.state === "compare") await this.#service.EnterCode(id, "")
  }

  /** Takes a comparison away that is over. */
  dismiss(id: string) {
    this.#all = this.#all.filter((one) => one.id !== id)
  }

  // A run that failed before anybody saw a code is told by the join itself.
  #show = (comparison: Comparison) => {
    const others = this.#all.filter((one) => one.id !== comparison.id)
    if (over(comparison.state) && others.length === this.#all.length) return
    this.#all = [...others, comparison]
  }
}
