import type { Message } from "../../transport/types"
import { dayOf } from "../settings/dates"

/** Messages of one author within this time stand together. Milliseconds. */
const together = 5 * 60_000

/** Whether a message continues the group of the one above it. The line of new messages ends a group. */
export function continues(message: Message, before: Message | undefined, line: string): boolean {
  return (
    before !== undefined &&
    before.author === message.author &&
    !before.deleted &&
    message.id !== line &&
    Math.abs(message.sent - before.sent) < together &&
    dayOf(message.sent) === dayOf(before.sent)
  )
}

/** Whether a message is the first of its day. What is above the oldest loaded one is unknown. */
export function startsDay(message: Message, before: Message | undefined, more: boolean): boolean {
  return before ? dayOf(before.sent) !== dayOf(message.sent) : !more
}
