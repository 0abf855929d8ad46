import { Listeners } from "../src/transport/listeners"
import { ApiError, type Events, type Transport } from "../src/transport/transport"
import type {
  Channel,
  Doc,
  Invite,
  Message,
  Person,
  Preferences,
  Space,
  Status,
  Workspace,
} from "../src/transport/types"

export type FakeOptions = {
  /** How many messages the first channel holds. */
  messages: number
  channels: number
  people: number
  documents: number
  /** Names and texts in French. */
  french: boolean
  /** Nothing exists yet. */
  empty: boolean
}

const hex = (seed: number, length = 64) => {
  let state = (seed * 2654435761 + 97) >>> 0
  let text = ""
  while (text.length < length) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    text += state.toString(16).padStart(8, "0")
  }
  return text.slice(0, length)
}

const order = (n: number) => n.toString(16).padStart(16, "0")

/** A workspace in memory, for looking at the page and measuring it without the program. */
export class FakeTransport implements Transport {
  readonly #listeners = new Listeners()
  readonly #options: FakeOptions
  #workspaces: Workspace[] = []
  #people: Person[] = []
  #spaces: Space[] = []
  #channels: Channel[] = []
  #messages = new Map<string, Message[]>()
  #invites: Invite[] = []
  #documents: Doc[] = []
  #preferences: Preferences = { language: "", theme: "" }
  #seq = 100_000
  locked = false

  constructor(options: Partial<FakeOptions> = {}) {
    this.#options = {
      messages: 40,
      channels: 6,
      people: 9,
      documents: 7,
      french: false,
      empty: false,
      ...options,
    }
    if (!this.#options.empty)
      this.#found(this.#options.french ? "Atelier Rivoli" : "Harbour Studio", "Ana Lopez")
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
      "Settings.Status": () => this.status(),
      "Settings.Preferences": () => this.#preferences,
      "Settings.SetPreferences": (preferences: Preferences) => (this.#preferences = preferences),
      "Settings.Unlock": (passphrase: string) => this.#unlock(passphrase),
      "Workspaces.List": () => this.#workspaces,
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
      "Workspaces.RevokeInvite": (_: string, id: string) => this.#revoke(id),
      "Workspaces.Spaces": () => this.#spaces,
      "Workspaces.CreateSpace": (form: { name: string; people: string[]; history: string }) =>
        this.#createSpace(form),
      "People.List": () => this.#people,
      "People.Rename": (_: string, name: string) => this.#rename(name),
      "Chat.Channels": () => this.#channels,
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
        this.send(form.channel, form.text, this.#self, form.thread, form.mentions),
      "Chat.Edit": (change: { channel: string; id: string; text: string }) =>
        this.#change(change, (message) => ({ ...message, text: change.text, edited: Date.now() })),
      "Chat.Delete": (change: { channel: string; id: string }) =>
        this.#change(change, (message) => ({ ...message, text: "", deleted: true, reactions: [] })),
      "Chat.React": (change: { channel: string; id: string; text: string; remove: boolean }) =>
        this.#react(change),
      "Chat.MarkRead": (mark: { channel: string; message: string }) => this.#read(mark),
      "Chat.SaveDraft": (draft: { channel: string; text: string }) => this.#draft(draft),
      "Chat.Typing": () => undefined,
      "Docs.List": () => this.#documents,
      "Docs.Create": (form: { title: string; folder: string }) =>
        this.#document(form.title, form.folder),
      "Docs.Open": () => {
        throw new ApiError("disk-full", "the disk is full")
      },
      "Docs.Rename": (change: { id: string; title: string }) => this.#redocument(change),
      "Docs.Move": (change: { id: string; folder: string }) => this.#redocument(change),
      "Docs.Star": ({ id, on }: { id: string; on: boolean }) =>
        this.#redocument({ id, starred: on }),
      "Docs.Trash": ({ id }: { id: string }) => this.#redocument({ id, trashed: true }),
      "Docs.Restore": ({ id }: { id: string }) => this.#redocument({ id, trashed: false }),
      "Docs.MarkSeen": ({ id }: { id: string }) => this.#redocument({ id, mentions: 0 }),
    }
    const run = methods[method] as ((...args: unknown[]) => unknown) | undefined
    if (!run) throw new ApiError("internal", `there is no ${method}`)
    return structuredClone(await run(...args))
  }

  get channels() {
    return this.#channels
  }

  get people() {
    return this.#people
  }

  get #self() {
    return this.#people[0]?.id ?? ""
  }

