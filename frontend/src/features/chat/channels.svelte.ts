import { SvelteMap } from "svelte/reactivity"
import { chatService, list, workspacesService } from "../../transport/services"
import { Told } from "../../transport/told"
import type { Transport } from "../../transport/transport"
import type { Channel, Space } from "../../transport/types"

/** Every space has this channel without anybody making it. */
export const general = "general"

/** "project-9" comes before "project-10". */
const byName = new Intl.Collator(undefined, { numeric: true })

/** Whether what is typed differs from a name in nothing but case and the spaces around it. */
function alike(name: string, typed: string): boolean {
  return name.toLocaleLowerCase() === typed.trim().toLocaleLowerCase()
}

/** The channels and direct conversations of one workspace. */
export class Channels {
  readonly #byId = new SvelteMap<string, Channel>()
  readonly #told = new Told()
  readonly #spaces = new SvelteMap<string, Space>()
  readonly #chat
  readonly #workspaces
  readonly #workspace
  readonly #left: ((space: Space) => void)[] = []
  readonly close: () => void

  readonly all = $derived([...this.#byId.values()])
  readonly channels = $derived(
    this.all.filter((channel) => channel.kind === "channel").sort((a, b) => this.#compare(a, b)),
  )
  readonly direct = $derived(
    this.all
      .filter((channel) => channel.kind === "direct")
      .sort((a, b) => b.last - a.last || a.name.localeCompare(b.name)),
  )
  readonly unread = $derived(this.all.reduce((sum, channel) => sum + channel.unread, 0))

  constructor(transport: Transport, workspace: string) {
    this.#chat = chatService(transport)
    this.#workspaces = workspacesService(transport)
    this.#workspace = workspace
    this.close = transport.on("chat.channel", (channel) => {
      if (channel.workspace !== workspace) return
      this.#told.tell(channel.id)
      this.#keep(channel)
    })
  }

  async load() {
    const since = this.#told.ask()
    const [spaces, channels] = await Promise.all([
      this.#workspaces.Spaces(this.#workspace),
      this.#chat.Channels(this.#workspace),
    ])
    const readable = new Set(list(spaces).map(({ id }) => id))
    const gone = [...this.#spaces.values()].filter((space) => !readable.has(space.id))
    for (const space of gone) this.#spaces.delete(space.id)
    // A channel that was made meanwhile is in no list yet: only its space decides.
    for (const channel of [...this.#byId.values()]) {
      if (!readable.has(channel.space)) this.#byId.delete(channel.id)
    }
    for (const space of list(spaces)) this.#spaces.set(space.id, space)
    for (const channel of list(channels)) {
      if (!since(channel.id)) this.#byId.set(channel.id, channel)
    }
    for (const space of gone.filter(({ kind }) => kind === "private")) {
      this.#left.forEach((tell) => tell(space))
    }
  }

  /** Calls back when a private space can be read no longer. Returns the cancel. */
  onLeft(tell: (space: Space) => void): () => void {
    this.#left.push(tell)
    return () => void this.#left.splice(this.#left.indexOf(tell), 1)
  }

  get(id: string): Channel | undefined {
    return this.#byId.get(id)
  }

  space(channel: Channel): Space | undefined {
    return this.#spaces.get(channel.space)
  }

  /** Whether a channel can be read but not written in. */
  isClosed(id: string): boolean {
    const channel = this.#byId.get(id)
    return !!channel && this.space(channel)?.closed === true
  }

  isPrivate(channel: Channel): boolean {
    return this.space(channel)?.kind === "private"
  }

  /** The name of a private space; empty for the others. */
  spaceName(id: string): string {
    const space = this.#spaces.get(id)
    return space?.kind === "private" ? space.name : ""
  }

  /** What a channel is called: the first channel of a private space by the space's name. */
  title(channel: Channel): string {
    const space = this.space(channel)
    if (channel.kind === "direct" || space?.kind !== "private") return channel.name
    const first = channel.name === general || channel.name === space.name
    return first ? space.name : `${space.name} / ${channel.name}`
  }

  /** The private spaces that a new channel may be part of. */
  get privateSpaces(): Space[] {
    return [...this.#spaces.values()].filter((space) => space.kind === "private")
  }

  /** Whether a channel of a space has a name; no space means the main one. */
  taken(name: string, space: string): boolean {
    return this.channels.some(
      (channel) =>
        alike(channel.name, name) && (space ? channel.space === space : !this.isPrivate(channel)),
    )
  }

  /** Whether a private space that one reads has a name. */
  privateTaken(name: string): boolean {
    return this.privateSpaces.some((space) => alike(space.name, name))
  }

  async create(name: string, space: string): Promise<Channel> {
    return this.#keep(await this.#chat.CreateChannel({ workspace: this.#workspace, space, name }))
  }

  /** Makes a private space and returns its first channel. */
  async createPrivate(
    name: string,
    people: string[],
    history: string,
    verifiedOnly: boolean,
  ): Promise<Channel | undefined> {
    const space = await this.#workspaces.CreateSpace({
      workspace: this.#workspace,
      name,
      people,
      history,
      verifiedOnly,
    })
    await this.load()
    return this.channels.find((channel) => channel.space === space.id)
  }

  /** Lets more people into a private space that one made. */
  async addPeople(space: string, people: string[]) {
    const changed = await this.#workspaces.AddToSpace({
      workspace: this.#workspace,
      space,
      people,
      verifiedOnly: false, // as it is
    })
    this.#spaces.set(changed.id, changed)
  }

  /** Takes somebody out of a private space that one made. */
  async takeOut(space: string, person: string) {
    const changed = await this.#workspaces.RemoveFromSpace({
      workspace: this.#workspace,
      space,
      people: [person],
    })
    this.#spaces.set(changed.id, changed)
  }

  /** Closes a private space, which can then be read but not written in, or opens it again. */
  async closeSpace(space: string, closed: boolean) {
    const changed = await this.#workspaces.CloseSpace({ workspace: this.#workspace, space, closed })
    this.#spaces.set(changed.id, changed)
  }

  /** The conversation with exactly one other person, where there is one. */
  directWith(person: string): Channel | undefined {
    return this.direct.find(({ people }) => {
      const all = list(people)
      return all.length <= 2 && all.includes(person)
    })
  }

  async openDirect(people: string[]): Promise<Channel> {
    return this.#keep(await this.#chat.OpenDirect({ workspace: this.#workspace, people }))
  }

  #keep(channel: Channel): Channel {
    this.#byId.set(channel.id, channel)
    // A channel of a space that was just made or joined: its name comes with the spaces.
    if (!this.#knows(channel)) void this.load().catch(() => {})
    return channel
  }

  /** Whether the space of a channel is here, with the people that the channel tells. */
  #knows(channel: Channel): boolean {
    const space = this.#spaces.get(channel.space)
    const people = new Set(list(space?.people))
    return !!space && list(channel.people).every((id) => people.size === 0 || people.has(id))
  }

  #compare(a: Channel, b: Channel): number {
    const first = (channel: Channel) =>
      channel.name === general && !this.isPrivate(channel) ? 0 : 1
    return first(a) - first(b) || byName.compare(this.title(a), this.title(b))
  }
}
