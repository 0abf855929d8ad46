import type { Node } from "prosemirror-model"
import type { EditorState, Transaction } from "prosemirror-state"
import { schema } from "./schema"
import type { Suggestion } from "./state"
import { changesText } from "./suggest"

const { suggestion } = schema.marks
const longest = 200

interface Part {
  from: number
  to: number
  kind: "insert" | "delete"
  id: string
}

/** The pieces of text that carry proposals, in the order of the document. */
function partsOf(doc: Node, id: string | null): Part[] {
  const parts: Part[] = []
  doc.descendants((node, pos) => {
    if (!node.isInline) return true
    for (const mark of node.marks) {
      if (mark.type !== suggestion || (id !== null && mark.attrs.id !== id)) continue
      const kind = mark.attrs.kind === "delete" ? "delete" : "insert"
      parts.push({ from: pos, to: pos + node.nodeSize, kind, id: mark.attrs.id as string })
    }
    return false
  })
  return parts
}

/** All proposals in the order in which they begin. */
export function listSuggestions(doc: Node): Suggestion[] {
  const found = new Map<string, Suggestion>()
  for (const part of partsOf(doc, null)) {
    const known = found.get(part.id) ?? { id: part.id, inserted: "", deleted: "", from: part.from }
    const text = doc.textBetween(part.from, part.to, "\n", leafText)
    const into = part.kind === "insert" ? "inserted" : "deleted"
    known[into] = (known[into] + text).slice(0, longest)
    found.set(part.id, known)
  }
  return [...found.values()]
}

const leafText = (leaf: Node) => (leaf.type.name === "hard_break" ? "\n" : "\ufffc")

/** Takes text away, and the block with it when nothing else was in it. */
function remove(tr: Transaction, part: Part): void {
  const from = tr.mapping.map(part.from, 1)
  const to = tr.mapping.map(part.to, -1)
  if (from >= to) return
  const $from = tr.doc.resolve(from)
  const whole = $from.parentOffset === 0 && to === $from.end()
  tr.delete(from, to)
  const lone = $from.node(-1)?.childCount === 1
  if (whole && $from.depth === 1 && !lone && part.kind === "insert")
    tr.delete($from.before(), $from.before() + 2)
}

/** Decides proposals: all of them when `id` is null. Null when there are none. */
export function decide(
  state: EditorState,
  id: string | null,
  verdict: "accept" | "reject",
): Transaction | null {
  const parts = partsOf(state.doc, id)
  if (parts.length === 0) return null
  const tr = changesText(state.tr)
  for (const part of parts) {
    const keep = (verdict === "accept") === (part.kind === "insert")
    if (keep) {
      const kept = suggestion.create({ id: part.id, kind: part.kind })
      tr.removeMark(tr.mapping.map(part.from, 1), tr.mapping.map(part.to, -1), kept)
    } else remove(tr, part)
  }
  return tr
}

/** Where a proposal begins and ends, or null. */
export function suggestionRange(doc: Node, id: string): { from: number; to: number } | null {
  const parts = partsOf(doc, id)
  const [first, last] = [parts[0], parts.at(-1)]
  return first && last ? { from: first.from, to: last.to } : null
}
