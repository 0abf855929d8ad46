import { Channels } from "./features/chat/channels.svelte"
import { Conversation } from "./features/chat/conversation.svelte"
import { Custodies } from "./features/chat/custody.svelte"
import { Drafts } from "./features/chat/drafts.svelte"
import { TypingHints } from "./features/chat/typing.svelte"
import { Documents } from "./features/docs/documents.svelte"
import { Members } from "./features/people/members.svelte"
import { People } from "./features/people/people.svelte"
import { again } from "./transport/again"
import type { Transport } from "./transport/transport"

/** Conversations that stay up to date in the background, so that going back is instant. */
const keptConversations = 8

/** Everything of the workspace that is shown. */
export class Team {
  readonly people: People
  readonly members: Members
  readonly channels: Channels
  readonly documents: Documents
  readonly custody: Custodies
  readonly typing: TypingHints
  readonly drafts: Drafts
  readonly #conversations = new Map<string, Conversation>()
  readonly #transport
  readonly #ends: (() => void)[]
  loaded = $state(false)
  /** Whether this device is out of the workspace: what is here is read, and nothing is written. */
  out = $state(false)
  /** A guest makes nothing new, and sees only the private spaces that it was let into. */
  readonly guest = $derived.by(() => this.people.self?.role === "guest")
  /** Whether the person makes channels, conversations and documents. */
  readonly makes = $derived.by(() => !this.out && !this.guest)
  /** The person as one who acts; nobody where this device is out. */
  readonly actor = $derived.by(() => (this.out ? undefined : this.people.self))

  constructor(
    transport: Transport,
    readonly workspace: string,
    readonly self: string,
  ) {
    this.#transport = transport
    this.people = new People(transport, workspace)
    this.members = new Members(transport, workspace, self)
    this.channels = new Channels(transport, workspace)
    this.documents = new Documents(transport, workspace)
    this.custody = new Custodies(transport, workspace)
    this.typing = new TypingHints(transport, workspace, self)
    this.drafts = new Drafts(transport, workspace)
    // Who is in which space decides about everything that lies in it.
    const reload = again(() => Promise.all([this.channels.load(), this.documents.load()]))
    const off = transport.on("members", (notice) => {
      if (notice.workspace === workspace && this.loaded) reload.ask()
    })
    this.#ends = [off, reload.close]
  }

  async load() {
    await Promise.all([this.people.load(), this.channels.load(), this.documents.load()])
    this.loaded = true
    // Nothing that is shown at first waits for them.
    void this.members.load().catch(() => {})
  }

  /** Loads everything again, after events may have been missed. */
  async reload() {
    await this.load()
    await Promise.all([...this.#conversations.values()].map((conversation) => conversation.load()))
  }

  conversation(channel: string, thread = ""): Conversation {
    const key = `${channel} ${thread}`
    const conversation =
      this.#conversations.get(key) ??
      new Conversation(this.#transport, this.workspace, this.self, channel, thread)
    // A map keeps the order of insertion: the first one was shown longest ago.
    this.#conversations.delete(key)
    this.#conversations.set(key, conversation)
    for (const [old, forgotten] of [...this.#conversations].slice(0, -keptConversations)) {
      forgotten.close()
      this.#conversations.delete(old)
    }
    return conversation
  }

  close() {
    this.drafts.flush()
    this.#ends.forEach((end) => end())
    this.people.close()
    this.members.close()
    this.channels.close()
    this.documents.close()
    this.custody.close()
    this.typing.close()
    for (const conversation of this.#conversations.values()) conversation.close()
  }
}
