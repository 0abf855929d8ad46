import type { Node } from "prosemirror-model"
import type { Engine, EngineDoc } from "./engine"
import type { Source } from "./replicasource"
import { rootBytes } from "./root"
import { schema } from "./schema"

/** Longer than this the page computes no single time while it loads loose changes, in ms. */
const slice = 12
/** Changes that are taken at once within a slice. */
const few = 50
const magic = [0x85, 0x6f, 0x4a, 0x83]

/** Parts of a file of Automerge: whole documents and single changes. */
export interface Parts {
  documents: Uint8Array[]
  changes: Uint8Array[]
}

/** Splits a file into its chunks: magic, checksum of 4 bytes, type, length as LEB128, content. */
export function split(file: Uint8Array): Parts {
  const parts: Parts = { documents: [], changes: [] }
  for (let at = 0; at < file.length;) {
    if (magic.some((byte, index) => file[at + index] !== byte))
      throw new RangeError("not a file of Automerge")
    const type = file[at + 8]
    let size = 0
    let end = at + 9
    for (let shift = 0; ; shift += 7) {
      const byte = file[end++]
      if (byte === undefined || shift > 28) throw new RangeError("a broken file of Automerge")
      size += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    if (end + size > file.length) throw new RangeError("a file of Automerge that was cut off")
    const chunk = file.subarray(at, end + size)
    if (type === 0) parts.documents.push(chunk)
    else parts.changes.push(chunk)
    at = end + size
  }
  return parts
}

/** The picture of an earlier time as a document, or null where there is none that can be shown. */
export async function readPicture(source: Source): Promise<Node | null> {
  try {
    const paint = await source.paint()
    if (!paint) return null
    const doc = schema.nodeFromJSON(paint.doc)
    doc.check()
    return doc
  } catch {
    return null
  }
}

/** Lets the page paint and answer between two slices of work. */
export const breathe = (): Promise<void> => new Promise((done) => setTimeout(done))

/**
 * Loads a file. Its largest snapshot is read at once, which the engine cannot do in parts; loose
 * changes follow in slices between which the page lives. Changes that the engine refuses are handed
 * to `refused`, and the document goes on without them.
 */
export async function load(
  engine: Engine,
  file: Uint8Array,
  actor: string,
  refused: (changes: Uint8Array[], reason: string) => void,
  without: ReadonlySet<string> = new Set(),
): Promise<EngineDoc> {
  const { documents, changes: all } = split(file)
  const changes = without.size > 0 ? all.filter((change) => !without.has(change.join())) : all
  documents.sort((a, b) => b.length - a.length)
  const [first, ...others] = documents
  const doc = engine.load(first ?? rootBytes(), actor)
  for (const other of others) doc.handle.loadIncremental(other)
  let started = performance.now()
  for (let at = 0; at < changes.length; at += few) {
    apply(doc, changes.slice(at, at + few), refused)
    if (performance.now() - started < slice) continue
    await breathe()
    started = performance.now()
  }
  doc.handle.updateDiffCursor()
  return doc
}

/** Takes changes; where the engine refuses one, the others one by one. */
export function apply(
  doc: EngineDoc,
  changes: readonly Uint8Array[],
  refused: (changes: Uint8Array[], reason: string) => void,
): void {
  try {
    doc.handle.applyChanges([...changes])
  } catch (error) {
    if (isBroken(error)) throw error
    const bad: Uint8Array[] = []
    for (const change of changes)
      try {
        doc.handle.applyChanges([change])
      } catch (reason) {
        if (isBroken(reason)) throw reason
        bad.push(change)
      }
    if (bad.length > 0) refused(bad, String(error))
  }
}

/** Whether the engine itself stopped: its document cannot be used any more. */
export const isBroken = (error: unknown): boolean =>
  error instanceof WebAssembly.RuntimeError ||
  /recursive use of an object|null pointer/.test(String(error))

/** Whether a document lacks one of these heads. */
export const missing = (doc: EngineDoc, heads: readonly string[]): boolean =>
  heads.some((head) => doc.handle.getChangeByHash(head) === null)
