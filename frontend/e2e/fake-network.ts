import { ApiError } from "../src/transport/transport"
import type {
  Check,
  Comparison,
  Device,
  DeviceLink,
  Diagnosis,
  NetworkSettings,
  SuperPeer,
  Workspace,
} from "../src/transport/types"
import type { Methods, Tell } from "./fake-world"

const day = 86_400_000
const giga = 2 ** 30

/** Super-peers, devices and the network check of a workspace in memory. */
export class FakeNetwork {
  superPeers: SuperPeer[] = []
  devices: Device[] = []
  /** What opens a link; a passphrase is asked for where it is not empty. */
  passphrase = ""
  readonly #tell: Tell
  readonly #workspace: () => Workspace
  #isolated: NetworkSettings = { isolated: false, isolatedNow: false }
  #link: DeviceLink = link({})

  constructor(tell: Tell, workspace: () => Workspace) {
    this.#tell = tell
    this.#workspace = workspace
    const device = (n: number, change: Partial<Device>): Device => ({
      id: `device${n}`,
      person: "self",
      number: n + 1,
      name: "",
      platform: "linux",
      added: Date.now() - 200 * day,
      lastSeen: Date.now() - 3_600_000,
      online: false,
      self: false,
      removed: false,
      workspaces: ["w"],
      ...change,
    })
    this.devices = [
      device(1, { name: "atelier-ana", self: true, online: true }),
      device(2, { name: "MacBook Air", platform: "macos", online: true, added: Date.now() - day }),
      device(3, { platform: "windows", lastSeen: 0 }),
    ]
  }

  /** Attaches super-peers that stand in each of some states; "tight" is connected and nearly full. */
  attach(...states: string[]) {
    for (const state of states) this.#attached(state)
    this.#told()
  }

