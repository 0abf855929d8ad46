import { SvelteMap, SvelteSet } from "svelte/reactivity"
import { list, workspacesService } from "../../transport/services"
import { Told } from "../../transport/told"
import { apiError, type Transport } from "../../transport/transport"
import type { Invite, LinkInfo, NewInvite, Workspace } from "../../transport/types"

/** How long the form itself waits for keys. Later the joining screen takes over. Milliseconds. */
const joinWait = 8_000

/** What was tried to join with, and why that failed. */
export type Refused = { link: string; person: string; reason: unknown }

/** Whether this device left a workspace or was removed from it, for good. */
export const isOut = ({ state, removal }: Workspace) =>
  state === "removed" && removal?.how !== "suspended"

/** Whether what a workspace holds is shown: who is out of it reads what is here. */
export const readable = (workspace: Workspace) => workspace.state === "ready" || isOut(workspace)

/** The workspaces of this device, and the ways into them. */
export class Workspaces {
  readonly #byId = new SvelteMap<string, Workspace>()
  readonly #told = new Told()
  readonly all = $derived(
    [...this.#byId.values()].sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1)),
  )
  readonly close: () => void
  readonly #service
  /** Links used in this window, so that joining can be tried again. By workspace id. */
  readonly #tried = new Map<string, { link: string; person: string }>()
  #stopped = false
  /** The workspaces that somebody was invited to, as far as this window knows. */
  readonly invited = new SvelteSet<string>()
  /** A join that failed, until the form has taken it. */
  refused = $state.raw<Refused>()

  constructor(transport: Transport) {
    this.#service = workspacesService(transport)
    this.close = transport.on("workspace", (workspace) => {
      this.#told.tell(workspace.id)
      this.#byId.set(workspace.id, workspace)
    })
  }

  async load() {
    const since = this.#told.ask()
    const workspaces = list(await this.#service.List())
    const ids = new Set(workspaces.map((workspace) => workspace.id))
    for (const id of [...this.#byId.keys()]) {
      if (ids.has(id) || since(id)) continue
      const tried = this.#tried.get(id)
      if (tried && this.#byId.get(id)?.state === "joining") {
        this.refused = { ...tried, reason: apiError({ code: "refused", message: "" }) }
      }
      this.#tried.delete(id)
      this.#byId.delete(id)
    }
    for (const workspace of workspaces) {
      if (!since(workspace.id)) this.#byId.set(workspace.id, workspace)
    }
  }

  get(id: string): Workspace | undefined {
    return this.#byId.get(id)
  }

  async create(name: string, person: string): Promise<Workspace> {
    return this.#keep(await this.#service.Create({ name, person }))
  }

  /** Says what a link is. Nothing leaves this computer. */
  inspect(link: string): Promise<LinkInfo> {
    return this.#service.Inspect(link)
  }

  /** Joins. A join whose codes were not compared rests, and is returned so. */
  async join(link: string, person: string): Promise<Workspace> {
    this.#stopped = false
    try {
      const workspace = await this.#service.Join({ link, person, waitMs: joinWait })
      this.#tried.set(workspace.id, { link, person })
      return this.#keep(workspace)
    } catch (reason) {
      const rests = await this.#resting(link, person).catch(() => undefined)
      if (rests) return rests
      if (!this.#stopped) this.refused = { link, person, reason }
      throw reason
    }
  }

  /** The join of a link that is still listed because its codes were not compared. */
  async #resting(link: string, person: string): Promise<Workspace | undefined> {
    const { workspace } = await this.inspect(link)
    await this.load()
    const found = this.#byId.get(workspace)
    if (!found?.stopped) return undefined
    this.#tried.set(workspace, { link, person })
    return found
  }

  /** Whether this window still knows the link of a workspace that is being joined. */
  canRetry(id: string): boolean {
    return this.#tried.has(id)
  }

  async retry(id: string) {
    const tried = this.#tried.get(id)
    if (tried) await this.join(tried.link, tried.person)
  }

  /** Ends a join that goes on, and forgets the workspace. */
  async cancelJoin(id: string) {
    this.#stopped = true
    this.#tried.delete(id)
    await this.#service.CancelJoin(id)
    this.#byId.delete(id)
  }

  /** Deletes from this device a workspace that it is out of. */
  async forget(id: string) {
    await this.#service.Forget(id)
    this.#byId.delete(id)
  }

  async invite(invitation: NewInvite): Promise<Invite> {
    const invite = await this.#service.Invite(invitation)
    this.invited.add(invitation.workspace)
    return invite
  }

  async invites(workspace: string): Promise<Invite[]> {
    const invites = list(await this.#service.Invites(workspace))
    if (invites.length > 0) this.invited.add(workspace)
    return invites
  }

  revoke(workspace: string, id: string): Promise<void> {
    return this.#service.RevokeInvite(workspace, id)
  }

  // An event may already have brought something newer than the answer of the call.
  #keep(workspace: Workspace): Workspace {
    const known = this.#byId.get(workspace.id)
    if (known?.state === "ready") return known
    this.#byId.set(workspace.id, workspace)
    return workspace
  }
}
