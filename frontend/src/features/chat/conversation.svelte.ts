import { chatService, list } from "../../transport/services"
import { apiError, type ApiError, type Transport } from "../../transport/transport"
import type { Channel, Message } from "../../transport/types"
import { merged } from "./ordered"

/** Messages per page when scrolling back. */
const page = 100
/** The program gives at most this many at once. */
const largestPage = 500
/** A shown conversation keeps at most this many, a hidden one only the newest few. */
const most = 15_000
const kept = 10_000
const keptHidden = 200
/** A burst of events is drawn at most this often. Milliseconds. */
const drawEvery = 50

/**
 * The messages of one channel or one thread. It holds a gapless end of the
 * conversation: what is older than the oldest loaded message is not shown until
 * it is loaded, also when an event brings it.
 *
 * The list is one raw array instead of a reactive map, because ten thousand
 * signals would have to be read for every change.
 */
export class Conversation {
  messages = $state.raw<readonly Message[]>([])
  /** Whether the last change added or removed at the beginning of the list. */
  shifted = $state(false)
  /** Whether older messages exist. */
  more = $state(true)
  loading = $state(false)
  loaded = $state(false)
  failed = $state.raw<ApiError>()
  /** The message below the "new messages" line. */
  firstUnread = $state("")

  /** Whether somebody looks at the end of the conversation. If not, news get the line above them. */
  watched = $state(false)

  readonly channel: string
  readonly thread: string
  readonly #workspace
  readonly #self
  readonly #chat
  readonly #known = new Map<string, Message>()
  readonly #end
  #waiting: Message[] = []
  /** What events brought while the newest page was asked for. */
  #fresh: Set<string> | undefined
  #timer: number | undefined
  #drawn = 0
  #marked = ""
  #generation = 0

  constructor(transport: Transport, workspace: string, self: string, channel: string, thread = "") {
    this.#chat = chatService(transport)
    this.#workspace = workspace
    this.#self = self
    this.channel = channel
    this.thread = thread
    this.#end = transport.on("chat.message", this.#receive)
  }