  #attached(state: string): SuperPeer {
    const n = this.superPeers.length
    const made: SuperPeer = {
      workspace: this.#workspace().id,
      id: `12D3KooWQx5yN4nBnqGtV5tCpuWm3u2QeB7gW9cXn8WcR3fY${["kHs1", "p9Za", "Wm4t"][n % 3]}`,
      addrs: ["/ip4/203.0.113.7/tcp/443"],
      state: state === "tight" ? "connected" : state,
      used: { full: 2 * giga, tight: 1.86 * giga }[state] ?? 0.31 * giga * (n + 1),
      limit: 2 * giga,
      queued: state === "connected" || state === "tight" ? 0 : 3,
      lastContact: state === "refused" ? 0 : Date.now() - n * 480_000,
      alone: n === 0 ? 4 : 0,
      problem: "",
      problemCode: { full: "quota", tight: "nearly-full" }[state] ?? "",
    }
    this.superPeers.push(made)
    return made
  }

  #told() {
    const workspace = this.#workspace()
    workspace.superPeers = this.superPeers.length
    workspace.superPeersUp = this.superPeers.filter(({ state }) =>
      ["connected", "full"].includes(state),
    ).length
    this.#tell("workspace", { ...workspace })
    this.#tell("superpeers", { workspace: workspace.id })
  }

  get methods(): Methods {
    return {
      "SuperPeers.List": () => this.superPeers,
      "SuperPeers.Add": ({ code }: { code: string }) => {
        if (code.includes("parvis://join#")) throw new ApiError("is-invitation", "An invitation.")
        if (!code.includes("parvis://superpeer#"))
          throw new ApiError("invalid", "This is not a complete set-up code.")
        const made = this.#attached("connected")
        this.#told()
        return made
      },
      "SuperPeers.Remove": (_: string, id: string) => {
        this.superPeers = this.superPeers.filter((one) => one.id !== id)
        this.#told()
      },
      "Settings.Network": () => this.#isolated,
      "Settings.SetIsolated": (isolated: boolean) =>
        (this.#isolated = { ...this.#isolated, isolated }),
      "Settings.Doctor": () => diagnosis,
      "Settings.Waiting": () => [],
      "Devices.List": () => this.devices,
      "Devices.Of": () =>
        this.devices.map((one, at) => ({ ...one, id: `of${one.id}`, self: false, number: at + 1 })),
      "Devices.Rename": ({ device, name }: { device: string; name: string }) => {
        const found = this.devices.find(({ id }) => id === device)
        if (found) found.name = name
        this.#tell("devices", { workspace: "" })
      },
      "Devices.Remove": ({ device }: { device: string }) => {
        this.devices = this.devices.filter(({ id }) => id !== device)
        this.#tell("devices", { workspace: "" })
      },
      "Devices.Linking": () => this.#link,
      "Devices.Link": (passphrase: string) => this.#offer(passphrase),
      "Devices.Open": (text: string) => this.#open(text),
      "Devices.CancelLink": () =>
        this.linked({
          ...this.#link,
          link: "",
          state: "failed",
          code: "stopped",
          problem: "Stopped.",
        }),
    }
  }

  /** Lets the adding of a device go on. */
  linked(change: Partial<DeviceLink>) {
    this.#link = { ...this.#link, ...change }
    this.#tell("device.link", { ...this.#link })
    return this.#link
  }

  /** Shows the codes of two devices. */
  codes(inviter: boolean, state = "compare") {
    const comparison: Comparison = {
      id: "device",
      workspace: this.#workspace()?.id ?? "",
      invite: "link",
      device: true,
      person: "",
      role: "",
      expires: 0,
      begun: Date.now(),
      inviter,
      code: "482913",
      state,
      end: state === "failed" ? "refused" : "",
      spent: false,
    }
    this.#tell("codes", comparison)
    this.linked({ state: "codes" })
  }

  #offer(passphrase: string): DeviceLink {
    if (this.passphrase && !passphrase) throw new ApiError("locked", "Enter your passphrase.")
    if (passphrase !== this.passphrase) throw new ApiError("refused", "Wrong passphrase.")
    return this.linked(
      link({
        link: `parvis://device#${"q1c9Xb4mZt7Lw2Rk".repeat(11)}`,
        state: "open",
        expires: Date.now() + 300_000,
      }),
    )
  }

  #open(text: string): DeviceLink {
    if (text.startsWith("parvis://join#")) throw new ApiError("is-invitation", "An invitation.")
    if (!text.startsWith("parvis://device#")) throw new ApiError("link-broken", "broken")
    return this.linked(link({ new: true, state: "open", expires: Date.now() + 300_000 }))
  }
}

const link = (change: Partial<DeviceLink>): DeviceLink => ({
  link: "",
  new: false,
  state: "",
  expires: 0,
  device: "",
  done: 0,
  total: 0,
  problem: "",
  code: "",
  ...change,
})

const check = (name: string, result: string, code: string, ...values: string[]): Check => ({
  name,
  result,
  code,
  values,
  detail: `${code} ${values.join()}`,
  remedy: result === "ok" ? "" : "Do something.",
})

const address = "/ip4/203.0.113.7/udp/443/quic-v1, /ip4/203.0.113.7/tcp/443"
const diagnosis: Diagnosis = {
  checks: [
    check("network", "ok", "network-up"),
    check("addresses", "ok", "addresses-local", "/ip4/192.168.1.20/udp/41873/quic-v1"),
    check("nat", "warn", "nat-hard"),
    check("udp", "warn", "udp-blocked"),
    check("tcp-443", "ok", "tcp-443"),
    check("super-peer", "fail", "super-peer-off", "R3fYkHs1", address),
    check("relay", "fail", "relay-none"),
    check("clock", "warn", "clock-behind", "5m12s"),
    check("members", "ok", "members-off", "2", "4", "Chloé Dubois-Marchand, Dariusz Nowak"),
    check("disk", "ok", "disk-free", "51.3 GB"),
    check("keys", "ok", "keys-keyring"),
  ],
  text: "Parvis 0.1.0, network check of 2026-11-22 09:14:03 +01:00\n",
}
