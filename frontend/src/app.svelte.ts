import { getContext, setContext } from "svelte"
import { Settings } from "./features/settings/settings.svelte"
import { Codes } from "./features/workspace/codes.svelte"
import { Workspaces } from "./features/workspace/workspaces.svelte"
import { Navigation } from "./navigation.svelte"
import { Team } from "./team.svelte"
import type { Shell } from "./transport/shell"
import { apiError, type ApiError, type Transport } from "./transport/transport"

type Phase = "loading" | "locked" | "ready"

/** The whole page: what is loaded and what is shown. Made once. */
export class App {
  phase = $state<Phase>("loading")
  failed = $state.raw<ApiError>()
  team = $state.raw<Team>()
  readonly settings: Settings
  readonly workspaces: Workspaces
  readonly codes: Codes
  readonly navigation = new Navigation()
  readonly #ends: (() => void)[]
  #lost = false

  /** The workspace of the address, or the first one. */
  readonly workspace = $derived.by(() => {
    if (this.navigation.start) return undefined
    return this.workspaces.get(this.navigation.workspace) ?? this.workspaces.all[0]
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
  readonly mayInvite = $derived(["owner", "admin"].includes(this.workspace?.role ?? ""))

  constructor(
    readonly transport: Transport,
    readonly shell: Shell,
  ) {
    this.settings = new Settings(transport)
    this.workspaces = new Workspaces(transport)
    this.codes = new Codes(transport)
    this.#ends = [
      transport.on("reload", () => void this.retry()),
      transport.on("link", ({ link }) => {
        this.navigation.invitation = link
        this.navigation.add()
      }),
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
      await this.codes.load()
      this.phase = "ready"
    } catch (reason) {
      const error = apiError(reason)
      if (error.code === "locked") this.phase = "locked"
      else this.failed = error
    }
  }

  /** Shows the workspace of the address. Called whenever that may have changed. */
  follow() {
    const workspace = this.workspace
    const ready = workspace?.state === "ready" ? workspace : undefined
    if (this.team?.workspace === ready?.id) return
    this.team?.close()
    this.navigation.side = undefined
    this.team = ready && new Team(this.transport, ready.id, ready.self)
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
