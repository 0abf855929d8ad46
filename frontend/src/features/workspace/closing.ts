import { m } from "../../paraglide/messages.js"
import { getLocale } from "../../paraglide/runtime.js"
import { list } from "../../transport/services"
import type { Waiting } from "../../transport/types"

/** Of more people only the number of the others is said. */
const named = 3

/** "Ben, Chloé and 4 others". */
export function people(names: string[]): string {
  const rest = names.length > named + 1 ? names.length - named : 0
  const said = rest > 0 ? [...names.slice(0, named), m.closing_others({ count: rest })] : names
  return new Intl.ListFormat(getLocale()).format(said)
}

/** What waits for whom, one sentence for each workspace. */
export function sentences(waiting: Waiting[]): string[] {
  return waiting.map(({ name, count, people: names }) => {
    const text =
      list(names).length > 0
        ? m.closing_waits({ count, people: people(list(names)) })
        : m.closing_waits_devices({ count })
    return waiting.length > 1 && name ? m.closing_in({ workspace: name, text }) : text
  })
}