  get #workspace() {
    return this.#workspaces[0] as Workspace
  }

  status(): Status {
    return {
      peer: "12D3KooWQx5yN4nBnqGtV5tCpuWm3u2QeB7gW9cXn8WcR3fYtA1b",
      addrs: ["/ip4/192.168.1.20/udp/41873/quic-v1", "/ip4/192.168.1.20/tcp/40221"],
      version: "0.1.0",
      locked: this.locked,
      fresh: false,
      protection: "keyring",
      network: "online",
      disk: "ok",
      problems: [],
      workspaces: this.#workspaces,
      peers: this.#people
        .slice(1)
        .filter((person) => person.online)
        .map((person, index) => ({
          peer: person.id,
          person: person.id,
          name: person.name,
          path: ["lan", "direct", "relayed"][index % 3] ?? "lan",
          rttMs: 1 + index * 17,
        })),
    }
  }

  /** Posts a message and tells the page about it. */
  send(channel: string, text: string, author: string, thread = "", mentions: string[] = []) {
    const messages = this.#messages.get(channel) ?? []
    const message = this.#message(channel, ++this.#seq, text, author, Date.now())
    message.thread = thread
    message.mentions = mentions
    message.state = author === this.#self ? "local" : "delivered"
    messages.push(message)
    this.#messages.set(channel, messages)
    this.tell("chat.message", structuredClone(message))
    const root = messages.find((other) => other.id === thread)
    if (root) {
      root.replies++
      root.lastReply = message.sent
      this.tell("chat.message", structuredClone(root))
    }
    if (author === this.#self) this.#acknowledge(message)
    return { id: message.id, seq: message.seq }
  }

  #acknowledge(message: Message) {
    const mark = { workspace: this.#workspace.id, space: message.space, device: message.device }
    setTimeout(() => this.tell("chat.custody", { ...mark, held: message.seq, delivered: 0 }), 600)
    setTimeout(
      () => this.tell("chat.custody", { ...mark, held: message.seq, delivered: message.seq }),
      1800,
    )
  }

  #unlock(passphrase: string) {
    if (passphrase !== "open") throw new ApiError("refused", "wrong passphrase")
    this.locked = false
  }

  #inspect(link: string) {
    if (!link.startsWith("parvis://join#")) throw new ApiError("link-broken", "broken")
    if (link.includes("old")) throw new ApiError("link-expired", "expired")
    return { workspace: hex(4), expires: Date.now() + 6e8, mode: "instant", joined: false }
  }

  #join(person: string) {
    const joined = this.#found("Harbour Studio", person)
    joined.state = "joining"
    joined.waiting = "Ben, Chloé or the super-peer"
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
      by: this.#self,
    }
    this.#invites.push(invite)
    return invite
  }

  #revoke(id: string) {
    const invite = this.#invites.find((invite) => invite.id === id)
    if (invite) invite.state = "revoked"
    this.tell("invites", { workspace: this.#workspace.id })
  }

  #createSpace(form: { name: string; people: string[]; history: string }): Space {
    const space = {
      id: hex(this.#spaces.length + 700, 32),
      name: form.name,
      kind: "private",
      history: form.history,
      people: [this.#self, ...form.people],
    }
    this.#spaces.push(space)
    this.#channel("general", space.id)
    return space
  }

  #rename(name: string) {
    const self = this.#people[0]
    if (!self) return
    self.name = name
    this.tell("person", { ...self })
  }

  #channel(name: string, space: string): Channel {
    const channel: Channel = {
      workspace: this.#workspace.id,
      id: hex(this.#channels.length + 40, 32),
      space: space || this.#workspace.main,
      name,
      kind: "channel",
      people: [],
      unread: 0,
      mentions: 0,
      readUpTo: "",
      last: 0,
      draft: "",
    }
    this.#channels.push(channel)
    this.tell("chat.channel", { ...channel })
    return channel
  }

  #direct(people: string[]): Channel {
    const key = [...people].sort().join()
    const known = this.#channels.find(
      (c) => c.kind === "direct" && [...c.people].sort().join() === key,
    )
    if (known) return known
    const channel = this.#channel(
      people.map((id) => this.#people.find((person) => person.id === id)?.name).join(", "),
      hex(this.#channels.length + 9000, 32),
    )
    channel.kind = "direct"
    channel.people = people
    channel.last = Date.now()
    this.#spaces.push({ id: channel.space, name: "", kind: "group", history: "full", people })
    this.tell("chat.channel", { ...channel })
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
    this.tell("chat.message", structuredClone(messages[at]))
  }

  #react(change: { channel: string; id: string; text: string; remove: boolean }) {
    this.#change(change, (message) => {
      const reactions = message.reactions.filter((reaction) => reaction.emoji !== change.text)
      const people =
        message.reactions.find((reaction) => reaction.emoji === change.text)?.people ?? []
      const next = people
        .filter((id) => id !== this.#self)
        .concat(change.remove ? [] : [this.#self])
      if (next.length > 0) reactions.push({ emoji: change.text, people: next })
      return { ...message, reactions }
    })
  }

  #read(mark: { channel: string; message: string }) {
    const channel = this.#channels.find((channel) => channel.id === mark.channel)
    if (!channel) return
    Object.assign(channel, { readUpTo: mark.message, unread: 0, mentions: 0 })
    this.tell("chat.channel", { ...channel })
  }

  #draft(draft: { channel: string; text: string }) {
    const channel = this.#channels.find((channel) => channel.id === draft.channel)
    if (channel) channel.draft = draft.text
  }

  #message(channel: string, n: number, text: string, author: string, sent: number): Message {
    return {
      workspace: this.#workspace.id,
      space: this.#channels.find((other) => other.id === channel)?.space ?? "",
      channel,
      id: hex(n * 7 + 13),
      seq: n,
      device: hex(Number.parseInt(author.slice(0, 6), 16)),
      order: order(n),
      author,
      authorName: this.#people.find((person) => person.id === author)?.name ?? "",
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
      provisional: false,
    }
  }

  #found(name: string, person: string): Workspace {
    const { people, channels, french, empty } = this.#options
    const workspace: Workspace = {
      id: hex(this.#workspaces.length + 4),
      name,
      self: hex(1),
      role: "owner",
      state: "ready",
      waiting: "",
      main: hex(3, 32),
      people: empty ? 1 : people,
      online: empty ? 1 : 4,
      queued: 0,
    }
    this.#workspaces.push(workspace)
    const names = [
      person,
      "Ben Carter",
      "Chloé Dubois-Marchand",
      "Dariusz Nowak",
      "Élodie Lefèvre",
      "Farid Benali",
    ]
    names.push(
      "Ana-Maria Konstantinopoulou-Vandenberghe de la Fontaine",
      "Gwenaëlle Le Goff",
      "Hiro Tanaka",
    )
    while (names.length < people) names.push(`Person ${names.length}`)
    this.#people = names.slice(0, empty ? 1 : people).map((name, index) => ({
      workspace: workspace.id,
      id: hex(index + 1),
      name,
      role: index === 0 ? "owner" : index === 1 ? "admin" : index === 7 ? "guest" : "member",
      state: index === 1 ? "verified" : "unverified",
      online: index < 4,
      lastSeen: Date.now() - index * 5_400_000,
      devices: 1 + (index % 2),
      invitedBy: index > 1 ? hex(1) : "",
      self: index === 0,
    }))
    this.#spaces = [{ id: workspace.main, name: "", kind: "main", history: "full", people: [] }]
    const general = this.#channel("general", workspace.main)
    if (empty) return workspace
    const topics = french
      ? ["budget", "annonces", "chantier-rue-des-lilas", "recrutement", "café"]
      : ["budget", "announcements", "harbour-front-renovation", "hiring", "lunch"]
    while (topics.length < channels - 1) topics.push(`project-${topics.length}`)
    for (const topic of topics) this.#channel(topic, workspace.main)
    this.#createSpace({
      name: french ? "Direction" : "Management",
      people: [hex(2)],
      history: "full",
    })
    this.#direct([hex(2)])
    this.#direct([hex(3)])
    this.#direct([hex(4), hex(5)])
    this.#fill(general)
    this.#unread()
    this.#write()
    return workspace
  }

  #document(title: string, folder: string): Doc {
    const n = this.#documents.length
    const doc: Doc = {
      workspace: this.#workspace.id,
      id: hex(n + 30_000, 32),
      space: this.#workspace.main,
      title,
      folder,
      starred: false,
      trashed: false,
      created: Date.now() - n * 4_000_000,
      changed: Date.now() - n * 3_700_000,
      author: this.#self,
      changedBy: this.#people[n % Math.min(6, this.#people.length)]?.id ?? "",
      holders: 2,
      everywhere: n % 3 > 0,
      unreadable: 0,
      mentions: 0,
    }
    this.#documents.push(doc)
    return doc
  }

  #redocument(change: Partial<Doc>) {
    const doc = this.#documents.find((doc) => doc.id === change.id)
    if (doc) this.tell("doc.changed", { ...Object.assign(doc, change) })
  }

  #write() {
    const titles = this.#options.french ? frenchTitles : englishTitles
    const folders = this.#options.french
      ? ["Chantier", "Chantier/Comptes rendus", "", "Finances", ""]
      : ["Site", "Site/Minutes", "", "Finance", ""]
    for (let n = 0; n < this.#options.documents; n++) {
      const title = titles[n % titles.length] ?? ""
      const round = Math.floor(n / titles.length)
      this.#document(
        round > 0 && title ? `${title} ${round + 1}` : title,
        folders[n % folders.length] ?? "",
      )
    }
    const [first, second, third] = this.#documents
    if (first) Object.assign(first, { mentions: 2, starred: true })
    if (second) Object.assign(second, { holders: 0, everywhere: false })
    if (third) Object.assign(third, { starred: true })
    const last = this.#documents.at(-1)
    if (last) last.trashed = true
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
    const author = this.#people[(n * 5 + (n >> 2)) % Math.min(6, this.#people.length)]?.id ?? ""
    const texts = this.#options.french ? frenchTexts : englishTexts
    return this.#message(
      channel.id,
      n,
      texts[n % texts.length] ?? "",
      author,
      Date.now() - before * 340_000,
    )
  }

  #fill(channel: Channel) {
    const messages: Message[] = []
    const count = this.#options.messages
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
      text: `@${this.#people[0]?.name}, ${this.#options.french ? "peux-tu relire ceci ?" : "could you read this?"}`,
      mentions: [hex(1)],
      author: hex(2),
      authorName: "Ben Carter",
    })
    decorate(1, {
      author: hex(1),
      text: this.#options.french ? "Parfait, merci à tous." : "Perfect, thank you all.",
      state: "held",
      heldBy: 2,
    })
    const root = messages.at(-4)
    for (let n = 0; root && n < 3; n++) {
      const reply = this.#sample(channel, count + 1000 + n * 4, 1)
      messages.push({ ...reply, thread: root.id, order: order(50_000 + n) })
    }
    this.#messages.set(channel.id, messages)
  }
}

