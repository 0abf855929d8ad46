/** What is open over the page. */
export type Dialog =
  | { name: "palette" }
  | { name: "document" }
  | { name: "invite" }
  /** `reach` is what is chosen at first. */
  | { name: "channel"; reach?: "chosen" }
  | { name: "direct" }
  | { name: "leave" }
  | { name: "shortcuts" }
  | { name: "device" }
  | { name: "paper" }
  | { name: "audit" }
  | { name: "trustees" }
  | { name: "depose" }
  /** `form` is open in its section, with the focus in it. */
  | { name: "settings"; section: SettingsSection; form?: "super-peer" | undefined }

export type SettingsSection =
  | "profile"
  | "devices"
  | "protection"
  | "recovery"
  | "network"
  | "appearance"
  | "language"
  | "about"

/** What stands at the right of the conversation. */
export type Side =
  | { name: "thread"; id: string }
  | { name: "people" }
  | { name: "person"; id: string }
  | { name: "matters" }
  | { name: "comments" }
  | { name: "suggestions" }

/** What of the documents is listed. */
export type Shelf =
  { name: "all" } | { name: "starred" } | { name: "trash" } | { name: "folder"; folder: string }

/** What stands in the middle of the page. */
export type Place =
  | { name: "channel"; channel: string }
  | { name: "documents"; shelf: Shelf }
  | { name: "document"; document: string; comment: string }
  | { name: "start" }

type Where = { workspace: string; place: Place }

/** Where the page is. The address after # holds it, so that back, forward and reload work. */
export class Navigation {
  #where = $state.raw<Where>(parse(location.hash))
  dialog = $state.raw<Dialog>()
  side = $state.raw<Side>()
  /** Whether the folded sidebar is shown over the page. */
  drawer = $state(false)
  /** An invitation, or a link for a device, that another program handed over, until the form has taken it. */
  invitation = $state("")
  readonly close: () => void

  constructor() {
    const follow = () => {
      const where = parse(location.hash)
      if (key(where) !== key(this.#where)) this.side = undefined
      this.#where = where
      this.drawer = false
    }
    addEventListener("hashchange", follow)
    this.close = () => removeEventListener("hashchange", follow)
  }

  get workspace() {
    return this.#where.workspace
  }

  get place() {
    return this.#where.place
  }

  /** The channel of the address; empty where another thing is shown. */
  get channel() {
    return this.place.name === "channel" ? this.place.channel : ""
  }

  /** The document of the address; empty where another thing is shown. */
  get document() {
    return this.place.name === "document" ? this.place.document : ""
  }

  /** Whether another workspace is being added. */
  get start() {
    return this.place.name === "start"
  }

  /** Goes to a channel, or to the workspace's first one. */
  go(workspace: string, channel = "") {
    location.hash = address(workspace, channel)
  }

  /** As `go`, without a step that "back" would return to. */
  settle(workspace: string, channel: string) {
    history.replaceState(null, "", address(workspace, channel))
    this.#where = { workspace, place: { name: "channel", channel } }
  }

  /** Opens a document, and one of its comments where it is named. */
  goDocument(workspace: string, document: string, comment = "") {
    location.hash = documentAddress(workspace, document, comment)
  }

  /** Lists documents. */
  goShelf(workspace: string, shelf: Shelf = { name: "all" }) {
    location.hash = shelfAddress(workspace, shelf)
  }

  add() {
    location.hash = "#/add"
  }
}

/** What a side panel belongs to: it closes when this changes. */
const key = ({ workspace, place }: Where) =>
  [
    workspace,
    place.name,
    "channel" in place && place.channel,
    "document" in place && place.document,
  ].join()

export const address = (workspace: string, channel = "") =>
  `#/w/${workspace}${channel ? `/c/${channel}` : ""}`

export const documentAddress = (workspace: string, document: string, comment = "") =>
  `#/w/${workspace}/d/${document}${comment ? `/${comment}` : ""}`

export const shelfAddress = (workspace: string, shelf: Shelf = { name: "all" }) =>
  `#/w/${workspace}/docs/${shelf.name}${
    shelf.name === "folder" ? `/${encodeURIComponent(shelf.folder)}` : ""
  }`

function parse(hash: string): Where {
  const [, first = "", workspace = "", kind = "", what = "", more = ""] = hash
    .replace(/^#/, "")
    .split("/")
  if (first === "add") return { workspace: "", place: { name: "start" } }
  if (first !== "w") return { workspace: "", place: { name: "channel", channel: "" } }
  return { workspace, place: placeOf(kind, what, more) }
}

function placeOf(kind: string, what: string, more: string): Place {
  if (kind === "d" && what) return { name: "document", document: what, comment: more }
  if (kind !== "docs") return { name: "channel", channel: what }
  if (what === "starred" || what === "trash") return { name: "documents", shelf: { name: what } }
  const folder = what === "folder" ? decoded(more) : ""
  return { name: "documents", shelf: folder ? { name: "folder", folder } : { name: "all" } }
}

/** A part of an address that somebody may have typed. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ""
  }
}
