import type { Message } from "../../transport/types"

/** Where a message with this order stands, or would stand. */
function place(messages: readonly Message[], order: string): number {
  let low = 0
  let high = messages.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((messages[middle] as Message).order < order) low = middle + 1
    else high = middle
  }
  return low
}

/** Puts messages into a list sorted by their order. A known id is replaced, also when it moved. */
export function merged(
  messages: readonly Message[],
  known: Map<string, Message>,
  incoming: readonly Message[],
): Message[] {
  const result = [...messages]
  for (const message of incoming) {
    const old = known.get(message.id)
    known.set(message.id, message)
    if (old) {
      const at = place(result, old.order)
      if (old.order === message.order) {
        result[at] = message
        continue
      }
      result.splice(at, 1)
    }
    const at = place(result, message.order)
    if (at === result.length) result.push(message)
    else result.splice(at, 0, message)
  }
  return result
}
