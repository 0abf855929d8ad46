import { Plugin, PluginKey, type EditorState } from "prosemirror-state"
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view"
import { catchUp } from "./catchup"
import { element } from "./dom"
import type { Colored, RemoteCursor } from "./state"

const key = new PluginKey<DecorationSet>("cursors")

/** Draws where others are. */
export const cursorMarks = (): Plugin =>
  new Plugin({
    key,
    state: {
      init: () => DecorationSet.empty,
      apply(tr, set: DecorationSet) {
        const made = tr.getMeta(key) as readonly Decoration[] | undefined
        if (made) return made.length ? DecorationSet.create(tr.doc, [...made]) : DecorationSet.empty
        return set === DecorationSet.empty ? set : set.map(tr.mapping, tr.doc)
      },
    },
    props: { decorations: (state: EditorState) => key.getState(state) },
  })

function caret({ name, hue }: RemoteCursor): HTMLElement {
  const made = element("span", { class: "remote-cursor" }, element("span", {}, name))
  made.style.setProperty("--hue", String(hue))
  return made
}

/** Shows cursors and selections; positions outside the document are moved into it. */
export function showCursors(view: EditorView, cursors: readonly RemoteCursor[]): void {
  catchUp(view)
  const end = view.state.doc.content.size
  const inside = (pos: number) => Math.min(Math.max(pos, 0), end)
  const made = cursors.flatMap((cursor) => {
    const [anchor, head] = [inside(cursor.anchor), inside(cursor.head)]
    const marks = [
      Decoration.widget(head, () => caret(cursor), {
        key: `${cursor.key} ${cursor.name} ${String(cursor.hue)}`,
        side: 10,
        ignoreSelection: true,
      }),
    ]
    if (anchor !== head)
      marks.push(
        Decoration.inline(Math.min(anchor, head), Math.max(anchor, head), {
          class: "remote-selection",
          style: `--hue: ${String(cursor.hue)}`,
        }),
      )
    return marks
  })
  view.dispatch(view.state.tr.setMeta(key, made).setMeta("addToHistory", false))
}

/** The decorations that colour stretches of text by their authors. */
export const authorColors = (colors: readonly Colored[]): Decoration[] =>
  colors.map(({ from, to, hue, title }) =>
    Decoration.inline(from, to, {
      class: "authored",
      style: `--hue: ${String(hue)}`,
      ...(title ? { title } : {}),
    }),
  )
