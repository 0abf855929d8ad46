import { folded } from "../people/people.svelte"

type Entry = { name: string; badge?: number }

const mostPerGroup = 8

/** Entries that contain the query: its very name first, then those that start with it, then those with news. */
export function best<E extends Entry>(entries: E[], query: string): E[] {
  const wanted = folded(query.trim())
  const rank = (entry: E) => {
    const name = folded(entry.name)
    if (name === wanted) return 0
    if (name.startsWith(wanted)) return 1
    return name.includes(` ${wanted}`) || name.includes(`-${wanted}`) ? 2 : 3
  }
  return entries
    .filter((entry) => folded(entry.name).includes(wanted))
    .sort((a, b) => rank(a) - rank(b) || (b.badge ?? 0) - (a.badge ?? 0))
    .slice(0, mostPerGroup)
}
