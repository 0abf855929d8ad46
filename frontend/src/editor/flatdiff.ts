import type { Block, Marker, MarkSet, Scalar, Token } from "./flat"
import { cutTokens, embedText, markerKey } from "./flat"
import { align, blockUnit } from "./flatalign"
import type { Characters } from "./flatalign"

/** Replaces `del` positions of the old stream. */
export interface SpliceEdit {
  at: number
  del: number
  insert: Token[]
}

/** Changes the fields of a block marker that stays where it is, in the old stream. */
export interface MarkerEdit {
  at: number
  from: Marker
  to: Marker
}

/** Sets or takes away a mark of text that stays, in the old stream. */
export interface MarkEdit {
  from: number
  to: number
  name: string
  value: Scalar | null
}

/** What turns one stream into another: first the fields and marks of what stays, then the splices. */
export interface Edits {
  /** Ascending, none touching another. */
  splices: SpliceEdit[]
  markers: MarkerEdit[]
  marks: MarkEdit[]
}

/** More positions than this are aligned block by block first. */
const many = 20_000

/** The smallest edits between two lists of blocks, whose streams begin at position `base`. */
export function diffBlocks(before: readonly Block[], after: readonly Block[], base = 0): Edits {
  const edits: Edits = { splices: [], markers: [], marks: [] }
  for (const [from, to, start, end] of gaps(before, after)) {
    const removed = new Stream(before.slice(from, to))
    const made = new Stream(after.slice(start, end))
    diffStreams(removed, made, base + sizeOf(before, 0, from), edits)
  }
  edits.marks = joinMarks(edits.marks, before, base)
  return edits
}

const sizeOf = (blocks: readonly Block[], from: number, to: number): number => {
  let size = 0
  for (let at = from; at < to; at++) size += blocks[at]?.size ?? 0
  return size
}

type Gap = [from: number, to: number, start: number, end: number]

/** The stretches of blocks that differ. */
function gaps(before: readonly Block[], after: readonly Block[]): Gap[] {
  let from = 0
  let to = before.length
  let end = after.length
  const same = (a: number, b: number) => {
    const [old, now] = [before[a], after[b]]
    return old !== undefined && now !== undefined && old.equals(now)
  }
  while (from < to && from < end && before[from] === after[from]) from++
  while (to > from && end > from && before[to - 1] === after[end - 1]) (to--, end--)
  while (from < to && from < end && same(from, from)) from++
  while (to > from && end > from && same(to - 1, end - 1)) (to--, end--)
  if (from === to && from === end) return []
  if (sizeOf(before, from, to) + sizeOf(after, from, end) <= many) return [[from, to, from, end]]
  return anchored(before, after, [from, to, from, end])
}

/** Splits a large stretch at blocks that both sides hold exactly once, in the same order. */
function anchored(before: readonly Block[], after: readonly Block[], whole: Gap): Gap[] {
  const [from, to, start, end] = whole
  const places = new Map<string, { old: number[]; now: number[] }>()
  const note = (block: Block | undefined, side: "old" | "now", at: number) => {
    if (!block) return
    let entry = places.get(block.key)
    if (!entry) places.set(block.key, (entry = { old: [], now: [] }))
    entry[side].push(at)
  }
  for (let at = from; at < to; at++) note(before[at], "old", at)
  for (let at = start; at < end; at++) note(after[at], "now", at)
  const pairs: [number, number][] = []
  for (const { old, now } of places.values())
    if (old.length === 1 && now.length === 1 && old[0] !== undefined && now[0] !== undefined)
      pairs.push([old[0], now[0]])
  pairs.sort(([a], [b]) => a - b)
  const out: Gap[] = []
  let [oldAt, nowAt] = [from, start]
  for (const [old, now] of [...increasing(pairs), [to, end] as [number, number]]) {
    if (old > oldAt || now > nowAt) out.push([oldAt, old, nowAt, now])
    ;[oldAt, nowAt] = [old + 1, now + 1]
  }
  return out
}

/** The longest part of pairs, ordered by the first number, in which the second rises too. */
function increasing(pairs: readonly [number, number][]): [number, number][] {
  const ends: number[] = []
  const previous: number[] = []
  pairs.forEach(([, now], index) => {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((pairs[ends[middle] ?? 0]?.[1] ?? 0) < now) low = middle + 1
      else high = middle
    }
    previous[index] = low > 0 ? (ends[low - 1] ?? -1) : -1
    ends[low] = index
  })
  const out: [number, number][] = []
  for (let at = ends.at(-1) ?? -1; at >= 0; at = previous[at] ?? -1) {
    const pair = pairs[at]
    if (pair) out.push(pair)
  }
  return out.reverse()
}

/** Blocks as one string with the marks and markers of every position. */
export class Stream {
  readonly text: string
  readonly tokens: Token[]
  /** Per position: the key of its marks, or of the marker that stands there. */
  readonly keys: string[] = []
  readonly markers = new Map<number, Marker>()
  /** Positions of block markers, not of embeds. */
  readonly starts = new Set<number>()
  readonly #sets = new Map<string, MarkSet>()

