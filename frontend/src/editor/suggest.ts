import { Fragment, Slice, type Mark, type Node, type ResolvedPos } from "prosemirror-model"
import {
  Plugin,
  PluginKey,
  TextSelection,
  type EditorState,
  type Transaction,
} from "prosemirror-state"
import { isHistoryTransaction } from "prosemirror-history"
import { AddMarkStep, Mapping, RemoveMarkStep, ReplaceStep } from "prosemirror-transform"
import { isRemote } from "./origin"
import { schema } from "./schema"

const { suggestion } = schema.marks
const { hard_break } = schema.nodes

/** What the mode of suggestions keeps. */
interface Mode {
  on: boolean
  /** Suggestions made here since the editor opened; typing on extends them. */
  mine: ReadonlySet<string>
}

type Meta = { on: boolean } | { made: string }

const key = new PluginKey<Mode>("suggest")
const direct = "parvis.direct"
const structure = "parvis.structure"

/** Keeps whether typing proposes. */
export const suggestMode = (): Plugin =>
  new Plugin({
    key,
    state: {
      init: (): Mode => ({ on: false, mine: new Set() }),
      apply(tr, mode): Mode {
        const meta = tr.getMeta(key) as Meta | undefined
        if (!meta) return mode
        if ("on" in meta) return { ...mode, on: meta.on }
        return { ...mode, mine: new Set([...mode.mine, meta.made]) }
      },
    },
  })

/** Whether typing proposes instead of changing. */
export const isSuggesting = (state: EditorState): boolean => key.getState(state)?.on ?? false

/** Switches the mode. */
export const setSuggesting = (tr: Transaction, on: boolean): Transaction => tr.setMeta(key, { on })

/** Marks a transaction that changes the text itself even while suggesting: accepting and rejecting. */
export const changesText = (tr: Transaction): Transaction => tr.setMeta(direct, true)

/** Marks a transaction that changes more than text: half a column cannot be proposed. */
export const changesStructure = (tr: Transaction): Transaction => tr.setMeta(structure, true)

const kindOf = (
  node: Node | null | undefined,
  kind: string,
  mine: ReadonlySet<string>,
): Mark | null =>
  node?.marks.find(
    (mark) =>
      mark.type === suggestion && mark.attrs.kind === kind && mine.has(mark.attrs.id as string),
  ) ?? null

const isDeleted = (node: Node) =>
  node.marks.some((mark) => mark.type === suggestion && mark.attrs.kind === "delete")

const isInserted = (node: Node) =>
  node.marks.some((mark) => mark.type === suggestion && mark.attrs.kind === "insert")

/** Whether a range holds any text or embed. */
function hasInline(doc: Node, from: number, to: number): boolean {
  let found = false
  if (from < to)
    doc.nodesBetween(from, to, (node) => {
      if (node.isInline) found = true
      return !found
    })
  return found
}

/** Turns what a transaction deletes and inserts into proposals of one id. */
class Proposal {
  readonly tr: Transaction
  /** False after something that no mark can be laid on, as code carries none; nothing is made then. */
  possible = true
  readonly #state: EditorState
  readonly #mine: ReadonlySet<string>
  readonly #create: () => string
  #id = ""
  #made = ""
  /** The last insertion: the step that made it, its place after it, and the steps here until then. */
  #inserted: { index: number; at: number; size: number; maps: number } | null = null

  constructor(state: EditorState, create: () => string) {
    this.tr = state.tr
    this.#state = state
    this.#mine = key.getState(state)?.mine ?? new Set()
    this.#create = create
  }

