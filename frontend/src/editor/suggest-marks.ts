import { TextSelection } from "prosemirror-state"
import type { EditorView } from "prosemirror-view"
import type { Suggestions } from "./editor"
import type { Suggestion } from "./state"
import { setSuggesting } from "./suggest"
import { decide, listSuggestions, suggestionRange } from "./suggest-decide"

/** The proposals of one view. */
export class SuggestionMarks implements Suggestions {
  readonly #view: EditorView

  constructor(view: EditorView) {
    this.#view = view
  }

  setMode(on: boolean): void {
    this.#view.dispatch(setSuggesting(this.#view.state.tr, on))
  }

  list(): Suggestion[] {
    return listSuggestions(this.#view.state.doc)
  }

  accept(id: string): boolean {
    return this.#decide(id, "accept")
  }

  reject(id: string): boolean {
    return this.#decide(id, "reject")
  }

  acceptAll(): boolean {
    return this.#decide(null, "accept")
  }

  rejectAll(): boolean {
    return this.#decide(null, "reject")
  }

  goTo(id: string): boolean {
    const range = suggestionRange(this.#view.state.doc, id)
    if (!range) return false
    const { tr } = this.#view.state
    this.#view.dispatch(
      tr.setSelection(TextSelection.create(tr.doc, range.from, range.to)).scrollIntoView(),
    )
    this.#view.focus()
    return true
  }

  #decide(id: string | null, verdict: "accept" | "reject"): boolean {
    if (!this.#view.editable) return false
    const tr = decide(this.#view.state, id, verdict)
    if (tr) this.#view.dispatch(tr)
    return tr !== null
  }
}
