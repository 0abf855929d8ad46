import { devicesService, list } from "../../transport/services"
import type { Transport } from "../../transport/transport"
import type { Device } from "../../transport/types"

/** The devices of one person of a workspace, while somebody looks at them. */
export class DevicesOf {
  /** Those that are in, by their numbers; undefined until they were read once. */
  all = $state.raw<Device[]>()
  readonly close: () => void
  readonly #service
  #asked = 0

  constructor(
    transport: Transport,
    readonly workspace: string,
    readonly person: string,
  ) {
    this.#service = devicesService(transport)
    const again = () => void this.load().catch(() => undefined) // the last known state stays
    const ends = [
      transport.on("devices", again),
      transport.on("person", ({ id }) => id === person && again()),
    ]
    this.close = () => ends.forEach((end) => end())
  }

  /** Reads them anew. Of several readings the one that began last counts. */
  async load() {
    const asked = ++this.#asked
    const all = list(await this.#service.Of(this.workspace, this.person))
    if (asked !== this.#asked) return
    this.all = all.filter(({ removed }) => !removed).sort((a, b) => a.number - b.number)
  }
}

/** Removes a device of somebody from a workspace, for good. */
export const removeDevice = (transport: Transport, workspace: string, device: string) =>
  devicesService(transport).Remove({ workspace, device })
