import type { Mark, Node, Slice } from "prosemirror-model"
import {
  Plugin,
  PluginKey,
  TextSelection,
  type EditorState,
  type Transaction,
} from "prosemirror-state"
import { isHistoryTransaction } from "prosemirror-history"
import { Mapping, ReplaceStep } from "prosemirror-transform"
import { isRemote } from "./origin"
import { schema } from "./schema"

const { suggestion } = schema.marks

/** What the mode of suggestions keeps. */
interface Mode {
  on: boolean
  /** Suggestions made here since the editor opened; typing on extends them. */
  mine: ReadonlySet<string>
}

type Meta = { on: boolean } | { made: string }

const key = new PluginKey<Mode>("suggest")
const direct = "parvis.direct"

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

/** Marks a transaction that changes the text itself even while suggesting: accepting, replacing all. */
export const changesText = (tr: Transaction): Transaction => tr.setMeta(direct, true)

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

/** Whether a range holds any text or embed. */
function hasInline(doc: Node, from: number, to: number): boolean {
  let found = false
  doc.nodesBetween(from, to, (node) => {
    if (node.isInline) found = true
    return !found
  })
  return found
}

/** Turns what a transaction deletes and inserts into proposals of one id. */
class Proposal {
  readonly tr: Transaction
  readonly #state: EditorState
  readonly #mine: ReadonlySet<string>
  readonly #create: () => string
  #id = ""
  #made = ""

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
      const plain = parent !== null && !parent.type.allowsMarkType(suggestion)
      if (plain || kindOf(node, "insert", this.#mine)) removed.push(part)
      else if (!isDeleted(node)) marked.push(part)
      return false
    })
    for (const part of marked) {
      const id = this.#idAt(part.from, part.to, "delete")
      this.tr.addMark(part.from, part.to, suggestion.create({ id, kind: "delete" }))
    }
    for (const part of removed.reverse()) this.tr.delete(part.from, part.to)
    return to - removed.reduce((sum, part) => sum + part.to - part.from, 0)
  }

  #insert(pos: number, slice: Slice): number {
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

  /** Proposes one step at its mapped place. */
  replace(from: number, to: number, slice: Slice): void {
    const forward = this.#state.selection.empty && this.#state.selection.from === from
    const end = from < to ? this.#delete(from, to) : to
    // Blocks without text only take the place of what is deleted, which stays here.
    const inserts = slice.size > 0 && (hasSliceText(slice) || from === to)
    const after = inserts ? this.#insert(end, slice) : forward ? end : from
    const $after = this.tr.doc.resolve(Math.min(after, this.tr.doc.content.size))
    this.tr.setSelection(
      $after.parent.inlineContent
        ? TextSelection.create(this.tr.doc, $after.pos)
        : TextSelection.near($after, -1),
    )
  }

  done(original: Transaction): Transaction {
    if (this.#made) this.tr.setMeta(key, { made: this.#made } satisfies Meta)
    for (const name of ["uiEvent", "paste", "composition"]) {
      const value = original.getMeta(name) as unknown
      if (value !== undefined) this.tr.setMeta(name, value)
    }
    if (original.scrolledIntoView) this.tr.scrollIntoView()
    return this.tr.setTime(original.time)
  }
}

const proposable = (tr: Transaction): boolean =>
  tr.docChanged && !isRemote(tr) && tr.getMeta(direct) !== true && !isHistoryTransaction(tr)

/**
 * The same change as a proposal: what would be deleted is marked, what is inserted is marked as
 * new. Text that was proposed here is deleted for real. The structure of blocks (splitting,
 * joining, lists, tables) and the look of text change at once, because a proposal is a mark on
 * text. Returns the transaction itself when the mode is off or it was not typed here.
 */
export function propose(tr: Transaction, state: EditorState, create: () => string): Transaction {
  if (!isSuggesting(state) || !proposable(tr)) return tr
  const proposal = new Proposal(state, create)
  for (const [index, step] of tr.steps.entries()) {
    const back = new Mapping(tr.mapping.maps.slice(0, index)).invert()
    const place = (pos: number, side: number) => proposal.tr.mapping.map(back.map(pos, -side), side)
    if (!(step instanceof ReplaceStep)) {
      const mapped = step.map(back)?.map(proposal.tr.mapping)
      if (mapped) proposal.tr.maybeStep(mapped)
      continue
    }
    const from = place(step.from, -1)
    const to = Math.max(from, place(step.to, 1))
    const touchesText = hasInline(proposal.tr.doc, from, to) || hasSliceText(step.slice)
    if (touchesText) proposal.replace(from, to, step.slice)
    else structural(proposal.tr, step, from, to, tr)
  }
  return proposal.done(tr)
}

const hasSliceText = (slice: Slice): boolean => {
  let found = false
  slice.content.descendants((node) => {
    if (node.isInline) found = true
    return !found
  })
  return found
}

function structural(
  tr: Transaction,
  step: ReplaceStep,
  from: number,
  to: number,
  original: Transaction,
) {
  if (tr.maybeStep(new ReplaceStep(from, to, step.slice)).failed !== null) return
  const head = Math.min(original.selection.head, tr.doc.content.size)
  tr.setSelection(TextSelection.near(tr.doc.resolve(tr.steps.length === 1 ? head : to), 1))
}