  close() {
    this.#end()
    window.clearTimeout(this.#timer)
  }

  get last(): Message | undefined {
    return this.messages[this.messages.length - 1]
  }

  get(id: string): Message | undefined {
    return this.#known.get(id)
  }

  /** Loads the newest page, again after a lost connection too. Keeps what is there until then. */
  async load(unread = 0) {
    const generation = ++this.#generation
    const fresh = (this.#fresh = new Set<string>())
    this.loading = true
    this.failed = undefined
    try {
      const limit = Math.min(Math.max(page, unread + 20), largestPage)
      const answer = await this.#page("", limit)
      if (generation !== this.#generation) return
      // Whatever was loaded before may have a gap behind it, or may be hidden now: only the
      // newest page is certain, and what came since.
      const newest = list(answer.messages)
      const first = newest[0]?.order ?? ""
      const later = [...this.messages, ...this.#waiting].filter(({ id }) => fresh.has(id))
      this.#known.clear()
      this.messages = merged([], this.#known, newest)
      this.messages = merged(
        this.messages,
        this.#known,
        later.filter((message) => !answer.more || message.order >= first),
      )
      this.#waiting = []
      this.more = answer.more
      this.shifted = false
      this.loaded = true
    } catch (reason) {
      if (generation === this.#generation) this.failed = apiError(reason)
    } finally {
      if (generation === this.#generation) {
        this.loading = false
        this.#fresh = undefined
      }
    }
  }

  async loadOlder(limit = page) {
    const first = this.messages[0]
    if (this.loading || !this.more || !this.loaded || !first) return
    const generation = this.#generation
    this.loading = true
    this.failed = undefined
    try {
      const answer = await this.#page(first.id, limit)
      if (generation !== this.#generation) return
      this.shifted = true
      this.messages = merged(this.messages, this.#known, list(answer.messages))
      this.more = answer.more && list(answer.messages).length > 0
    } catch (reason) {
      if (generation === this.#generation) this.failed = apiError(reason)
    } finally {
      if (generation === this.#generation) this.loading = false
    }
  }

  /** Loads back until a message is there. Reports whether it was found. */
  async reach(id: string): Promise<boolean> {
    while (!this.#known.has(id) && this.more && this.messages.length < most) {
      const before = this.messages.length
      await this.loadOlder(largestPage)
      if (this.messages.length === before) return false
    }
    return this.#known.has(id)
  }

  /** Sets the "new messages" line as the channel's read mark says. */
  drawLine(channel: Channel) {
    this.firstUnread = ""
    if (channel.unread === 0) return
    const read = this.messages.findIndex((message) => message.id === channel.readUpTo)
    const start = read >= 0 ? read + 1 : Math.max(0, this.messages.length - channel.unread)
    const unread = this.messages.slice(start).find((message) => message.author !== this.#self)
    this.firstUnread = unread?.id ?? ""
  }

  /** Tells that everything up to the newest message was seen; `again` also when that was told. */
  async markRead(again = false) {
    const last = this.last
    if (!last || (last.id === this.#marked && !again) || this.thread) return
    this.#marked = last.id
    await this.#chat
      .MarkRead({ workspace: this.#workspace, channel: this.channel, message: last.id })
      .catch(() => (this.#marked = ""))
  }

  /** Resolves once the message is stored. It is shown by the event, not by this call. */
  async send(text: string, mentions: string[]) {
    const { channel, thread } = this
    this.firstUnread = ""
    await this.#chat.Send({ workspace: this.#workspace, channel, text, thread, mentions })
  }

  edit(id: string, text: string): Promise<void> {
    return this.#chat.Edit(this.#change(id, text))
  }

  delete(id: string): Promise<void> {
    return this.#chat.Delete(this.#change(id, ""))
  }

  /** Adds one's reaction, or takes it back. */
  react(message: Message, emoji: string): Promise<void> {
    const reaction = list(message.reactions).find((reaction) => reaction.emoji === emoji)
    const remove = list(reaction?.people).includes(this.#self)
    return this.#chat.React({ ...this.#change(message.id, emoji), remove })
  }

  /** The newest own message that can still be edited. */
  lastOwn(): Message | undefined {
    return this.messages.findLast((message) => message.author === this.#self && !message.deleted)
  }

  /** Forgets all but the newest messages, when the conversation is not shown any more. */
  rest() {
    this.firstUnread = ""
    this.#keepNewest(keptHidden)
  }

  #change(id: string, text: string) {
    return { workspace: this.#workspace, channel: this.channel, id, text, remove: false }
  }

  async #page(before: string, limit: number) {
    const { channel, thread } = this
    const query = { workspace: this.#workspace, channel, thread, before, around: "", limit }
    const answer = await this.#chat.Messages(query)
    return { more: answer.more, messages: list(answer.messages).filter(this.#belongs) }
  }

  #belongs = (message: Message) =>
    message.channel === this.channel &&
    (this.thread ? message.thread === this.thread || message.id === this.thread : !message.thread)

  #receive = (message: Message) => {
    if (message.workspace !== this.#workspace || !this.#belongs(message)) return
    this.#waiting.push(message)
    this.#fresh?.add(message.id)
    if (this.#timer !== undefined || !this.loaded) return
    const since = Date.now() - this.#drawn
    if (since >= drawEvery) this.#draw()
    else this.#timer = window.setTimeout(this.#draw, drawEvery - since)
  }

  #draw = () => {
    this.#timer = undefined
    this.#drawn = Date.now()
    const first = this.messages[0]?.order ?? ""
    const arrived = this.#waiting.filter((message) => !this.more || message.order >= first)
    this.#waiting = []
    if (arrived.length === 0) return
    this.shifted = false
    this.#drawLineAbove(arrived)
    this.messages = merged(this.messages, this.#known, arrived)
    if (this.messages.length > most) this.#keepNewest(kept)
  }

  #drawLineAbove(arrived: Message[]) {
    if (this.watched || this.firstUnread) return
    const newest = this.last?.order ?? ""
    const news = arrived.find((message) => message.author !== this.#self && message.order > newest)
    this.firstUnread = news?.id ?? ""
  }

  #keepNewest(count: number) {
    if (this.messages.length <= count) return
    for (const message of this.messages.slice(0, -count)) this.#known.delete(message.id)
    this.shifted = true
    this.messages = this.messages.slice(-count)
    this.more = true
  }
}
