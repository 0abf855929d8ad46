/** What is open over the page. */
export type Dialog =
  | { name: "palette" }
  | { name: "invite" }
  | { name: "channel" }
  | { name: "direct" }
  | { name: "shortcuts" }
  | { name: "settings"; section: SettingsSection }

export type SettingsSection =
  "profile" | "devices" | "network" | "appearance" | "language" | "about"

/** What stands at the right of the conversation. */
export type Side =
  { name: "thread"; id: string } | { name: "people" } | { name: "person"; id: string }

type Place = { workspace: string; channel: string; start: boolean }

/** Where the page is. The address after # holds it, so that back, forward and reload work. */
export class Navigation {
  #place = $state.raw<Place>(parse(location.hash))
  dialog = $state.raw<Dialog>()
  side = $state.raw<Side>()
  /** Whether the folded sidebar is shown over the page. */
  drawer = $state(false)
  /** An invitation that another program handed over, until the form has taken it. */
  invitation = $state("")
  readonly close: () => void

  constructor() {
    const follow = () => {
      const place = parse(location.hash)
      if (place.channel !== this.channel || place.workspace !== this.workspace)
        this.side = undefined
      this.#place = place
      this.drawer = false
    }
    addEventListener("hashchange", follow)
    this.close = () => removeEventListener("hashchange", follow)
  }

  get workspace() {
    return this.#place.workspace
  }

  get channel() {
    return this.#place.channel
  }

  /** Whether another workspace is being added. */
  get start() {
    return this.#place.start
  }

  /** Goes to a channel, or to the workspace's first one. */
  go(workspace: string, channel = "") {
    location.hash = address(workspace, channel)
  }

  /** As `go`, without a step that "back" would return to. */
  settle(workspace: string, channel: string) {
    history.replaceState(null, "", address(workspace, channel))
    this.#place = { workspace, channel, start: false }
  }

  add() {
    location.hash = "#/add"
  }
}

export const address = (workspace: string, channel = "") =>
  `#/w/${workspace}${channel ? `/c/${channel}` : ""}`

function parse(hash: string): Place {
  const [, first = "", workspace = "", , channel = ""] = hash.replace(/^#/, "").split("/")
  if (first !== "w") return { workspace: "", channel: "", start: first === "add" }
  return { workspace, channel, start: false }
}
