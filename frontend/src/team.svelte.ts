import { Channels } from "./features/chat/channels.svelte"
import { Conversation } from "./features/chat/conversation.svelte"
import { Custodies } from "./features/chat/custody.svelte"
import { Drafts } from "./features/chat/drafts.svelte"
import { TypingHints } from "./features/chat/typing.svelte"
import { Documents } from "./features/docs/documents.svelte"
import { People } from "./features/people/people.svelte"
import type { Transport } from "./transport/transport"

/** Conversations that stay up to date in the background, so that going back is instant. */
const keptConversations = 8

/** Everything of the workspace that is shown. */
export class Team {
  readonly people: People
  readonly channels: Channels
  readonly documents: Documents
  readonly custody: Custodies
  readonly typing: TypingHints
  readonly drafts: Drafts
  readonly #conversations = new Map<string, Conversation>()
  readonly #transport
  loaded = $state(false)

  constructor(
    transport: Transport,
    readonly workspace: string,
    readonly self: string,
  ) {
    this.#transport = transport
    this.people = new People(transport, workspace)
    this.channels = new Channels(transport, workspace)
    this.documents = new Documents(transport, workspace)
    this.custody = new Custodies(transport, workspace)
    this.typing = new TypingHints(transport, workspace, self)
    this.drafts = new Drafts(transport, workspace)
  }

  async load() {
    await Promise.all([this.people.load(), this.channels.load(), this.documents.load()])
    this.loaded = true
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
    this.people.close()
    this.channels.close()
    this.documents.close()
    this.custody.close()
    this.typing.close()
    for (const conversation of this.#conversations.values()) conversation.close()
  }
}
