import { ApiError } from "../src/transport/transport"
import type { Channel, Message, Space } from "../src/transport/types"
import { texts, topics } from "./fake-samples"
import { hex, type FakeWorld, type Methods } from "./fake-world"

type NewSpace = { name: string; people: string[]; history: string; verifiedOnly: boolean }

const order = (n: number) => n.toString(16).padStart(16, "0")

/** Spaces, channels and messages of a workspace in memory. */
export class FakeChat {
  readonly #channels: Channel[] = []
  readonly #world: FakeWorld
  readonly #messages = new Map<string, Message[]>()
  #seq = 100_000

  constructor(world: FakeWorld) {
    this.#world = world
  }

  get methods(): Methods {
    return {
      "Workspaces.Spaces": () => this.#world.spaces.filter(this.#reads),
      "Workspaces.AddToSpace": (form: { space: string; people: string[] }) =>
        this.#changeSpace(form.space, (space) => ({ people: [...space.people, ...form.people] })),
      "Workspaces.RemoveFromSpace": (form: { space: string; people: string[] }) =>
        this.#changeSpace(form.space, (space) => ({
          people: space.people.filter((id) => !form.people.includes(id)),
        })),
      "Workspaces.CloseSpace": (form: { space: string; closed: boolean }) =>
        this.#changeSpace(form.space, () => ({ closed: form.closed })),
      "Workspaces.CreateSpace": (form: NewSpace) => this.#createSpace(form),
      "Chat.Channels": () =>
        this.#channels.filter(({ space }) =>
          this.#world.spaces.filter(this.#reads).some(({ id }) => id === space),
        ),
      "Chat.CreateChannel": (form: { name: string; space: string }) =>
        this.#channel(form.name, form.space),
      "Chat.OpenDirect": (form: { people: string[] }) => this.#direct(form.people),
      "Chat.Messages": (query: {
        channel: string
        thread: string
        before: string
        limit: number
      }) => this.#page(query),
      "Chat.Send": (form: { channel: string; text: string; thread: string; mentions: string[] }) =>
        this.#send(form.channel, form.text, this.#world.self, form.thread, form.mentions),
      "Chat.Edit": (change: { channel: string; id: string; text: string }) =>
        this.#change(change, (message) => ({ ...message, text: change.text, edited: Date.now() })),
      "Chat.Delete": (change: { channel: string; id: string }) =>
        this.#change(change, (message) => ({ ...message, text: "", deleted: true, reactions: [] })),
      "Chat.React": (change: { channel: string; id: string; text: string; remove: boolean }) =>
        this.#react(change),
      "Chat.MarkRead": (mark: { channel: string; message: string }) => this.#read(mark),
      "Chat.SaveDraft": (draft: { channel: string; text: string }) => this.#draft(draft),
      "Chat.Typing": () => undefined,
    }
  }

  /** A guest reads its private spaces alone. */
  readonly #reads = (space: Space) =>
    this.#world.options.role !== "guest" ||
    (space.kind === "private" && !this.#world.options.nowhere)

  /** Opens the first channel of a workspace; the others, unless it is empty. */
  found() {
    const general = this.#channel("general", this.#world.workspace.main)
    const { channels, french, empty } = this.#world.options
    if (empty) return
    const named = [...topics[this.#world.language]]
    while (named.length < channels - 1) named.push(`project-${named.length}`)
    for (const topic of named) this.#channel(topic, this.#world.workspace.main)
    this.#createSpace({
      name: french ? "Direction" : "Management",
      people: [hex(2)],
      history: "from-join",
      verifiedOnly: false,
    })
    const made = this.#world.spaces.at(-1)
    if (made && this.#world.options.role === "guest") made.by = hex(2)
    const known = new Set(this.#world.people.map(({ id }) => id))
    for (const people of [[hex(2)], [hex(3)], [hex(4), hex(5)]])
      if (people.every((id) => known.has(id))) this.#direct(people)
    this.#fill(general)
    this.#unread()
  }

  /** Posts a message and tells the page about it. */
  #send(channel: string, text: string, author: string, thread = "", mentions: string[] = []) {
    const messages = this.#messages.get(channel) ?? []
    const message = this.#message(channel, ++this.#seq, text, author, Date.now())
    message.thread = thread
    message.mentions = mentions
    message.state = author === this.#world.self ? "local" : "delivered"
    messages.push(message)
    this.#messages.set(channel, messages)
    this.#world.tell("chat.message", structuredClone(message))
    const root = messages.find((other) => other.id === thread)
    if (root) {
      root.replies++
      root.lastReply = message.sent
      this.#world.tell("chat.message", structuredClone(root))
    }
    if (author === this.#world.self) this.#acknowledge(message)
    return { id: message.id, seq: message.seq }
  }

  #acknowledge(message: Message) {
    const mark = {
      workspace: this.#world.workspace.id,
      space: message.space,
      device: message.device,
      bySuperPeer: 0,
    }
    const held = (delivered: number) =>
      this.#world.tell("chat.custody", { ...mark, held: message.seq, delivered })
    setTimeout(() => held(0), 600)
    setTimeout(() => held(message.seq), 1800)
  }

  #createSpace(form: NewSpace): Space {
    const space = {
      id: hex(this.#world.spaces.length + 700, 32),
      name: form.name,
      kind: "private",
      history: form.history,
      people: [this.#world.self, ...form.people],
      by: this.#world.self,
      verifiedOnly: form.verifiedOnly,
      closed: false,
    }
    this.#world.spaces.push(space)
    this.#channel("general", space.id)
    return space
  }

  #changeSpace(id: string, change: (space: Space) => Partial<Space>): Space {
    const at = this.#world.spaces.findIndex((space) => space.id === id)
    const before = this.#world.spaces[at] as Space
    const space = { ...before, ...change(before) }
    this.#world.spaces[at] = space
    return space
  }

  #channel(name: string, space: string): Channel {
    const channel: Channel = {
      workspace: this.#world.workspace.id,
      id: hex(this.#channels.length + 40, 32),
      space: space || this.#world.workspace.main,
      name,
      kind: "channel",
      people: [],
      unread: 0,
      mentions: 0,
      missedCalls: 0,
      readUpTo: "",
      last: 0,
      draft: "",
    }
    this.#channels.push(channel)
    this.#world.tell("chat.channel", { ...channel })
    return channel
  }

  #direct(people: string[]): Channel {
    const key = [...people].sort().join()
    const known = this.#channels.find(
      (c) => c.kind === "direct" && [...c.people].sort().join() === key,
    )
    if (known) return known
    const channel = this.#channel(
      people.map((id) => this.#world.people.find((person) => person.id === id)?.name).join(", "),
      hex(this.#channels.length + 9000, 32),
    )
    channel.kind = "direct"
    channel.people = people
    channel.last = Date.now()
    this.#world.spaces.push({
      id: channel.space,
      name: "",
      kind: "group",
      history: "full",
      people,
      by: this.#world.self,
      verifiedOnly: false,
      closed: false,
    })
    this.#world.tell("chat.channel", { ...channel })
    return channel
  }

  #page(query: { channel: string; thread: string; before: string; limit: number }) {
    const all = (this.#messages.get(query.channel) ?? []).filter((message) =>
      query.thread
        ? message.thread === query.thread || message.id === query.thread
        : !message.thread,
    )
    const end = query.before ? all.findIndex((message) => message.id === query.before) : all.length
    const start = Math.max(0, end - (query.limit || 50))
    return { messages: all.slice(start, end), more: start > 0 }
  }

  #change(change: { channel: string; id: string }, apply: (message: Message) => Message) {
    const messages = this.#messages.get(change.channel) ?? []
    const at = messages.findIndex((message) => message.id === change.id)
    const old = messages[at]
    if (!old) throw new ApiError("not-found", "no such message")
    messages[at] = apply(old)
    this.#world.tell("chat.message", structuredClone(messages[at]))
  }

  #react(change: { channel: string; id: string; text: string; remove: boolean }) {
    this.#change(change, (message) => {
      const reactions = message.reactions.filter((reaction) => reaction.emoji !== change.text)
      const people =
        message.reactions.find((reaction) => reaction.emoji === change.text)?.people ?? []
      const next = people
        .filter((id) => id !== this.#world.self)
        .concat(change.remove ? [] : [this.#world.self])
      if (next.length > 0) reactions.push({ emoji: change.text, people: next })
      return { ...message, reactions }
    })
  }

  #read(mark: { channel: string; message: string }) {
    const channel = this.#channels.find((channel) => channel.id === mark.channel)
    if (!channel) return
    Object.assign(channel, { readUpTo: mark.message, unread: 0, mentions: 0 })
    this.#world.tell("chat.channel", { ...channel })
  }

  #draft(draft: { channel: string; text: string }) {
    const channel = this.#channels.find((channel) => channel.id === draft.channel)
    if (channel) channel.draft = draft.text
  }

  #message(channel: string, n: number, text: string, author: string, sent: number): Message {
    return {
      workspace: this.#world.workspace.id,
      space: this.#channels.find((other) => other.id === channel)?.space ?? "",
      channel,
      id: hex(n * 7 + 13),
      seq: n,
      device: hex(Number.parseInt(author.slice(0, 6), 16)),
      order: order(n),
      author,
      authorName: this.#world.people.find((person) => person.id === author)?.name ?? "",
      text,
      sent,
      edited: 0,
      deleted: false,
      thread: "",
      replies: 0,
      lastReply: 0,
      mentions: [],
      reactions: [],
      state: "delivered",
      heldBy: 3,
      late: false,
      bySuperPeer: false,
      provisional: false,
    }
  }

  #unread() {
    for (const [index, unread, mentions] of [
      [2, 3, 1],
      [3, 12, 0],
      [this.#channels.length - 2, 2, 0],
    ] as const) {
      const channel = this.#channels[index]
      if (!channel) continue
      Object.assign(channel, { unread, mentions })
      this.#messages.set(
        channel.id,
        Array.from({ length: unread + 4 }, (_, n) =>
          this.#sample(channel, n + index * 100, unread + 4 - n),
        ),
      )
      channel.readUpTo = this.#messages.get(channel.id)?.[3]?.id ?? ""
    }
  }

  #sample(channel: Channel, n: number, before: number): Message {
    const author = this.#world.author(n * 5 + (n >> 2))
    const all = texts[this.#world.language]
    return this.#message(
      channel.id,
      n,
      all[n % all.length] ?? "",
      author,
      Date.now() - before * 340_000,
    )
  }

  #fill(channel: Channel) {
    const messages: Message[] = []
    const count = this.#world.options.messages
    for (let n = 0; n < count; n++) messages.push(this.#sample(channel, n + 1000, count - n))
    const decorate = (back: number, change: Partial<Message>) => {
      const message = messages.at(-back)
      if (message) Object.assign(message, change)
    }
    decorate(2, {
      reactions: [
        { emoji: "👍", people: [hex(1), hex(3)] },
        { emoji: "🎉", people: [hex(2)] },
      ],
    })
    decorate(4, { replies: 3, lastReply: Date.now() - 900_000 })
    decorate(6, { edited: Date.now() - 1_000_000 })
    decorate(7, { deleted: true, text: "" })
    decorate(9, { late: true })
    decorate(3, {
      text: `@${this.#world.people[0]?.name}, ${this.#world.options.french ? "peux-tu relire ceci ?" : "could you read this?"}`,
      mentions: [hex(1)],
      author: hex(2),
      authorName: "Ben Carter",
    })
    decorate(1, {
      author: hex(1),
      text: this.#world.options.french ? "Parfait, merci à tous." : "Perfect, thank you all.",
      state: "held",
      heldBy: 2,
      bySuperPeer: true,
    })
    const root = messages.at(-4)
    for (let n = 0; root && n < 3; n++) {
      const reply = this.#sample(channel, count + 1000 + n * 4, 1)
      messages.push({ ...reply, thread: root.id, order: order(50_000 + n) })
    }
    this.#messages.set(channel.id, messages)
  }
}
