import type { EditorView, NodeView } from "prosemirror-view"
import { m } from "../paraglide/messages.js"
import { element } from "./dom"
import { headingsOf, type Outline } from "./toc-outline"
import type { Heading } from "./state"

/** What a table of contents needs of its editor. */
export interface ContentsHost {
  outline: Outline
  goTo(pos: number): void
  /** The page that a position is on, or 0 without page view. */
  pageOf(pos: number): number
  /** The height of the block at the top changed without the document. */
  resized(dom: HTMLElement): void
}

/** A table of contents, always as the headings are. */
export class ContentsView implements NodeView {
  readonly dom = element("nav", { class: "outline", "aria-label": m.editor_contents() })
  readonly #view: EditorView
  readonly #host: ContentsHost
  readonly #stop: () => void
  #shown = ""

  constructor(view: EditorView, host: ContentsHost) {
    this.#view = view
    this.#host = host
    this.dom.contentEditable = "false"
    this.#stop = host.outline.watch((headings) => this.#draw(headings))
  }

  #draw(headings: readonly Heading[]): void {
    const entries = headings.map((heading, index) => {
      const page = this.#host.pageOf(heading.pos)
      return { heading, index, page: page ? String(page) : "" }
    })
    const shown = JSON.stringify(
      entries.map(({ heading, page }) => [heading.level, heading.text, page]),
    )
    if (shown === this.#shown) return
    this.#shown = shown
    const title = element(
      "p",
      { class: "outline-title", "aria-hidden": "true" },
      m.editor_contents(),
    )
    if (entries.length === 0) {
      this.dom.replaceChildren(
        title,
        element("p", { class: "outline-empty" }, m.editor_contents_empty()),
      )
    } else {
      const top = Math.min(...entries.map(({ heading }) => heading.level))
      const items = entries.map(({ heading, index, page }) =>
        this.#entry(heading, index, page, top),
      )
      this.dom.replaceChildren(title, element("ol", {}, ...items))
    }
    this.#host.resized(this.dom)
  }

  #entry(heading: Heading, index: number, page: string, top: number): HTMLElement {
    const link = element("button", { type: "button" }, element("span", {}, heading.text))
    if (page) link.append(element("span", { class: "outline-page" }, page))
    link.addEventListener("click", () => {
      const now = headingsOf(this.#view.state.doc)[index]
      if (now) this.#host.goTo(now.pos + 1)
    })
    return element("li", { "data-level": String(heading.level - top + 1) }, link)
  }

  stopEvent(event: Event): boolean {
    return event.target instanceof Element && event.target.closest("button") !== null
  }

  ignoreMutation(): boolean {
    return true
  }

  destroy(): void {
    this.#stop()
  }
}
