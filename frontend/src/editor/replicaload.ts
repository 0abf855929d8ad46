import type { Node } from "prosemirror-model"
import { Binding } from "./binding"
import { isBroken, type Engine, type EngineDoc } from "./engine"
import { readSpans, type Span } from "./flatpatch"
import { FlatText } from "./flattext"
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
    const spans = spansOf(paint.doc)
    const doc = spans ? shown(spans) : schema.nodeFromJSON(paint.doc)
    doc.check()
    return doc
  } catch {
    return null
  }
}

/** The document for a text, as a binding shows it. */
function shown(spans: readonly Span[]): Node {
  const binding = Binding.empty()
  binding.text = new FlatText(readSpans(spans, () => ({})))
  return binding.whole()
}

const isSpan = ({ type, value }: Span): boolean =>
  type === "text" ? typeof value === "string" : type === "block" && typeof value === "object"

/** The spans of a picture that the program made, null for another one. Throws where they are none. */
function spansOf(picture: unknown): readonly Span[] | null {
  const { spans } = picture as { spans?: readonly Span[] }
  if (spans === undefined) return null
  if (!spans.every(isSpan)) throw new TypeError("a picture of no known form")
  return spans
}

/** Lets the page paint and answer between two slices of work. */
export const breathe = (): Promise<void> => new Promise((done) => setTimeout(done))

/** Opens the snapshots of a file; the largest is read at once, which the engine cannot do in parts. */
export function openDocuments(
  engine: Engine,
  documents: readonly Uint8Array[],
  actor: string,
): EngineDoc {
  const [first, ...others] = [...documents].sort((a, b) => b.length - a.length)
  const doc = engine.load(first ?? rootBytes(), actor)
  for (const other of others) doc.handle.loadIncremental(other)
  return doc
}

/**
 * Loads a file: its snapshots, then its loose changes in slices between which the page lives.
 * Changes that the engine refuses are handed to `refused`, and the document goes on without them.
 */
export async function load(
  engine: Engine,
  { documents, changes }: Parts,
  actor: string,
  refused: (changes: Uint8Array[], reason: string) => void,
): Promise<EngineDoc> {
  const doc = openDocuments(engine, documents, actor)
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

/** Whether a document lacks one of these heads. */
export const missing = (doc: EngineDoc, heads: readonly string[]): boolean =>
  heads.some((head) => doc.handle.getChangeByHash(head) === null)
