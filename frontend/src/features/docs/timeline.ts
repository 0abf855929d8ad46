import type { DocChange } from "../../transport/types"

/** A stretch of history: what one or several people wrote until then. */
export interface Moment {
  /** When its last change was made, by its author's clock. */
  at: number
  people: readonly string[]
  /** The heads of the document after it. */
  heads: readonly string[]
  /** How many changes it holds. */
  changes: number
}

/** A slider with more stops than this is no better. */
const mostStops = 240
/** Pauses that end a moment, in milliseconds; the shortest one that gives few enough moments. */
const pauses = [
  0, 2_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000,
]
/** Changes that lie further apart than this belong to two sittings. */
const sittingPause = 10 * 60_000

/**
 * The moments of a history in causal order: every start of the list is a state that existed, so the
 * heads after each change are known without loading anything. One ends with a pause, or when it
 * holds the most changes that it may.
 */
export function moments(
  changes: readonly DocChange[],
  pause: number,
  most = Number.POSITIVE_INFINITY,
): Moment[] {
  const heads = new Set<string>()
  const out: Moment[] = []
  let people = new Set<string>()
  let count = 0
  for (const [index, change] of changes.entries()) {
    for (const dep of change.deps) heads.delete(dep)
    heads.add(change.hash)
    if (change.person) people.add(change.person)
    count++
    const next = changes[index + 1]
    if (next && count < most && Math.abs(next.at - change.at) < pause) continue
    out.push({ at: change.at, people: [...people], heads: [...heads], changes: count })
    people = new Set()
    count = 0
  }
  return out
}

/**
 * The stops of the slider: single changes while they are few, longer stretches else. Who wrote for
 * hours without a pause gets stops between as well.
 */
export function stops(changes: readonly DocChange[]): Moment[] {
  for (const pause of pauses) {
    const found = moments(changes, pause)
    const room = mostStops - found.length
    if (room > 0) return moments(changes, pause, Math.ceil(changes.length / room))
    if (room === 0) return found
  }
  return moments(changes, Number.POSITIVE_INFINITY, Math.ceil(changes.length / mostStops))
}

/** The sittings in which a document was written, the last one first. */
export const sittings = (changes: readonly DocChange[]): Moment[] =>
  moments(changes, sittingPause).reverse()

/** The stop that shows a state, or the nearest one before it. */
export function stopOf(all: readonly Moment[], heads: readonly string[], at: number): number {
  const key = [...heads].sort().join()
  const same = all.findIndex((stop) => [...stop.heads].sort().join() === key)
  if (same >= 0) return same
  const after = all.findIndex((stop) => stop.at > at)
  return after < 0 ? all.length - 1 : Math.max(0, after - 1)
}
