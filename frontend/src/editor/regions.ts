/** A stretch of one list and what stands in its place in another. */
export interface Region {
  from: number
  to: number
  start: number
  end: number
}

/** Lists up to this long are compared without looking for what they share inside. */
const few = 16

/**
 * Where two lists of unchanging things differ, by identity, ascending. What both hold in the same
 * order between two differences is left out.
 */
export function regions<T extends object>(before: readonly T[], after: readonly T[]): Region[] {
  let from = 0
  let to = before.length
  let end = after.length
  while (from < to && from < end && before[from] === after[from]) from++
  while (to > from && end > from && before[to - 1] === after[end - 1]) (to--, end--)
  if (from === to && from === end) return []
  if (to - from <= few || end - from <= few) return [{ from, to, start: from, end }]
  const places = new Map<T, number>()
  for (let at = from; at < to; at++) {
    const thing = before[at]
    if (thing) places.set(thing, at)
  }
  const out: Region[] = []
  let [old, now] = [from, from]
  for (let at = from; at <= end; at++) {
    const thing = after[at]
    const place = at === end ? to : thing && places.get(thing)
    if (place === undefined || place < old) continue
    if (place > old || at > now) out.push({ from: old, to: place, start: now, end: at })
    ;[old, now] = [place + 1, at + 1]
  }
  return out
}