  constructor(blocks: readonly Block[]) {
    this.tokens = blocks.flatMap((block) => block.tokens())
    let text = ""
    for (const token of this.tokens) {
      if ("marker" in token) {
        this.starts.add(text.length)
        this.markers.set(text.length, token.marker)
        this.keys.push(markerKey(token.marker))
        text += embedText
        continue
      }
      const key = token.embed ? `${token.marks.key} ${markerKey(token.embed)}` : token.marks.key
      if (token.embed) this.markers.set(text.length, token.embed)
      this.#sets.set(key, token.marks)
      for (let unit = 0; unit < token.text.length; unit++) this.keys.push(key)
      text += token.text
    }
    this.text = text
  }

  /** Whether a position lies between the two halves of one character. */
  inside(at: number): boolean {
    const unit = this.text.charCodeAt(at)
    const before = this.text.charCodeAt(at - 1)
    return unit >= 0xdc00 && unit <= 0xdfff && before >= 0xd800 && before <= 0xdbff
  }

  /** The marks at a position. */
  marks(at: number): MarkSet["list"] {
    return this.#sets.get(this.keys[at] ?? "")?.list ?? []
  }

  /** The characters between two positions. */
  characters(from: number, to: number): Characters {
    const out: Characters = { at: [], unit: [], end: to }
    for (let at = from; at < to;) {
      const next = this.inside(at + 1) ? at + 2 : at + 1
      const embed = this.markers.get(at)
      out.at.push(at)
      if (this.starts.has(at)) out.unit.push(blockUnit)
      else out.unit.push(embed ? identity(embed) : this.text.slice(at, next))
      at = next
    }
    return out
  }
}

/** Embeds of one file or note are the same one, whatever else is said about it. */
const identity = ({ type, attrs }: Marker): string =>
  `\n${type} ${String(attrs.file ?? attrs.id ?? "")}`

function diffStreams(before: Stream, after: Stream, base: number, edits: Edits): void {
  let from = 0
  let to = before.text.length
  let end = after.text.length
  const same = (a: number, b: number) =>
    before.text.charCodeAt(a) === after.text.charCodeAt(b) && before.keys[a] === after.keys[b]
  while (from < to && from < end && same(from, from)) from++
  while (from > 0 && (before.inside(from) || after.inside(from))) from--
  while (to > from && end > from && same(to - 1, end - 1)) (to--, end--)
  while (before.inside(to) || after.inside(end)) (to++, end++)
  const pieces =
    from === to || from === end
      ? []
      : align(before.characters(from, to), after.characters(from, end))
  let [oldAt, nowAt] = [from, from]
  for (const kept of [...pieces, { old: to, now: end, length: 0 }]) {
    if (kept.old > oldAt || kept.now > nowAt)
      edits.splices.push({
        at: base + oldAt,
        del: kept.old - oldAt,
        insert: cutTokens(after.tokens, nowAt, kept.now),
      })
    for (let unit = 0; unit < kept.length; unit++)
      if (!before.inside(kept.old + unit))
        compareKept(before, after, kept.old + unit, kept.now + unit, base, edits)
    ;[oldAt, nowAt] = [kept.old + kept.length, kept.now + kept.length]
  }
}

/** Edits of a position that stays: the fields of its marker, or its marks. */
function compareKept(
  before: Stream,
  after: Stream,
  a: number,
  b: number,
  base: number,
  edits: Edits,
): void {
  if (before.keys[a] === after.keys[b]) return
  const [from, to] = [before.markers.get(a), after.markers.get(b)]
  if (from && to && markerKey(from) !== markerKey(to))
    edits.markers.push({ at: base + a, from, to })
  if (before.starts.has(a)) return
  const end = base + a + (before.inside(a + 1) ? 2 : 1)
  const was = new Map(before.marks(a))
  const is = new Map(after.marks(b))
  for (const name of was.keys()) if (!is.has(name)) edits.marks.push(one(base + a, end, name, null))
  for (const [name, value] of is)
    if (was.get(name) !== value) edits.marks.push(one(base + a, end, name, value))
}

const one = (from: number, to: number, name: string, value: Scalar | null): MarkEdit => ({
  from,
  to,
  name,
  value,
})

/** Joins neighbouring edits of one mark, also across the marker between two blocks. */
function joinMarks(marks: readonly MarkEdit[], before: readonly Block[], base: number): MarkEdit[] {
  const starts = new Set<number>()
  let at = base
  if (marks.length > 0)
    for (const block of before) {
      if (block.marker) starts.add(at)
      at += block.size
    }
  const open = new Map<string, MarkEdit>()
  const out: MarkEdit[] = []
  for (const edit of marks) {
    const last = open.get(edit.name)
    const touches =
      last?.value === edit.value &&
      (last.to === edit.from || (last.to + 1 === edit.from && starts.has(last.to)))
    if (last && touches) last.to = edit.to
    else {
      const made = { ...edit }
      open.set(edit.name, made)
      out.push(made)
    }
  }
  return out
}
