import type { EngineDoc, Patch } from "./engine"

/** Changes of more bytes than this together are not looked into: everything is read again. */
const most = 4_000

/** The whole text, and what stands beside it, may have changed. */
const everything: readonly Patch[] = ["text", "comments"].map((key) => ({
  action: "conflict",
  path: [key],
}))

/**
 * What the engine's patches leave out: where two people have set one field of a map at once, and
 * the one who lost sets it again before hearing of the other, the field has the new value, but a
 * patch (of Automerge 2.2.9) says only "conflict", or there is none. So every field that changes
 * write over is said to be in conflict, at its place after them: whoever shows it reads it again.
 */
export function untold(doc: EngineDoc, changes: readonly Uint8Array[]): readonly Patch[] {
  if (changes.reduce((sum, change) => sum + change.length, 0) > most) return everything
  try {
    return changes.flatMap((change) =>
      doc.library.decodeChange(change).ops.flatMap(({ obj, key, pred }): Patch[] => {
        if (key === undefined || pred.length === 0) return []
        const path = obj === "_root" ? [] : pathOf(doc, obj)
        return path ? [{ action: "conflict", path: [...path, key] }] : []
      }),
    )
  } catch {
    // Some change is no change, or is not taken yet.
    return everything
  }
}

/** Where an object is; nothing where it was deleted. */
function pathOf(doc: EngineDoc, id: string): (string | number)[] | undefined {
  return (doc.handle.objInfo(id) as { path?: (string | number)[] }).path
}
