import type { EngineDoc } from "./engine"
import type { Edits, MarkEdit, MarkerEdit, SpliceEdit } from "./flatdiff"
import { cutTokens, tokenSize } from "./flat"
import type { Marker, Run, Scalar } from "./flat"
import { readMarks } from "./flatpatch"
import { expandOf } from "./treemarks"

/** Longer text is written in pieces, so that a change can end between them. */
const piece = 50_000
/** A marker takes about as much in a change as that many characters. */
const markerWeight = 30

/** Writes edits into a text of the engine, within the change that is open. */
export function writeEdits(doc: EngineDoc, path: string, { markers, splices, marks }: Edits): void {
  for (const edit of markers) writeMarker(doc, path, edit)
  for (const edit of marks) {
    writeMark(doc, path, edit)
    doc.grew(markerWeight)
  }
  for (const edit of [...splices].reverse()) writeSplice(doc, path, edit)
}

function writeSplice(doc: EngineDoc, path: string, { at, del, insert }: SpliceEdit): void {
  const { handle } = doc
  if (del > 0) handle.splice(path, at, del, "")
  let place = at
  for (let index = 0; index < insert.length;) {
    const token = insert[index]
    if (!token) break
    if ("marker" in token || token.embed) {
      handle.splitBlock(path, place, block(doc, "marker" in token ? token.marker : token.embed))
      doc.grew(markerWeight)
      if (!("marker" in token)) writeMarks(doc, path, place, [token])
      place += tokenSize(token)
      index++
      continue
    }
    const runs: Run[] = []
    for (
      let next = insert[index];
      next && !("marker" in next) && !next.embed;
      next = insert[++index]
    )
      runs.push(next)
    place = writeText(doc, path, place, runs)
  }
}

function writeText(doc: EngineDoc, path: string, from: number, runs: readonly Run[]): number {
  let at = from
  let left = runs
  while (left.length > 0) {
    const size = left.reduce((sum, run) => sum + run.text.length, 0)
    const whole = left.map((run) => run.text).join("")
    const part = size <= piece ? size : piece - (isInside(whole, piece) ? 1 : 0)
    doc.handle.splice(path, at, 0, whole.slice(0, part))
    at = writeMarks(doc, path, at, cutTokens(left, 0, part) as Run[])
    left = cutTokens(left, part, size) as Run[]
    doc.grew(part)
  }
  return at
}

const isInside = (text: string, at: number): boolean =>
  /[\uDC00-\uDFFF]/.test(text.charAt(at)) && /[\uD800-\uDBFF]/.test(text.charAt(at - 1))

/** Gives inserted text the marks it has, where it did not grow into them from its neighbours. */
function writeMarks(doc: EngineDoc, path: string, from: number, runs: readonly Run[]): number {
  const grown = new Map(readMarks(doc.handle.marksAt(path, from)).list)
  let at = from
  for (const { text, marks } of runs) {
    const to = at + text.length
    const wanted = new Map(marks.list)
    for (const name of grown.keys())
      if (!wanted.has(name)) writeMark(doc, path, { from: at, to, name, value: null })
    for (const [name, value] of wanted)
      if (grown.get(name) !== value) writeMark(doc, path, { from: at, to, name, value })
    at = to
  }
  return at
}

/** Taking a mark away grows behind the text, as typing after plain text gives plain text. */
function writeMark(doc: EngineDoc, path: string, { from, to, name, value }: MarkEdit): void {
  const expand = expandOf(name, value)
  const range = { start: from, end: to, expand }
  if (value === null)
    doc.handle.unmark(path, { ...range, expand: expand === "none" ? "none" : "after" }, name)
  else doc.handle.mark(path, range, name, value)
}

const block = (doc: EngineDoc, marker: Marker | null) => ({
  type: doc.text(marker?.type ?? ""),
  parents: (marker?.parents ?? []).map((parent) => doc.text(parent)),
  attrs: Object.fromEntries(
    Object.entries(marker?.attrs ?? {}).map(([name, value]) => [name, attribute(doc, value)]),
  ),
  isEmbed: marker?.embed === true,
})

const attribute = (doc: EngineDoc, value: Scalar) =>
  typeof value === "string" ? doc.text(value) : value

/** Changes only the fields that differ, so that two people may change different ones at once. */
function writeMarker(doc: EngineDoc, path: string, { at, from, to }: MarkerEdit): void {
  const { handle } = doc
  const id = handle.get(path, at)
  if (typeof id !== "string") throw new RangeError(`no marker at ${at}`)
  if (from.type !== to.type) handle.put(id, "type", to.type, "str")
  if (from.embed !== to.embed) handle.put(id, "isEmbed", to.embed, "boolean")
  if (from.parents.join("\n") !== to.parents.join("\n")) {
    // One by one: a scalar string inside a list that is put at once becomes a map.
    const parents = handle.putObject(id, "parents", [])
    to.parents.forEach((parent, index) => handle.insert(parents, index, parent, "str"))
  }
  writeAttrs(doc, id, from.attrs, to.attrs)
}

function writeAttrs(doc: EngineDoc, id: string, from: Marker["attrs"], to: Marker["attrs"]): void {
  const { handle } = doc
  const changed = Object.entries(to).filter(([name, value]) => from[name] !== value)
  const gone = Object.keys(from).filter((name) => to[name] === undefined)
  if (changed.length === 0 && gone.length === 0) return
  const found = handle.getWithType(id, "attrs")
  const attrs = found?.[0] === "map" ? found[1] : handle.putObject(id, "attrs", {})
  for (const [name, value] of changed) handle.put(attrs, name, value, datatype(value))
  for (const name of gone) handle.delete(attrs, name)
}

const datatype = (value: Scalar) => {
  if (typeof value === "string") return "str"
  if (typeof value === "boolean") return "boolean"
  return Number.isSafeInteger(value) ? "int" : "f64"
}
