import type { EngineDoc } from "./engine"
import { blocksOf } from "./flat"
import { diffBlocks } from "./flatdiff"
import { writeEdits } from "./flatedit"

/**
 * Makes changes of a lost session again, as changes of the session that `doc` was opened under. The
 * text comes out as if the old changes had been taken; what stands beside it is written field by
 * field. Returns the new changes.
 */
export function carryOver(
  doc: EngineDoc,
  unsent: readonly Uint8Array[],
  now: number,
): Uint8Array[] {
  if (unsent.length === 0) return []
  const merged = doc.fork(doc.actor.replace(/^../, (byte) => (byte === "00" ? "01" : "00")))
  try {
    merged.handle.applyChanges([...unsent])
    const made = doc.change(now, () => {
      copyTexts(merged, doc)
      for (const map of ["comments", "suggestions", "versions", "page"])
        copyMap(merged, doc, `/${map}`)
    })
    return made?.changes ?? []
  } finally {
    merged.free()
  }
}

function copyTexts(from: EngineDoc, to: EngineDoc): void {
  const paths = ["/text"]
  for (const id of from.handle.keys("/notes")) {
    if (from.handle.getWithType("/notes", id)?.[0] !== "text") continue
    if (to.handle.getWithType("/notes", id)?.[0] !== "text") to.handle.putObject("/notes", id, "")
    paths.push(`/notes/${id}`)
  }
  for (const path of paths)
    writeEdits(to, path, diffBlocks(blocksOf(to.tokens(path)), blocksOf(from.tokens(path))))
}

/** Makes a map hold what another one does. */
function copyMap(from: EngineDoc, to: EngineDoc, path: string): void {
  const wanted = from.handle.keys(path)
  for (const key of to.handle.keys(path)) if (!wanted.includes(key)) to.handle.delete(path, key)
  for (const key of wanted) {
    const found = from.handle.getWithType(path, key)
    const held = to.handle.getWithType(path, key)
    if (found?.[0] === "map") {
      if (held?.[0] !== "map") to.handle.putObject(path, key, {})
      copyMap(from, to, `${path}/${key}`)
    } else if (found?.[0] === "str" || found?.[0] === "int" || found?.[0] === "boolean") {
      if (held?.[0] !== found[0] || held[1] !== found[1])
        to.handle.put(path, key, found[1], found[0])
    }
  }
}
