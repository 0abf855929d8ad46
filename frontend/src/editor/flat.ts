/**
 * The stream of a text: characters with marks, and markers of one position each. A marker starts a
 * block or is an embed (an image, a footnote) inside one. Positions count UTF-16 units, as the
 * engine does.
 */

/** A value in a marker or of a mark. */
export type Scalar = string | number | boolean

/** What stands at the position of a marker. */
export interface Marker {
  readonly type: string
  /** Types of the enclosing items, quotes and cells, outermost first. */
  readonly parents: readonly string[]
  readonly attrs: Readonly<Record<string, Scalar>>
  readonly embed: boolean
}

/** Marks of a stretch, sorted by name. Equal sets have equal keys. */
export interface MarkSet {
  readonly key: string
  readonly list: readonly (readonly [name: string, value: Scalar])[]
}

/** A stretch of text with the same marks, or one embed (whose text is `embedText`). */
export interface Run {
  readonly text: string
  readonly marks: MarkSet
  readonly embed: Marker | null
}

/** One position or more of the stream: a block marker or a run. */
export type Token = { readonly marker: Marker } | Run

/** What the engine shows where a marker stands: OBJECT REPLACEMENT CHARACTER. */
export const embedText = "\uFFFC"

export const noMarks: MarkSet = { key: "", list: [] }

/** The set of some marks. */
export function markSet(marks: readonly (readonly [string, Scalar])[]): MarkSet {
  if (marks.length === 0) return noMarks
  const list = [...marks].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return { key: JSON.stringify(list), list }
}

/** A set with one mark set to a value, or taken away where the value is null. */
export function withMark(marks: MarkSet, name: string, value: Scalar | null): MarkSet {
  const others = marks.list.filter(([other]) => other !== name)
  return markSet(value === null ? others : [...others, [name, value]])
}

/** Two markers with equal keys mean the same. */
export function markerKey(marker: Marker): string {
  const attrs = Object.keys(marker.attrs)
    .sort()
    .map((name) => [name, marker.attrs[name]])
  return JSON.stringify([marker.type, marker.parents, attrs, marker.embed])
}

/** Page breaks and tables of contents: blocks without text, at the top only. */
export function isAtom(marker: Marker): boolean {
  return (
    !marker.embed &&
    marker.parents.length === 0 &&
    (marker.type === "page-break" || marker.type === "table-of-contents")
  )
}

/**
 * A block with its text. The marker is missing where text stands before the first marker or after
 * an atom. Blocks never change: whoever edits makes a new one, so that what belongs to a block can
 * be kept by its identity.
 */
export class Block {
  /** Positions of the text, without the marker. */
  readonly length: number
  #key = ""

  constructor(
    readonly marker: Marker | null,
    readonly runs: readonly Run[],
  ) {
    let length = 0
    for (const run of runs) length += run.text.length
    this.length = length
  }

  /** Positions with the marker. */
  get size(): number {
    return this.marker ? this.length + 1 : this.length
  }

  /** Blocks with equal keys are equal. */
  get key(): string {
    this.#key ||= JSON.stringify([
      this.marker && markerKey(this.marker),
      this.runs.map(({ text, marks, embed }) => [text, marks.key, embed && markerKey(embed)]),
    ])
    return this.#key
  }

  equals(other: Block): boolean {
    return this === other || (this.length === other.length && this.key === other.key)
  }

  tokens(): Token[] {
    return this.marker ? [{ marker: this.marker }, ...this.runs] : [...this.runs]
  }
}

/** How many positions a token takes. */
export const tokenSize = (token: Token): number => ("marker" in token ? 1 : token.text.length)

/** The part of a list of tokens between two positions. */
export function cutTokens(tokens: readonly Token[], from: number, to: number): Token[] {
  const out: Token[] = []
  let at = 0
  for (const token of tokens) {
    const size = tokenSize(token)
    const start = Math.max(from - at, 0)
    const end = Math.min(to - at, size)
    if (start < end) out.push(start === 0 && end === size ? token : cut(token, start, end))
    at += size
    if (at >= to) break
  }
  return out
}

const cut = (token: Token, from: number, to: number): Token =>
  "marker" in token ? token : { ...token, text: token.text.slice(from, to) }

/** Adds a run to others; text with the same marks becomes one run. */
export function pushRun(runs: Run[], run: Run): void {
  if (run.text === "") return
  const last = runs.at(-1)
  if (last && !last.embed && !run.embed && last.marks.key === run.marks.key)
    runs[runs.length - 1] = { text: last.text + run.text, marks: last.marks, embed: null }
  else runs.push(run)
}

/** The blocks of a list of tokens. Without any token there is one block without anything. */
export function blocksOf(tokens: readonly Token[]): Block[] {
  const blocks: Block[] = []
  let marker: Marker | null = null
  let runs: Run[] = []
  const close = () => {
    if (marker || runs.length > 0) blocks.push(new Block(marker, runs))
    marker = null
    runs = []
  }
  for (const token of tokens) {
    if ("marker" in token) {
      close()
      marker = token.marker
    } else {
      if (marker && isAtom(marker)) close()
      pushRun(runs, token)
    }
  }
  close()
  return blocks
}

/** Whether two lists hold equal blocks. */
export const sameBlocks = (a: readonly Block[], b: readonly Block[]): boolean =>
  a.length === b.length && a.every((block, at) => b[at]?.equals(block) === true)
