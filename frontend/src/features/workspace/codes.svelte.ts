import { list, workspacesService } from "../../transport/services"
import type { Transport } from "../../transport/transport"
import type { Comparison } from "../../transport/types"

const over = (state: string) => state === "verified" || state === "failed"

/** The comparisons of codes that go on, for invitations with codes first. */
export class Codes {
  #all = $state.raw<Comparison[]>([])
  /** The one to show: that which needs the person at this computer, else how another one stands. */
  readonly current = $derived(
    ["compare", "entered", "verified", "failed"]
      .map((state) => this.#all.find((one) => one.state === state))
      .find((one) => one !== undefined),
  )
  /** How many others have a code to compare. */
  readonly others = $derived(
    this.#all.filter((one) => one.state === "compare" && one !== this.current).length,
  )
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
    if (comparison && !over(comparison.state)) await this.#service.EnterCode(id, "")
  }

  /** Takes a comparison away that is over. */
  dismiss(id: string) {
    this.#all = this.#all.filter((one) => one.id !== id)
  }

  // Kept in the order in which they began. A run that failed before anybody saw a
  // code is told by the join itself.
  #show = (comparison: Comparison) => {
    const known = this.#all.find((one) => one.id === comparison.id)
    if (over(comparison.state) && !known) return
    if (comparison.state === "failed" && known?.state === "waiting") this.dismiss(comparison.id)
    else if (known) this.#all = this.#all.map((one) => (one === known ? comparison : one))
    else this.#all = [...this.#all, comparison]
  }
}
