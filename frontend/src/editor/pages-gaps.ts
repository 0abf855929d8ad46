import { Plugin, PluginKey, type EditorState } from "prosemirror-state"
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view"
import { element } from "./dom"
import type { Sheet } from "./pages-layout"
import type { PageSettings } from "./state"

/** Grey between two sheets, in CSS px. */
const between = 24
const key = new PluginKey<DecorationSet>("pages")

/** A gap between two pages. */
export interface Gap {
  pos: number
  page: number
  /** What is left of the page above it, in CSS px. */
  rest: number
  /** How far the box around it is indented, in CSS px. */
  indent: number
}

/** Draws the gaps between pages. */
export const pageGaps = (): Plugin =>
  new Plugin({
    key,
    state: {
      init: () => DecorationSet.empty,
      apply(tr, set: DecorationSet) {
        const made = tr.getMeta(key) as DecorationSet | undefined
        return made ?? (set === DecorationSet.empty ? set : set.map(tr.mapping, tr.doc))
      },
    },
    props: { decorations: (state: EditorState) => key.getState(state) },
  })

const gapHeight = (rest: number, size: Sheet) => rest + size.bottom + between + size.top

/** Puts the footer's text and the number of a page into its foot. */
export function fillFoot(foot: HTMLElement, page: number, settings: PageSettings | null): void {
  const { footer = "", numbers = false } = settings ?? {}
  const number = numbers ? [element("span", { class: "page-number" }, String(page))] : []
  foot.replaceChildren(element("span", {}, footer), ...number)
}

function draw(gap: Gap, settings: PageSettings, size: Sheet): HTMLElement {
  const foot = element("div", { class: "page-foot" })
  fillFoot(foot, gap.page, settings)
  const head = element("div", { class: "page-head" }, element("span", {}, settings.header))
  const strip = element("div", { class: "page-strip" })
  const dom = element("div", { class: "page-gap", "aria-hidden": "true" }, foot, strip, head)
  dom.contentEditable = "false"
  dom.style.height = `${gapHeight(gap.rest, size).toFixed(1)}px`
  dom.style.setProperty("--gap-rest", `${gap.rest.toFixed(1)}px`)
  dom.style.setProperty("--gap-indent", `${gap.indent.toFixed(1)}px`)
  return dom
}

/** Shows other gaps. Those that did not change stay as they are. Returns whether any did. */
export function showGaps(
  view: EditorView,
  gaps: readonly Gap[],
  settings: PageSettings | null,
  size: Sheet | null,
): boolean {
  const { state } = view
  const look = JSON.stringify([settings, size])
  const named = gaps.map((gap) => ({
    gap,
    key: `${String(gap.page)} ${gap.rest.toFixed(1)} ${gap.indent.toFixed(1)} ${look}`,
  }))
  const before = key.getState(state)?.find() ?? []
  const same =
    before.length === named.length &&
    before.every((was, index) => {
      const now = named[index]
      return was.from === now?.gap.pos && (was.spec as { key: string }).key === now.key
    })
  if (same) return false
  const widgets =
    settings && size
      ? named.map((now) =>
          Decoration.widget(now.gap.pos, () => draw(now.gap, settings, size), {
            key: now.key,
            side: -1,
            marks: [],
            ignoreSelection: true,
          }),
        )
      : []
  const set = DecorationSet.create(state.doc, widgets)
  view.dispatch(state.tr.setMeta(key, set).setMeta("addToHistory", false))
  return true
}
