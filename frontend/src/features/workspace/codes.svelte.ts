import { list, workspacesService } from "../../transport/services"
import { Told } from "../../transport/told"
import type { Transport } from "../../transport/transport"
import type { Comparison } from "../../transport/types"

/** How long a comparison goes on. Milliseconds. */
const runTime = 10 * 60_000

/** Whether a comparison has come to something. */
export const over = (state: string) => state === "verified" || state === "failed"

/** The comparisons of codes that go on, for invitations with codes first. */
export class Codes {
  #all = $state.raw<Comparison[]>([])
  /** Those that the person closed while they go on. */
  #aside = $state.raw<string[]>([])
  /** The one to show: that which needs the person at this computer, else how another one stands. */
  readonly current = $derived(
    ["compare", "entered", "verified", "failed"]
      .map((state) => this.#all.find((one) => one.state === state && !this.#hidden(one)))
      .find((one) => one !== undefined),
  )
  /** How many others have a code to compare. */
  readonly others = $derived(
    this.#all.filter((one) => one.state === "compare" && one !== this.current).length,
  )
  /** Until when the first of those goes on that were put aside; 0: there is none. Unix milliseconds. */
  readonly asideUntil = $derived(
    this.#all.filter((one) => this.#hidden(one)).map((one) => one.begun + runTime)[0] ?? 0,
  )
  /** The workspaces of those that go on. */
  readonly #workspaces = $derived(
    new Set(this.#all.filter(({ state }) => !over(state)).map(({ workspace }) => workspace)),
  )
  readonly close: () => void
  readonly #service
  readonly #told = new Told()

  constructor(transport: Transport) {
    this.#service = workspacesService(transport)
    const ends = [
      transport.on("codes", (comparison) => {
        this.#told.tell(comparison.id)
        this.#show(comparison)
      }),
      transport.on("device.link", ({ state }) => {
        if (state === "failed") this.dismissDevice()
      }),
    ]
    this.close = () => ends.forEach((end) => end())
  }

  async load() {
    const since = this.#told.ask()
    const going = list(await this.#service.Comparisons())
    this.#all = this.#all.filter(
      ({ id, state }) =>
        over(state) || since(id) || going.some((comparison) => comparison.id === id),
    )
    for (const comparison of going) if (!since(comparison.id)) this.#show(comparison)
  }

  /** Gives the code that the other person read out. Whether it was right, the event says. */
  async enter(id: string, code: string) {
    await this.#service.EnterCode(id, code)
  }

  /** Whether codes are being compared for a workspace: then somebody answers. */
  compares(workspace: string): boolean {
    return this.#workspaces.has(workspace)
  }

  /** Ends a comparison on both sides. What became of it, the event says. */
  async giveUp(id: string) {
    await this.#service.EnterCode(id, "")
  }

  /** Closes a comparison, which goes on until its time is over; one that is over is gone. */
  putAside(id: string) {
    const comparison = this.#all.find((one) => one.id === id)
    if (comparison && over(comparison.state)) this.dismiss(id)
    else this.#aside = [...this.#aside, id]
  }

  /** Shows again what was put aside. */
  bringBack() {
    this.#aside = []
  }

  /** Takes a comparison away that is over. */
  dismiss(id: string) {
    this.#all = this.#all.filter((one) => one.id !== id)
    this.#aside = this.#aside.filter((one) => one !== id)
  }

  /** Takes away that a device is being added: it was not, or was removed again. */
  dismissDevice() {
    this.#all = this.#all.filter((one) => !one.device || one.state !== "verified")
  }

  // What it came to is shown in any case.
  #hidden({ id, state }: Comparison): boolean {
    return this.#aside.includes(id) && !over(state)
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
