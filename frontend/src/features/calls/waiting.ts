import { together } from "../../names"
import { m } from "../../paraglide/messages.js"

/** Somebody who was called. */
export type Called = { id: string; name: string; online: boolean }

/** A call that oneself is alone in. */
export type Alone = {
  /** What the channel is called. */
  title: string
  direct: boolean
  /** The others of a direct conversation. */
  called: readonly Called[]
  declined: readonly string[]
  /** Whether somebody else was in the call. */
  before: boolean
  /** How long it goes on, in milliseconds. */
  since: number
}

/** How long it rings, in milliseconds (rule L17). */
export const ringsFor = 45_000

/** What is said to who is alone in a call: who is called, and who does not come. */
export function aloneText({ title, direct, called, declined, before, since }: Alone): string {
  if (before) return m.call_nobody_more()
  if (!direct || called.length === 0) return m.call_nobody({ name: title })
  const named = (people: readonly Called[]) => together(people.map(({ name }) => name))
  const refused = called.filter(({ id }) => declined.includes(id))
  const open = called.filter(({ id }) => !declined.includes(id))
  const away = open.filter(({ online }) => !online)
  const there = open.filter(({ online }) => online)
  const texts = []
  if (there.length > 0) {
    const values = { name: named(there), count: there.length }
    texts.push(since < ringsFor ? m.call_calling(values) : m.call_no_answer(values))
  }
  if (refused.length > 0)
    texts.push(m.call_declined({ name: named(refused), count: refused.length }))
  if (away.length > 0) texts.push(m.call_away({ name: named(away), count: away.length }))
  return texts.join(" ")
}