  /** The id of this proposal: that of a neighbour that it continues, else a new one. */
  #idAt(from: number, to: number, kind: "insert" | "delete"): string {
    if (this.#id) return this.#id
    const { doc } = this.tr
    const near =
      kindOf(doc.resolve(from).nodeBefore, kind, this.#mine) ??
      kindOf(doc.resolve(to).nodeAfter, kind, this.#mine)
    this.#id = near ? (near.attrs.id as string) : (this.#made = this.#create())
    return this.#id
  }

  #delete(from: number, to: number): number {
    const removed: { from: number; to: number }[] = []
    const marked: { from: number; to: number }[] = []
    this.tr.doc.nodesBetween(from, to, (node, pos, parent) => {
      if (!node.isInline) return true
      const part = { from: Math.max(pos, from), to: Math.min(pos + node.nodeSize, to) }
      if (parent && !parent.type.allowsMarkType(suggestion)) this.possible = false
      if (kindOf(node, "insert", this.#mine)) removed.push(part)
      else if (!isDeleted(node)) marked.push(part)
      return false
    })
    if (!this.possible) return to
    for (const part of marked) {
      const id = this.#idAt(part.from, part.to, "delete")
      this.tr.addMark(part.from, part.to, suggestion.create({ id, kind: "delete" }))
    }
    for (const part of removed.reverse()) this.tr.delete(part.from, part.to)
    return to - removed.reduce((sum, part) => sum + part.to - part.from, 0)
  }

  #insert(pos: number, slice: Slice): number {
    const { parent } = this.tr.doc.resolve(pos)
    if (parent.isTextblock && !parent.type.allowsMarkType(suggestion)) this.possible = false
    if (!this.possible) return pos
    const before = this.tr.doc.content.size
    this.tr.replace(pos, pos, slice)
    const end = pos + this.tr.doc.content.size - before
    if (end > pos && hasInline(this.tr.doc, pos, end)) {
      const id = this.#idAt(pos, end, "insert")
      // What is inserted amid deleted text is not deleted with it.
      this.tr.removeMark(pos, end, suggestion)
      this.tr.addMark(pos, end, suggestion.create({ id, kind: "insert" }))
    }
    return end
  }

  /** Proposes step number `index` at its mapped place. */
  replace(from: number, to: number, slice: Slice, index: number): void {
    const forward = this.#state.selection.empty && this.#state.selection.from === from
    const end = from < to ? this.#delete(from, to) : to
    // Blocks without text only take the place of what is deleted, which stays here.
    let after = forward ? end : from
    if (hasSliceText(slice)) {
      const made = takenBack(slice, this.tr.doc.resolve(end))
      after = this.#insert(end, made)
      this.#inserted = { index, at: end, size: after - end, maps: this.tr.steps.length }
    }
    const $after = this.tr.doc.resolve(Math.min(after, this.tr.doc.content.size))
    this.tr.setSelection(
      $after.parent.inlineContent
        ? TextSelection.create(this.tr.doc, $after.pos)
        : TextSelection.near($after, -1),
    )
  }

  /**
   * Shapes text that is a proposal itself, and lays comments. False for text that stands there
   * already.
   */
  mark(step: AddMarkStep | RemoveMarkStep, index: number, original: Transaction): boolean {
    const range = this.#placeOf(step, index, original)
    if (!range) return true
    const { from, to } = range
    let proposed = step.mark.type === schema.marks.comment
    if (!proposed) {
      proposed = true
      this.tr.doc.nodesBetween(from, to, (node) => {
        if (node.isInline && !isInserted(node)) proposed = false
        return proposed
      })
    }
    if (!proposed) return false
    if (step instanceof AddMarkStep) this.tr.addMark(from, to, step.mark)
    else this.tr.removeMark(from, to, step.mark)
    return true
  }

  /** Where a step's range is: also in what this transaction inserted itself. */
  #placeOf(
    step: AddMarkStep | RemoveMarkStep,
    index: number,
    original: Transaction,
  ): { from: number; to: number } | null {
    const inserted = this.#inserted
    if (inserted) {
      const since = original.mapping.slice(inserted.index + 1, index)
      const map = original.mapping.maps[inserted.index]
      let start = 0
      let size = 0
      map?.forEach(
        (_from, _to, newStart, newEnd) => ((start = newStart), (size = newEnd - newStart)),
      )
      const offset = step.from - since.map(start, -1)
      if (size === inserted.size && offset >= 0 && step.to <= since.map(start + size, 1)) {
        const now = this.tr.mapping.slice(inserted.maps).map(inserted.at, -1) + offset
        return { from: now, to: now + step.to - step.from }
      }
    }
    const back = new Mapping(original.mapping.maps.slice(0, index)).invert()
    const mapped = step.map(back)?.map(this.tr.mapping)
    return mapped ? { from: (mapped as AddMarkStep).from, to: (mapped as AddMarkStep).to } : null
  }

  done(original: Transaction): Transaction {
    // The types of the library do not show what a transaction tells plugins.
    const { meta } = original as unknown as { meta: Readonly<Record<string, unknown>> }
    for (const [name, value] of Object.entries(meta)) this.tr.setMeta(name, value)
    if (this.#made) this.tr.setMeta(key, { made: this.#made } satisfies Meta)
    if (original.scrolledIntoView) this.tr.scrollIntoView()
    return this.tr.setTime(original.time)
  }
}

const proposable = (tr: Transaction): boolean =>
  tr.docChanged && !isRemote(tr) && tr.getMeta(direct) !== true && !isHistoryTransaction(tr)

/**
 * The same change as a proposal: what would be deleted is marked, what is inserted is marked as
 * new. Text that was proposed here is deleted for real. A proposal is a mark on text, so code, the
 * structure of blocks (splitting, joining, lists, tables) and the look of text that stands there
 * already cannot be proposed: then this is null, and nothing is to change. Returns the transaction
 * itself when the mode is off or it was not typed here.
 */
export function propose(
  tr: Transaction,
  state: EditorState,
  create: () => string,
): Transaction | null {
  if (!isSuggesting(state) || !proposable(tr)) return tr
  if (tr.getMeta(structure) === true || !isText(tr)) return null
  const proposal = new Proposal(state, create)
  for (const [index, step] of tr.steps.entries()) {
    const back = new Mapping(tr.mapping.maps.slice(0, index)).invert()
    const place = (pos: number, side: number) => proposal.tr.mapping.map(back.map(pos, -side), side)
    if (step instanceof AddMarkStep || step instanceof RemoveMarkStep) {
      if (!proposal.mark(step, index, tr)) return null
      continue
    }
    if (!(step instanceof ReplaceStep)) continue
    const from = place(step.from, -1)
    const to = Math.max(from, place(step.to, 1))
    proposal.replace(from, to, step.slice, index)
    if (!proposal.possible) return null
  }
  return proposal.done(tr)
}

/** Whether every step changes text, or how it looks. */
const isText = (tr: Transaction): boolean =>
  tr.steps.every((step, index) => {
    if (step instanceof AddMarkStep || step instanceof RemoveMarkStep) return true
    const before = tr.docs[index]
    if (!(step instanceof ReplaceStep) || !before) return false
    return hasInline(before, step.from, step.to) || hasSliceText(step.slice)
  })

const hasSliceText = (slice: Slice): boolean => {
  let found = false
  slice.content.descendants((node) => {
    if (node.isInline) found = true
    return !found
  })
  return found
}

/**
 * What can be taken back without a trace: text within a block, and blocks of the top that hold some
 * text each, where one ends. Other blocks become lines of the block that they are put into.
 */
function takenBack(slice: Slice, $at: ResolvedPos): Slice {
  const { content } = slice
  const inline = content.childCount === 0 || content.firstChild?.isInline === true
  const within = content.childCount === 1 && slice.openStart === 1 && slice.openEnd === 1
  if (inline || (within && content.firstChild?.isTextblock)) return slice
  const atEnd = $at.depth === 1 && $at.parentOffset === $at.parent.content.size
  const texts = content.content.every(
    (node) => node.isTextblock && node.content.size > 0 && node.type.allowsMarkType(suggestion),
  )
  if (atEnd && texts && slice.openStart === 1) return slice
  const lines: Node[] = []
  content.descendants((node) => {
    if (!node.isTextblock) return !node.isInline
    if (lines.length > 0) lines.push(hard_break.create())
    for (const child of node.children) {
      const parts = node.type.spec.code ? (child.text ?? "").split("\n") : null
      if (!parts) lines.push(child)
      else
        parts.forEach((part, at) => {
          if (at > 0) lines.push(hard_break.create())
          if (part) lines.push(schema.text(part))
        })
    }
    return false
  })
  return new Slice(Fragment.fromArray(lines), 0, 0)
}
