import type { Transport } from "../../transport/transport"
import type { Message } from "../../transport/types"

/** Older replies are no news: they come with catching up. Milliseconds. */
const recent = 2 * 60_000
const remembered = 200

/** Tells of new replies in threads that one takes part in, as nothing else on the page does. */
export function onReply(
  transport: Transport,
  workspace: string,
  self: string,
  isConcerned: (reply: Message) => boolean,
  tell: (reply: Message) => void,
): () => void {
  const told = new Set<string>()
  return transport.on("chat.message", (message) => {
    const isNews =
      message.workspace === workspace &&
      message.thread !== "" &&
      message.author !== self &&
      !message.deleted &&
      !message.edited &&
      Date.now() - message.sent < recent &&
      !told.has(message.id)
    if (!isNews) return
    told.add(message.id)
    if (told.size > remembered) told.delete(told.values().next().value as string)
    if (isConcerned(message)) tell(message)
  })
}
