/** A stretch that two streams share. */
export interface Kept {
  old: number
  now: number
  length: number
}

/** The characters of a stretch: where each begins, what it is, and whether a block starts there. */
export interface Characters {
  at: number[]
  unit: string[]
  end: number
}

/** What stands for every block marker, so that all are equal here. */
export const blockUnit = "\n\n"
/** More differences than this are not looked for: the whole stretch is replaced. */
const most = 600
/** A shared stretch shorter than this between two differences is replaced with them. */
const island = 3

/**
 * What two stretches share, ascending (Myers, "An O(ND) Difference Algorithm", 1986). Block markers
 * always count as equal: they are changed, not replaced.
 */
export function align(before: Characters, after: Characters): Kept[] {
  const kept: Kept[] = []
  for (const { old, now, length } of shared(before.unit, after.unit)) {
    const blocks = before.unit.slice(old, old + length).includes(blockUnit)
    const inner = old > 0 && old + length < before.at.length
    if (inner && length < island && !blocks) continue
    const from = before.at[old] ?? 0
    const to = before.at[old + length] ?? before.end
    kept.push({ old: from, now: after.at[now] ?? 0, length: to - from })
  }
  return kept
}

/** The shared stretches of two lists. */
function shared(a: readonly string[], b: readonly string[]): Kept[] {
  const steps = search(a, b)
  if (!steps) return []
  const out: Kept[] = []
  let [x, y] = [a.length, b.length]
  for (let d = steps.length; d >= 0; d--) {
    const k = x - y
    const row = steps[d - 1]
    const down = d > 0 && (k === -d || (k !== d && reach(row, k - 1) < reach(row, k + 1)))
    const fromK = down ? k + 1 : k - 1
    const fromX = d === 0 ? 0 : reach(row, fromK)
    const fromY = d === 0 ? 0 : fromX - fromK
    const start = d === 0 ? 0 : down ? fromX : fromX + 1
    if (x > start) out.push({ old: start, now: start - k, length: x - start })
    ;[x, y] = [fromX, fromY]
  }
  return out.reverse()
}

/** Rows of furthest reaching x per diagonal, one per number of differences; null beyond `most`. */
function search(a: readonly string[], b: readonly string[]): Int32Array[] | null {
  const rows: Int32Array[] = []
  for (let d = 0; d <= most; d++) {
    const row = new Int32Array(2 * d + 1)
    const last = rows[d - 1]
    for (let k = -d; k <= d; k += 2) {
      let x = 0
      if (d > 0) {
        const down = k === -d || (k !== d && reach(last, k - 1) < reach(last, k + 1))
        x = down ? reach(last, k + 1) : reach(last, k - 1) + 1
      }
      let y = x - k
      while (x < a.length && y < b.length && a[x] === b[y]) (x++, y++)
      row[k + d] = x
      if (x >= a.length && y >= b.length) return rows
    }
    rows.push(row)
  }
  return null
}

/** The furthest x on a diagonal of a row of `(row.length - 1) / 2` differences. */
const reach = (row: Int32Array | undefined, k: number): number =>
  row?.[k + (row.length - 1) / 2] ?? -1