const englishTexts = [
  "Good morning. The drawings for the **second floor** are ready.",
  "I put the numbers into the budget: `12 480` in total, which is _less_ than we feared.",
  "Two questions:\n\n- who orders the windows?\n- when does the crane come?",
  "> who orders the windows?\n\nI do, this afternoon.",
  "See https://www.example.org/standards/en-1090 and [the offer](https://supplier.example.net/offer/4711).",
  "```ts\nexport const area = (w: number, h: number) => w * h\n```\nThat is all it takes.",
  "👍",
  "The meeting moves to three o’clock. ~~Room 2~~ the large room, since eleven people come. If you cannot be there, write to me before noon and I will send you the notes, together with the list of open points and who has taken which of them.",
  "1. measure\n2. order\n3. wait six weeks",
]

const frenchTexts = [
  "Bonjour à tous. Les plans du **deuxième étage** sont prêts.",
  "J’ai reporté les chiffres dans le budget : `12 480` au total, _moins_ que prévu.",
  "Deux questions :\n\n- qui commande les fenêtres ?\n- quand la grue arrive-t-elle ?",
  "> qui commande les fenêtres ?\n\nMoi, cet après-midi.",
  "Voir https://www.example.org/normes/en-1090 et [le devis](https://fournisseur.example.net/devis/4711).",
  "```ts\nexport const aire = (l: number, h: number) => l * h\n```\nC’est tout.",
  "👍",
  "La réunion est décalée à quinze heures. ~~Salle 2~~ la grande salle, puisque nous serons onze. Si vous ne pouvez pas venir, écrivez-moi avant midi : je vous enverrai le compte rendu avec la liste des points ouverts et de leurs responsables.",
  "1. mesurer\n2. commander\n3. attendre six semaines",
]

const englishTitles = [
  "Report on the harbour front",
  "Minutes of the site meeting of 12 November, with the decisions on windows, crane and façade",
  "Offer for the second floor",
  "Budget 2027",
  "How we work",
  "",
  "Letter to the neighbours",
]

const frenchTitles = [
  "Rapport sur la rue des Lilas",
  "Compte rendu de la réunion de chantier du 12 novembre : fenêtres, grue et façade",
  "Devis du deuxième étage",
  "Budget 2027",
  "Notre façon de travailler",
  "",
  "Lettre aux riverains",
]
