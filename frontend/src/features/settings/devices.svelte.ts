import { devicesService, list } from "../../transport/services"
import type { Transport } from "../../transport/transport"
import type { Device } from "../../transport/types"

/** The own devices, while somebody looks at them. This one is the first. */
export class Devices {
  /** Undefined until they were read once. */
  all = $state.raw<Device[]>()
  readonly close: () => void
  readonly #service
  #asked = 0

  constructor(transport: Transport) {
    this.#service = devicesService(transport)
    const again = () => void this.load().catch(() => undefined) // the last known state stays
    const ends = [
      transport.on("devices", again),
      // Whether a device is connected is told with the status.
      transport.on("status", again),
    ]
    this.close = () => ends.forEach((end) => end())
  }

  /** Reads them anew. Of several readings the one that began last counts. */
  async load() {
    const asked = ++this.#asked
    const all = list(await this.#service.List())
    if (asked === this.#asked) this.all = all
  }

  async rename(device: string, name: string) {
    await this.#service.Rename({ device, name })
    await this.load()
  }

  /** Removes a device from all workspaces, for good. */
  async remove(device: string) {
    await this.#service.Remove({ workspace: "", device })
    await this.load()
  }
}
