import { SvelteMap } from "svelte/reactivity"

/** Hues of a circle that are told apart well, and how many finer circles there are between them. */
const first = 8
const finer = 3
/** How far the next hue is looked for: not beside the one that is taken. */
const stride = 3

const numberOf = (id: string): number => Number.parseInt(id.slice(0, 6), 16) || 0

/** Hues in degrees of one circle: each circle lies between those before it. */
const circle = (level: number): number[] => {
  const count = level === 0 ? first : first * 2 ** (level - 1)
  const [step, start] = [360 / count, level === 0 ? 0 : 180 / count]
  return Array.from({ length: count }, (_, at) => start + at * step)
}

/**
 * A hue for everybody, as different as there are people, the same wherever the same people are
 * known. Who has a favourite hue alone keeps it, so that somebody who joins changes the hues of few.
 */
export function huesFor(ids: Iterable<string>): Map<string, number> {
  const found = new Map<string, number>()
  let left = [...new Set(ids)].sort()
  for (let level = 0; left.length > 0; level = (level + 1) % finer) {
    const hues = circle(level)
    const free = new Set(hues.keys())
    const take = (id: string, at: number) => free.delete(at) && found.set(id, hues[at] ?? 0)
    const favourite = (id: string) => numberOf(id) % hues.length
    left = left.filter((id) => !take(id, favourite(id)))
    left = left.filter((id) => {
      if (free.size === 0) return true
      let at = favourite(id)
      while (!free.has(at)) at = (at + stride) % hues.length
      return !take(id, at)
    })
  }
  return found
}

const given = new SvelteMap<string, number>()

/** Gives the people of a workspace their hues. */
export function giveHues(ids: Iterable<string>): void {
  for (const [id, hue] of huesFor(ids)) if (given.get(id) !== hue) given.set(id, hue)
}

/** The hue of somebody in degrees; of somebody who was given none, and of a workspace, by its id alone. */
export const hueOf = (id: string): number => given.get(id) ?? (numberOf(id) * 137.5) % 360
