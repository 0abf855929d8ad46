import { m } from "../../paraglide/messages.js"
import { devicesService, list } from "../../transport/services"
import type { Transport } from "../../transport/transport"
import type { DeviceLink } from "../../transport/types"

const going = (state: string) => ["open", "codes", "copying"].includes(state)

/** The adding of a device, on either side: one at a time. */
export class Linking {
  #link = $state.raw<DeviceLink>()
  /** How far it is; undefined where there is nothing to show. */
  readonly now = $derived(this.#link?.state ? this.#link : undefined)
  readonly going = $derived(going(this.#link?.state ?? ""))
  readonly close: () => void
  readonly #service
  /** That whose device was seen in the list, which holds those that are in alone. */
  #there: DeviceLink | undefined

  /** `onGone` hears that a device was removed again which was just added. */
  constructor(
    transport: Transport,
    readonly onGone: () => void = () => {},
  ) {
    this.#service = devicesService(transport)
    const ends = [
      transport.on("device.link", this.#show),
      transport.on("devices", () => void this.#look().catch(() => {})),
    ]
    this.close = () => ends.forEach((end) => end())
  }

  /** Finds what goes on. How an earlier one ended is not told again. */
  async load() {
    const link = await this.#service.Linking()
    if (going(link.state) || this.going) this.#show(link)
  }

  /** Makes a link to show. Rejects with "locked" where a passphrase is needed. */
  async offer(passphrase = "") {
    await this.#begin(this.#service.Link(passphrase))
  }

  /** Opens the link that another device shows. */
  async open(text: string) {
    await this.#begin(this.#service.Open(text.replace(/\s+/g, "")))
  }

  /** Stops it. What was added stays. */
  async stop() {
    await this.#service.CancelLink()
  }

  /** Takes away what is over. */
  dismiss() {
    if (!this.going) this.#link = undefined
  }

  /** A device that was added and removed again is not said to be there. */
  async #look() {
    const link = this.#link
    if (link?.state !== "done" || !link.device) return
    const device = list(await this.#service.List()).find(({ id }) => id === link.device)
    if (this.#link !== link) return
    if (device && !device.removed) this.#there = link
    else if (device || this.#there === link) {
      this.dismiss()
      this.onGone()
    }
  }

  // An event that overtakes the answer knows more.
  async #begin(answer: Promise<DeviceLink>) {
    const before = this.#link
    const link = await answer
    if (this.#link === before) this.#show(link)
  }

  #show = (link: DeviceLink) => (this.#link = link)
}

/** What went wrong with the adding of a device, with a remedy; empty: nothing. */
export function linkProblem(link: DeviceLink): string {
  switch (link.code) {
    case "":
      return link.problem
    case "codes":
      return m.device_problem_codes()
    case "expired":
      return m.device_problem_expired()
    case "unknown":
      return m.device_problem_unknown()
    case "used":
      return m.device_problem_used()
    case "rules":
      return m.device_problem_rules()
    case "stopped":
      return m.device_problem_stopped()
    default:
      return m.device_problem_failed()
  }
}
