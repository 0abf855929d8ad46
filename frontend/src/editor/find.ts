import type { Node } from "prosemirror-model"
import { Plugin, PluginKey, TextSelection, type EditorState } from "prosemirror-state"
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view"
import type { Find } from "./editor"
import { Matcher, type Match } from "./find-match"
import type { FindQuery, FindState } from "./state"

/** Matches that are drawn around the current one; more would slow down typing. */
const drawn = 300
const key = new PluginKey<DecorationSet>("find")

/** Draws the matches of a search. */
export const findMarks = (): Plugin =>
  new Plugin({
    key,
    state: {
      init: () => DecorationSet.empty,
      apply(tr, set: DecorationSet) {
        const shown = tr.getMeta(key) as DecorationSet | undefined
        return shown ?? (set === DecorationSet.empty ? set : set.map(tr.mapping, tr.doc))
      },
    },
    props: { decorations: (state: EditorState) => key.getState(state) },
  })

const nothing: FindQuery = { text: "", matchCase: false, wholeWord: false }

/** Find and replace in one view. */
export class Finder implements Find {
  readonly #view: EditorView
  #matcher = new Matcher(nothing)
  #doc: Node | null = null
  #matches: readonly Match[] = []
  #current = -1

  constructor(view: EditorView) {
    this.#view = view
  }

  search(query: FindQuery): FindState {
    this.#matcher = new Matcher(query)
    this.#doc = null
    this.#update()
    const { from } = this.#view.state.selection
    const after = this.#matches.findIndex((match) => match.from >= from)
    return this.#go(after < 0 ? 0 : after)
  }

  next(): FindState {
    return this.#step(1)
  }

  previous(): FindState {
    return this.#step(-1)
  }

  replace(text: string): FindState {
    this.#update()
    const match = this.#matches[this.#current]
    if (!match) return this.next()
    const { tr } = this.#view.state
    tr.insertText(text, match.from, match.to)
    this.#view.dispatch(tr)
    this.#update()
    const end = match.from + text.length
    const after = this.#matches.findIndex((next) => next.from >= end)
    return this.#go(after < 0 ? 0 : after)
  }

  replaceAll(text: string): number {
    this.#update()
    // A document has no more matches here than are counted; the rest takes another turn.
    const { tr, doc } = this.#view.state
    const found = this.#matches.length
    for (const match of [...this.#matches].reverse()) tr.insertText(text, match.from, match.to)
    if (found > 0) this.#view.dispatch(tr)
    // While suggesting, a match in code refuses them all.
    const count = this.#view.state.doc === doc ? 0 : found
    this.#current = -1
    this.#update()
    this.#draw()
    return count
  }

  close(): void {
    this.#matcher = new Matcher(nothing)
    this.#matches = []
    this.#current = -1
    this.#doc = null
    this.#view.dispatch(this.#view.state.tr.setMeta(key, DecorationSet.empty))
  }

  /** Looks again where the document changed since the last time. */
  #update(): void {
    const { doc } = this.#view.state
    if (doc === this.#doc) return
    this.#doc = doc
    this.#matches = this.#matcher.all(doc)
  }

  #step(by: number): FindState {
    this.#update()
    const { length } = this.#matches
    if (length === 0) return this.#go(-1)
    const { from } = this.#view.state.selection
    if (this.#current < 0 || this.#matches[this.#current]?.from !== from) {
      // The person moved the cursor since: go on from there.
      const after = this.#matches.findIndex((match) => match.from > from)
      const next = after < 0 ? 0 : after
      return this.#go(by > 0 ? next : (next - 1 + length) % length)
    }
    return this.#go((this.#current + by + length) % length)
  }

  #go(index: number): FindState {
    this.#current = this.#matches[index] ? index : -1
    const match = this.#matches[index]
    if (match) {
      const { tr } = this.#view.state
      tr.setSelection(TextSelection.create(tr.doc, match.from, match.to))
      this.#view.dispatch(tr.scrollIntoView())
    }
    this.#draw()
    return {
      query: this.#matcher.query,
      count: this.#matches.length,
      current: this.#current + 1,
      more: this.#matcher.more,
    }
  }

  #draw(): void {
    const around = Math.max(0, this.#current - drawn / 2)
    const marks = this.#matches.slice(around, around + drawn).map((match, index) =>
      Decoration.inline(match.from, match.to, {
        class: around + index === this.#current ? "found current" : "found",
      }),
    )
    const { state } = this.#view
    const set = marks.length ? DecorationSet.create(state.doc, marks) : DecorationSet.empty
    this.#view.dispatch(state.tr.setMeta(key, set))
  }
}
