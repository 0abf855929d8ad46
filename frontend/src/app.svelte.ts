import { getContext, setContext } from "svelte"
import { called } from "./features/calls/names"
import { Caller } from "./features/calls/caller.svelte"
import { Calls } from "./features/calls/calls.svelte"
import { connectionOf } from "./features/settings/connection"
import { Linking } from "./features/settings/linking.svelte"
import { Settings } from "./features/settings/settings.svelte"
import { Codes } from "./features/workspace/codes.svelte"
import { hintOf, suggestion } from "./features/workspace/suggestion"
import { isOut, readable, Workspaces } from "./features/workspace/workspaces.svelte"
import { Navigation } from "./navigation.svelte"
import { Team } from "./team.svelte"
import type { Shell } from "./transport/shell"
import { list } from "./transport/services"
import { apiError, type ApiError, type Transport } from "./transport/transport"

import type { Waiting } from "./transport/types"

type Phase = "loading" | "locked" | "ready"

/** The whole page: what is loaded and what is shown. Made once. */
export class App {
  phase = $state<Phase>("loading")
  failed = $state.raw<ApiError>()
  team = $state.raw<Team>()
  readonly settings: Settings
  readonly workspaces: Workspaces
  readonly codes: Codes
  readonly linking: Linking
  readonly calls: Calls
  /** What the person does with calls. */
  readonly caller: Caller
  /** What waits while the window was asked to close; undefined: it was not. */
  closing = $state.raw<Waiting[]>()
  readonly navigation = new Navigation()
  readonly #ends: (() => void)[]
  #lost = false

  /** The workspace of the address, or the first one. */
  readonly workspace = $derived.by(() => {
    if (this.navigation.start) return undefined
    return this.workspaces.get(this.navigation.workspace) ?? this.workspaces.all[0]
  })

  /** The one word on how this device is connected: the dot and the banners say it alike. */
  readonly connection = $derived.by(() =>
    connectionOf(this.settings.reachable, this.settings.status, this.workspace),
  )

  /** Where a super-peer is suggested for the workspace; empty: nowhere. */
  readonly suggestion = $derived.by(() => {
    const workspace = this.workspace
    return suggestion({
      workspace,
      invited: workspace !== undefined && this.workspaces.invited.has(workspace.id),
      dismissed: workspace !== undefined && this.settings.dismissed(hintOf(workspace)),
    })
  })

  /** The channel of the address, or the first one; none where another thing is shown. */
  readonly channel = $derived.by(() => {
    if (this.navigation.place.name !== "channel") return undefined
    const channels = this.team?.channels
    return channels?.get(this.navigation.channel) ?? channels?.channels[0]
  })

  /** The document of the address, once its workspace knows it. */
  readonly document = $derived.by(() => this.team?.documents.get(this.navigation.document))

  /** Only owners and admins may sign an invitation. */
  readonly mayInvite = $derived(
    this.workspace?.state === "ready" && ["owner", "admin"].includes(this.workspace.role),
  )

  constructor(
    readonly transport: Transport,
    readonly shell: Shell,
  ) {
    this.settings = new Settings(transport)
    this.workspaces = new Workspaces(transport)
    this.codes = new Codes(transport)
    this.linking = new Linking(transport, () => this.codes.dismissDevice())
    this.calls = new Calls(transport)
    this.caller = new Caller(this.calls, shell)
    this.caller.recording.named = (one) =>
      called(one, (person) => this.team?.people.get(person)?.name || person.slice(0, 8))
    this.#ends = [
      transport.on("reload", () => void this.retry()),
      // What is shown goes with the page: nothing of it stays in memory. A page that waits
      // for a passphrase goes on when that was typed elsewhere.
      transport.on("status", ({ locked }) => {
        if (locked && this.phase === "ready") location.reload()
        else if (!locked && this.phase === "locked") void this.start()
      }),
      transport.on("link", ({ link }) => {
        this.navigation.invitation = link
        this.navigation.add()
      }),
      transport.on("closing", ({ waiting }) => (this.closing = list(waiting))),
      transport.on("transport", ({ state }) => {
        if (state === "open" && this.#lost) void this.retry()
        this.#lost = state === "lost"
      }),
    ]
  }

  /** Loads what decides the first screen. */
  async start() {
    this.failed = undefined
    try {
      await this.settings.load()
      if (this.settings.status?.locked) {
        this.phase = "locked"
        return
      }
      await this.workspaces.load()
      await Promise.all([this.codes.load(), this.linking.load()])
      await this.#loadCalls(this.workspaces.all.map(({ id }) => id))
      this.phase = "ready"
    } catch (reason) {
      const error = apiError(reason)
      if (error.code === "locked") this.phase = "locked"
      else this.failed = error
    }
  }

  /** A workspace that is still being joined has no calls yet. */
  async #loadCalls(workspaces: string[]) {
    await Promise.allSettled(workspaces.map((workspace) => this.calls.load(workspace)))
  }

  /** Shows the workspace of the address. Called whenever that may have changed. */
  follow() {
    const workspace = this.workspace
    const ready = workspace && readable(workspace) ? workspace : undefined
    if (this.team?.workspace === ready?.id) {
      if (this.team && ready) this.team.out = isOut(ready)
      return
    }
    this.team?.close()
    this.navigation.side = undefined
    this.team = ready && new Team(this.transport, ready.id, ready.self)
    if (this.team && ready) this.team.out = isOut(ready)
    if (ready) void this.#loadCalls([ready.id])
    this.team?.load().catch((reason: unknown) => (this.failed = apiError(reason)))
  }

  /** Tries again what failed to load. */
  async retry() {
    await this.start()
    if (this.phase !== "ready") return
    await this.team?.reload().catch((reason: unknown) => (this.failed = apiError(reason)))
  }

  close() {
    this.#ends.forEach((end) => end())
    this.team?.close()
    this.settings.close()
    this.workspaces.close()
    this.codes.close()
    this.linking.close()
    this.caller.close()
    this.calls.close()
    this.navigation.close()
  }
}

const key = Symbol("app")
export const provideApp = (app: App) => setContext(key, app)
export const useApp = () => getContext<App>(key)

/** The team of the components below the workspace's page, where there always is one. */
export function useTeam(): Team {
  const team = useApp().team
  if (!team) throw new Error("no workspace is shown")
  return team
}
