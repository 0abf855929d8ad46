import type { EngineDoc } from "./engine"
import { breathe } from "./replicaload"
import { readRoot } from "./root"

/** Where no more than this many changes are in doubt they are tried one by one, others by halves. */
const few = 16
/** After more bad changes than this a document is given up: each costs memory and a load. */
const most = 8

/**
 * Finds the changes that the page cannot work with, and gives a document with all others. `open`
 * gives a new document without any of the changes, as one that failed is of no use any more. `first`
 * is how many of them are tried at once before the others, because they are likely to be good.
 * `found` is told all bad ones together. Throws where the document fails without any change, and
 * where too many are bad.
 */
export async function sift(
  open: () => EngineDoc,
  changes: readonly Uint8Array[],
  first: number,
  found: (bad: Uint8Array[], reason: string) => void,
): Promise<EngineDoc> {
  let doc = open()
  tryOut(doc, [])
  const good: Uint8Array[] = []
  const bad: Uint8Array[] = []
  let reason = ""
  let left = changes
  let size = first || left.length
  /** Among so many of the next changes is a bad one; 0 where nobody knows. */
  let doubtful = 0
  while (left.length > 0 && bad.length <= most) {
    await breathe()
    const part = left.slice(0, size)
    try {
      tryOut(doc, part)
      good.push(...part)
      left = left.slice(size)
      doubtful = Math.max(doubtful - size, 0)
    } catch (error) {
      doubtful = size > 1 ? size : 0
      if (size === 1) {
        bad.push(...part)
        reason = String(error)
        left = left.slice(1)
      }
      doc.free()
      doc = open()
      doc.handle.applyChanges([...good])
      doc.handle.updateDiffCursor()
    }
    if (doubtful === 0) size = left.length
    else size = doubtful > few ? doubtful >> 1 : 1
  }
  if (bad.length > 0) found(bad, reason)
  if (bad.length <= most) return doc
  doc.free()
  throw new Error(`too many bad changes, the last one: ${reason}`)
}

/** Does with changes all that the page does with them. */
function tryOut(doc: EngineDoc, changes: readonly Uint8Array[]): void {
  doc.apply(changes)
  doc.tokens("/text")
  readRoot(doc)
}
