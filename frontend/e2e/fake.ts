import { Listeners } from "../src/transport/listeners"
import { ApiError, type Events, type Transport } from "../src/transport/transport"
import type { Invite, Preferences, Status, Workspace } from "../src/transport/types"
import { FakeAudit } from "./fake-audit"
import { FakeCalls } from "./fake-calls"
import { FakeChat } from "./fake-chat"
import { FakeDocuments } from "./fake-documents"
import { FakeTrust } from "./fake-trust"
import { FakeMembers } from "./fake-members"
import { FakeNetwork } from "./fake-network"
import { FakeProtection } from "./fake-protection"
import { FakeRecovery } from "./fake-recovery"
import { names } from "./fake-samples"
import { FakeWorld, hex, type FakeOptions, type Methods } from "./fake-world"

/** A workspace in memory, for looking at the page and measuring it without the program. */
export class FakeTransport implements Transport {
  readonly #listeners = new Listeners()
  readonly #world: FakeWorld
  readonly #chat: FakeChat
  readonly #documents: FakeDocuments
  readonly calls: FakeCalls
  readonly trust: FakeTrust
  readonly members: FakeMembers
  #invites: Invite[] = []
  #preferences: Preferences = { language: "", theme: "", dismissed: "" }
  /** Locked, and no passphrase was chosen yet. */
  fresh = false
  readonly recovery = new FakeRecovery()
  readonly protection: FakeProtection = new FakeProtection(() => this.tell("status", this.status()))
  readonly network: FakeNetwork = new FakeNetwork(
    (event, data) => this.tell(event, data),
    () => this.#world.workspace,
  )

