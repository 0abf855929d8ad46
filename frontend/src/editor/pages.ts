import type { Node } from "prosemirror-model"
import type { EditorView } from "prosemirror-view"
import { element } from "./dom"
import { NextFrame } from "./idle"
import { fillFoot, showGaps, type Gap } from "./pages-gaps"
import { paginate, sheetOf, type PageEnd, type Sheet } from "./pages-layout"
import { Measure, type Piece } from "./pages-measure"
import type { PageSettings } from "./state"

/** Room beside the sheet on both sides together, in CSS px: that of editor.css. */
const gutters = 32
/** From this many pages on, the pages are laid out in pauses of typing. */
const manyPages = 30
/** Such a pause, and how long the layout waits for one, in milliseconds. */
const pause = 200
const patience = 1200

/**
 * The page view of one editor. Typing costs the measuring of the block that was typed in, at most
 * once per frame; all other heights are known. Gaps are drawn again only where they moved.
 */
export class Pages {
  readonly #view: EditorView
  readonly #sheet: HTMLElement
  readonly #measure: Measure
  readonly #frame = new NextFrame(() => this.#layout())
  readonly #paged: () => void
  readonly #observer: ResizeObserver | null
  readonly #head = element("div", { class: "page-head", "aria-hidden": "true" })
  readonly #foot = element("div", { class: "page-foot", "aria-hidden": "true" })
  #settings: PageSettings | null = null
  #size: Sheet | null = null
  #width = 0
  /** Where the pages after the first begin. */
  #starts: number[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #since = 0

  /** `paged` is called after the pages changed. */
  constructor(view: EditorView, sheet: HTMLElement, paged: () => void) {
    this.#view = view
    this.#sheet = sheet
    this.#measure = new Measure(view)
    this.#paged = paged
    this.#observer =
      typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => this.#resized())
    this.#observer?.observe(view.dom)
    if (sheet.parentElement) this.#observer?.observe(sheet.parentElement)
    // Text gets other heights once its typeface is there.
    document.fonts?.addEventListener("loadingdone", this.again)
  }

  set(settings: PageSettings | null): void {
    this.#settings = settings
    this.#size = settings && sheetOf(settings)
    this.#sheet.classList.toggle("paged", settings !== null)
    this.#head.remove()
    this.#foot.remove()
    if (settings) this.#sheet.append(this.#head, this.#foot)
    this.#dress()
    this.#fit()
    this.again()
  }

  /** Something in a block changed its height although the document did not change. */
  touched(dom: HTMLElement): void {
    const block = this.#blockOf(dom)
    if (block) this.#measure.forget(block)
    this.changed()
  }

  /** The document changed. */
  changed(): void {
    if (!this.#size) return
    if (this.#starts.length < manyPages) return this.#frame.ask()
    const now = performance.now()
    if (this.#timer === undefined) this.#since = now
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#frame.ask()
      },
      Math.min(pause, Math.max(0, this.#since + patience - now)),
    )
  }

  /** Measures everything anew. */
  again = () => {
    this.#measure.clear()
    this.#frame.ask()
  }

  count(): number {
    return this.#size ? this.#starts.length + 1 : 0
  }

  /** The page of a position, from 1; 0 without page view. */
  pageOf(pos: number): number {
    if (!this.#size) return 0
    const after = this.#starts.findIndex((start) => start > pos)
    return (after < 0 ? this.#starts.length : after) + 1
  }

  #blockOf(dom: HTMLElement): Node | null {
    if (this.#view.isDestroyed || !this.#view.dom.contains(dom)) return null
    const $pos = this.#view.state.doc.resolve(this.#view.posAtDOM(dom, 0))
    return $pos.depth > 0 ? $pos.node(1) : $pos.nodeAfter
  }

  /** The sheet as custom properties, which the gaps and the margins of the text read. */
  #dress(): void {
    const size = this.#size
    const { style } = this.#sheet
    for (const side of ["width", "height", "top", "right", "bottom", "left"] as const) {
      if (size) style.setProperty(`--page-${side}`, `${String(size[side])}px`)
      else style.removeProperty(`--page-${side}`)
    }
    if (!size) style.removeProperty("--page-rest")
    if (this.#settings) this.#head.replaceChildren(element("span", {}, this.#settings.header))
  }

  #resized(): void {
    this.#fit()
    const width = this.#view.dom.clientWidth
    if (width === this.#width) return
    this.#width = width
    this.again()
  }

  /** Makes the sheet as small as the room that it has. */
  #fit(): void {
    const room = this.#sheet.parentElement?.clientWidth ?? 0
    const scale = this.#size && room > 0 ? Math.min(1, (room - gutters) / this.#size.width) : 1
    this.#sheet.style.zoom = scale < 1 ? String(Math.floor(scale * 100) / 100) : ""
  }

  #scale(size: Sheet): number {
    const { width } = this.#sheet.getBoundingClientRect()
    return width > 0 ? width / size.width : 1
  }

  #layout(): void {
    if (this.#view.isDestroyed) return
    const size = this.#size
    if (!size) return this.#show([])
    const { pieces, starts } = this.#measure.all(this.#scale(size))
    const { ends, rest } = paginate(pieces, size.content)
    const gaps = ends.map((end) => this.#place(end, pieces, starts))
    this.#measure.restore()
    const notes = this.#sheet.querySelector<HTMLElement>(".notes:not([hidden])")?.offsetHeight ?? 0
    const room = rest >= notes ? rest - notes : size.content - ((notes - rest) % size.content)
    this.#sheet.style.setProperty("--page-rest", `${room.toFixed(1)}px`)
    fillFoot(this.#foot, ends.length + 1, this.#settings)
    this.#show(gaps)
  }

  /** Where the gap of an end stands. A line that cannot be found ends the page before its piece. */
  #place({ piece: index, line, page, rest }: PageEnd, pieces: Piece[], starts: number[]): Gap {
    const piece = pieces[index]
    const start = starts[index]
    if (!piece || start === undefined)
      return { pos: this.#view.state.doc.content.size, page, rest, indent: 0 }
    if (line > 0) {
      const pos = this.#measure.lineStart(piece, start, line)
      if (pos !== null) return { pos, page, rest, indent: piece.inner }
    }
    return { pos: start + piece.gap, page, rest, indent: piece.indent }
  }

  #show(gaps: readonly Gap[]): void {
    const starts = gaps.map((gap) => gap.pos)
    const moved =
      starts.length !== this.#starts.length || starts.some((at, i) => at !== this.#starts[i])
    this.#starts = starts
    const drawn = showGaps(this.#view, gaps, this.#settings, this.#size)
    if (moved || drawn) this.#paged()
  }

  destroy(): void {
    document.fonts?.removeEventListener("loadingdone", this.again)
    clearTimeout(this.#timer)
    this.#frame.cancel()
    this.#observer?.disconnect()
  }
}
