import { Mark, type Schema } from "prosemirror-model"
import { markSet, noMarks } from "./flat"
import type { MarkSet, Scalar } from "./flat"
import { safeLink } from "./links"

/** How typing at the ends of a mark grows it, as the engine's marks are told when they are made. */
export type Expand = "none" | "after" | "both"

/** The way marks of a name grow; a name that nobody here knows does not. */
export function expandOf(name: string, value: Scalar | null): Expand {
  if (/^(strong|em|underline|strike|color|highlight)$/.test(name)) return "both"
  return name.startsWith("suggestion:") && value !== "delete" ? "after" : "none"
}

const color = /^#[0-9a-f]{6}$/
const id = /^[0-9a-z]{1,64}$/

/** Marks of the stream as marks of a schema, kept per set. Unknown ones are left out. */
export class Marks {
  readonly #known = new Map<string, readonly Mark[]>()

  constructor(readonly schema: Schema) {}

  decode(set: MarkSet): readonly Mark[] {
    if (set.key === "") return Mark.none
    let marks = this.#known.get(set.key)
    if (!marks) {
      marks = Mark.setFrom(set.list.flatMap(([name, value]) => this.#mark(name, value) ?? []))
      this.#known.set(set.key, marks)
    }
    return marks
  }

  #mark(name: string, value: Scalar): Mark | null {
    const types = this.schema.marks
    const part = name.indexOf(":")
    if (part > 0) {
      const of = name.slice(part + 1)
      if (!id.test(of)) return null
      if (name.startsWith("comment:") && value === true)
        return types.comment?.create({ id: of }) ?? null
      if (name.startsWith("suggestion:") && (value === "insert" || value === "delete"))
        return types.suggestion?.create({ id: of, kind: value }) ?? null
      return null
    }
    if (/^(strong|em|underline|strike|code)$/.test(name))
      return value === true ? (types[name]?.create() ?? null) : null
    if (typeof value !== "string") return null
    if (name === "link") return this.#link(value)
    if (name === "color" || name === "highlight")
      return color.test(value) ? (types[name]?.create({ color: value }) ?? null) : null
    return null
  }

  #link(value: string): Mark | null {
    const read = parsed(value)
    if (typeof read?.href !== "string" || safeLink(read.href) === null) return null
    const title = typeof read.title === "string" && read.title !== "" ? read.title : null
    return this.schema.marks.link?.create({ href: read.href, title }) ?? null
  }
}

/** An object written as JSON, or null. */
export function parsed(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

const encoded = new WeakMap<readonly Mark[], MarkSet>()

/** Marks of a node as they stand in the stream. */
export function encodeMarks(marks: readonly Mark[]): MarkSet {
  if (marks.length === 0) return noMarks
  let set = encoded.get(marks)
  if (!set) encoded.set(marks, (set = markSet(marks.map(encodeMark))))
  return set
}

function encodeMark({ type, attrs }: Mark): [string, Scalar] {
  if (type.name === "comment") return [`comment:${String(attrs.id)}`, true]
  if (type.name === "suggestion") return [`suggestion:${String(attrs.id)}`, String(attrs.kind)]
  if (type.name === "color" || type.name === "highlight") return [type.name, String(attrs.color)]
  if (type.name === "link")
    return [
      "link",
      JSON.stringify({ href: attrs.href as string, title: (attrs.title as string | null) ?? "" }),
    ]
  return [type.name, true]
}
