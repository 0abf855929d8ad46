import { together } from "../../names"
import { m } from "../../paraglide/messages.js"
import { list } from "../../transport/services"
import type { Call } from "../../transport/types"

/** So many are named. */
const mostNamed = 3

/** Who is in a call, in words: the names of a few, or how many. */
export function hereText(call: Call, name: (person: string) => string): string {
  const people = [...new Set(list(call.participants).map(({ person }) => person))]
  const count = people.length
  if (count === 0 || count > mostNamed) return m.call_here({ count })
  return m.call_here_names({ names: together(people.map(name)), count })
}
