import type { Patch } from "@automerge/automerge/slim/next"
import { embedText, markSet, noMarks, pushRun } from "./flat"
import type { Marker, MarkSet, Run, Scalar, Token } from "./flat"
import type { FlatText } from "./flattext"

/** Stand where the fields of a marker are still to be read. */
const unread: Marker = { type: "", parents: [], attrs: {}, embed: false }
const unreadEmbed: Marker = { ...unread, embed: true }

/** A string, number or boolean of the engine; strings may come as `RawString`. */
export function scalar(value: unknown): Scalar | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value
  if (typeof value === "number") return value
  if (typeof value === "object" && value !== null && "val" in value)
    return typeof value.val === "string" ? value.val : undefined
  return undefined
}

const text = (value: unknown): string | undefined => {
  const read = scalar(value)
  return typeof read === "string" ? read : undefined
}

/** A marker as the engine shows it, its attributes by name. What is of no known form is left out. */
export function readMarker(value: unknown): Marker {
  const fields = (typeof value === "object" ? value : null) as Record<string, unknown> | null
  const parents = Array.isArray(fields?.parents) ? fields.parents : []
  const attrs: Record<string, Scalar> = {}
  const found = fields?.attrs
  if (typeof found === "object" && found !== null)
    for (const [name, attr] of Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const read = scalar(attr)
      if (read !== undefined) attrs[name] = read
    }
  return {
    type: text(fields?.type) ?? "",
    parents: parents.flatMap((parent) => text(parent) ?? []),
    attrs,
    embed: fields?.isEmbed === true,
  }
}

/** Marks as the engine shows them; those without a value are no marks. */
export function readMarks(marks: Readonly<Record<string, unknown>> | undefined): MarkSet {
  if (!marks) return noMarks
  const list: [string, Scalar][] = []
  for (const [name, value] of Object.entries(marks)) {
    const read = scalar(value)
    if (read !== undefined) list.push([name, read])
  }
  return markSet(list)
}

/** A stretch of a text as the engine gives it: of type "block" a marker, otherwise text. */
export interface Span {
  type: string
  value: unknown
  marks?: Record<string, unknown>
}

/**
 * The tokens of what `spans` of the engine returns. It tells no marks of embeds: `marksAt` finds
 * them by position where the spans do not have them.
 */
export function readSpans(
  spans: readonly Span[],
  marksAt: (at: number) => Readonly<Record<string, unknown>>,
): Token[] {
  let at = 0
  return spans.map((span) => {
    const place = at
    if (span.type !== "block") {
      const text = String(span.value)
      at += text.length
      return { text, marks: readMarks(span.marks), embed: null }
    }
    at++
    const marker = readMarker(span.value)
    return marker.embed ? embedRun(marker, readMarks(span.marks ?? marksAt(place))) : { marker }
  })
}

const embedRun = (embed: Marker, marks: MarkSet): Run => ({ text: embedText, marks, embed })

/**
 * Stands among the marks of text whose marks are still to be read. The patches tell only where marks
 * changed: text between two stretches that changed may be told to have the new mark as well, and
 * marks of inserted text may be left out.
 */
const unreadMark = "\0"
const unreadMarks = markSet([[unreadMark, true]])

/** What the engine holds, by position, after all patches. */
export interface Held {
  marker(at: number): Marker | null
  marks(at: number): MarkSet
}

/** How a position moves when other positions come and go. */
export type Shift = { at: number; del: number; insert: number }

/** What applying patches to a mirror told. */
export interface Patched {
  /** Splices in the order in which they happened, each in the positions of its time. */
  shifts: Shift[]
  /** Patches do not describe what happened, or too much of it: the whole text must be read again. */
  doubtful: boolean
}

/**
 * Applies the engine's patches of one text to its mirror. `path` is the text's path.
 */
export function applyPatches(
  text: FlatText,
  path: readonly string[],
  patches: readonly Patch[],
  held: Held,
): Patched {
  const patched: Patched = { shifts: [], doubtful: false }
  let waiting = false
  const splice = (at: number, del: number, insert: readonly Token[], size: number) => {
    text.splice(at, del, insert)
    patched.shifts.push({ at, del, insert: size })
  }
  for (const patch of patches) {
    if (!path.every((part, depth) => patch.path[depth] === part)) continue
    const at = patch.path[path.length]
    if (at === undefined) {
      if (patch.action === "mark")
        for (const { start, end } of patch.marks) text.mark(start, end, unreadMark, true)
      else if (patch.action === "unmark") text.mark(patch.start, patch.end, unreadMark, true)
      else patched.doubtful = true
      waiting = true
      continue
    }
    if (typeof at !== "number") continue
    if (patch.path.length > path.length + 1) {
      text.setMarker(at, text.markerAt(at)?.embed ? unreadEmbed : unread)
      waiting = true
    } else if (patch.action === "splice") {
      splice(at, 0, [{ text: patch.value, marks: unreadMarks, embed: null }], patch.value.length)
      waiting = true
    } else if (patch.action === "insert") {
      const marker = embedRun(unreadEmbed, unreadMarks)
      splice(at, 0, Array<Token>(patch.values.length).fill(marker), patch.values.length)
      waiting = true
    } else if (patch.action === "del") splice(at, patch.length ?? 1, [], 0)
    else patched.doubtful = true
  }
  // Positions mean nothing any more where patches were not understood.
  if (!patched.doubtful && waiting && !resolve(text, held)) patched.doubtful = true
  return patched
}

/** More unread characters than this are read with the whole text. */
const many = 1_000

/** Reads every marker and all marks that are still unread. Returns false where they are too many. */
function resolve(text: FlatText, held: Held): boolean {
  const changed: [at: number, del: number, tokens: Token[]][] = []
  let at = 0
  let left = many
  for (const { marker, runs } of text.blocks) {
    if (marker === unread) changed.push([at, 1, [marked(held.marker(at), noMarks)]])
    if (marker) at++
    for (const run of runs) {
      const size = run.text.length
      const fresh = run.marks.list.some(([name]) => name === unreadMark)
      if (fresh && (left -= size) < 0) return false
      if (run.embed === unreadEmbed)
        changed.push([at, size, [marked(held.marker(at), fresh ? held.marks(at) : run.marks)]])
      else if (run.embed && fresh) changed.push([at, size, [{ ...run, marks: held.marks(at) }]])
      else if (fresh) changed.push([at, size, characters(run.text, at, held)])
      at += size
    }
  }
  for (const [place, del, tokens] of changed) text.splice(place, del, tokens)
  return true
}

/** Text with the marks of each of its characters: several insertions may lie in one run. */
function characters(text: string, from: number, held: Held): Run[] {
  const runs: Run[] = []
  let at = from
  for (const character of text) {
    pushRun(runs, { text: character, marks: held.marks(at), embed: null })
    at += character.length
  }
  return runs
}

/** What stands where a marker was put: an object that is no map is shown as its character. */
function marked(marker: Marker | null, marks: MarkSet): Token {
  if (!marker) return { text: embedText, marks, embed: null }
  return marker.embed ? embedRun(marker, marks) : { marker }
}

/** Where a position is after splices. Text inserted at the position goes behind it. */
export function shifted(position: number, shifts: readonly Shift[]): number {
  let at = position
  for (const shift of shifts) {
    if (shift.at >= at) continue
    at = at >= shift.at + shift.del ? at - shift.del + shift.insert : shift.at
  }
  return at
}