  constructor(options: Partial<FakeOptions> = {}) {
    this.#world = new FakeWorld(
      {
        messages: 40,
        channels: 6,
        people: 9,
        documents: 7,
        french: false,
        role: "owner",
        nowhere: false,
        empty: false,
        ...options,
      },
      (event, data) => this.tell(event, data),
    )
    this.#chat = new FakeChat(this.#world)
    this.calls = new FakeCalls(this.#world)
    this.trust = new FakeTrust(this.#world)
    this.members = new FakeMembers(this.#world)
    this.#documents = new FakeDocuments(this.#world)
    const { empty, french } = this.#world.options
    if (!empty) this.#found(french ? "Atelier Rivoli" : "Harbour Studio", "Ana Lopez")
  }

  on<K extends keyof Events>(event: K, listener: (data: Events[K]) => void) {
    return this.#listeners.add(event, listener)
  }

  tell<K extends keyof Events>(event: K, data: Events[K]) {
    this.#listeners.tell(event, data)
  }

  async call(method: string, args: unknown[]): Promise<unknown> {
    await new Promise((done) => setTimeout(done, 2))
    const methods: Record<string, ((...args: never[]) => unknown) | undefined> = {
      ...this.#methods,
      ...this.#chat.methods,
      ...this.calls.methods,
      ...this.members.methods,
      ...this.#documents.methods,
      ...new FakeAudit(this.#world).methods,
      ...this.network.methods,
      ...this.recovery.methods,
      ...this.protection.methods,
      ...this.trust.methods,
    }
    const run = methods[method] as ((...args: unknown[]) => unknown) | undefined
    if (!run) throw new ApiError("internal", `there is no ${method}`)
    return structuredClone(await run(...args))
  }

  get #methods(): Methods {
    return {
      "Settings.Status": () => this.status(),
      "Settings.Preferences": () => this.#preferences,
      "Settings.SetPreferences": (preferences: Preferences) => (this.#preferences = preferences),
      "Workspaces.List": () => this.#world.workspaces,
      "Workspaces.Create": (form: { name: string; person: string }) =>
        this.#found(form.name, form.person),
      "Workspaces.Inspect": (link: string) => this.#inspect(link),
      "Workspaces.Join": (form: { person: string }) => this.#join(form.person),
      "Workspaces.Invite": (form: {
        role: string
        uses: number
        expiresMs: number
        codesFirst: boolean
      }) => this.#invite(form),
      "Workspaces.Invites": () => this.#invites,
      "Workspaces.Comparisons": () => [],
      "Workspaces.CancelJoin": () => undefined,
      "Workspaces.Forget": () => undefined,
      "Workspaces.RevokeInvite": (_: string, id: string) => this.#revoke(id),
      "People.List": () => this.#world.people,
      "People.Rename": (_: string, name: string) => this.#rename(name),
    }
  }

  /** Changes the workspace and tells the page about it. */
  change(change: Partial<Workspace>) {
    this.tell("workspace", { ...Object.assign(this.#world.workspace, change) })
  }

  status(): Status {
    const superPeers = this.network.superPeers
      .filter(({ state }) => state === "connected")
      .map(({ id }) => ({ peer: id, person: "", name: "", path: "super-peer", rttMs: 24 }))
    return {
      peer: "12D3KooWQx5yN4nBnqGtV5tCpuWm3u2QeB7gW9cXn8WcR3fYtA1b",
      addrs: ["/ip4/192.168.1.20/udp/41873/quic-v1", "/ip4/192.168.1.20/tcp/40221"],
      version: "0.1.0",
      locked: this.protection.locked,
      fresh: this.fresh,
      recovers: this.protection.state.recovery,
      protection: this.protection.state.kind,
      network: "online",
      disk: "ok",
      isolated: "",
      recovery: this.recovery.state,
      problems: [],
      workspaces: this.#world.workspaces,
      peers: this.#world.people
        .slice(1)
        .filter((person) => person.online)
        .map((person, index) => ({
          peer: person.id,
          person: person.id,
          name: person.name,
          path: ["lan", "punched", "relayed"][index % 3] ?? "lan",
          rttMs: 1 + index * 17,
        }))
        .concat(superPeers),
    }
  }

  #inspect(link: string) {
    if (link.includes("parvis://superpeer#")) throw new ApiError("is-setup-code", "a set-up code")
    if (link.startsWith("parvis://device#")) throw new ApiError("is-device-link", "a device")
    if (!link.startsWith("parvis://join#")) throw new ApiError("link-broken", "broken")
    if (link.includes("old")) throw new ApiError("link-expired", "expired")
    return {
      workspace: hex(4),
      expires: Date.now() + 6e8,
      mode: "instant",
      joined: false,
      out: link.includes("left"),
    }
  }

  #join(person: string) {
    const joined = this.#found("Harbour Studio", person)
    joined.state = "joining"
    joined.waiting = "super-peer"
    return joined
  }

  #invite(form: { role: string; uses: number; expiresMs: number; codesFirst: boolean }): Invite {
    const invite: Invite = {
      id: hex(this.#invites.length + 500),
      link: `parvis://join#${btoa(hex(this.#invites.length + 900, 180)).replace(/=/g, "")}`,
      role: form.role,
      uses: form.uses,
      used: 0,
      expires: Date.now() + form.expiresMs,
      mode: form.codesFirst ? "codes" : "instant",
      state: "open",
      by: this.#world.self,
    }
    this.#invites.push(invite)
    return invite
  }

  #revoke(id: string) {
    const invite = this.#invites.find((invite) => invite.id === id)
    if (invite) invite.state = "revoked"
    this.tell("invites", { workspace: this.#world.workspace.id })
  }

  #rename(name: string) {
    const self = this.#world.people[0]
    if (!self) return
    self.name = name
    this.tell("person", { ...self })
  }

  #found(name: string, person: string): Workspace {
    const { people, empty } = this.#world.options
    const workspace: Workspace = {
      id: hex(this.#world.workspaces.length + 4),
      name,
      self: hex(1),
      role: this.#world.options.role,
      state: "ready",
      waiting: "",
      main: hex(3, 32),
      people: empty ? 1 : people,
      online: empty ? 1 : 4,
      queued: 0,
      heldBySuperPeer: 0,
      superPeers: 0,
      superPeersUp: 0,
      behind: 0,
      stopped: "",
    }
    this.#world.workspaces.push(workspace)
    const all = [person, ...names]
    while (all.length < people) all.push(`Person ${all.length}`)
    this.#world.people = all.slice(0, empty ? 1 : people).map((name, index) => ({
      workspace: workspace.id,
      id: hex(index + 1),
      name,
      role:
        index === 0
          ? this.#world.options.role
          : index === 1
            ? "admin"
            : index === 7
              ? "guest"
              : "member",
      state: index === 1 ? "verified" : "unverified",
      online: index < 4,
      lastSeen: Date.now() - index * 5_400_000,
      devices: 1 + (index % 2),
      invitedBy: index > 1 ? hex(1) : this.#world.options.role === "guest" ? hex(2) : "",
      admittedBy: index === 2 ? hex(1) : "",
      verifiedAt: index === 1 ? Date.now() - 86_400_000 : 0,
      verifiedBy: index === 2 ? [hex(2)] : [],
      self: index === 0,
      first: index === 0 && this.#world.options.role === "owner",
      below: this.#world.options.role === "owner" && index > 0,
    }))
    this.#world.spaces = [
      {
        id: workspace.main,
        name: "",
        kind: "main",
        history: "full",
        people: [],
        by: "",
        closed: false,
        verifiedOnly: false,
      },
    ]
    this.#chat.found()
    if (!empty) this.#documents.fill()
    return workspace
  }
}
