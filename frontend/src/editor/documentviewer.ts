import type { Node } from "prosemirror-model"
import { EditorState, Plugin } from "prosemirror-state"
import { DecorationSet, EditorView } from "prosemirror-view"
import "prosemirror-view/style/prosemirror.css"
import { clipboardSerializer } from "./clipboard"
import { codeColors } from "./code"
import { authorColors } from "./cursors"
import { element } from "./dom"
import type { Viewer, ViewerOptions } from "./editor"
import "./editor.css"
import "./outline.css"
import "./overlays.css"
import { FootnoteView } from "./footnotes"
import { FootnoteOrder } from "./footnotes-order"
import { NotesPanel } from "./footnotes-panel"
import { followLinks, openBeside } from "./gestures"
import { ImageView } from "./images"
import type { Colored } from "./state"
import { schema } from "./schema"
import { tableView } from "./tableview"
import { TaskView } from "./tasks"
import { ContentsView } from "./toc"
import { Outline } from "./toc-outline"
import { unbroken } from "./unbroken"

const none = () => {}
const refused = () => Promise.reject(new Error("a viewer stores nothing"))
const noStore = { put: refused, read: refused, document: "" }

/** The viewer that `createViewer` makes. */
export class DocumentViewer implements Viewer {
  readonly #view: EditorView
  readonly #outline = new Outline()
  readonly #order = new FootnoteOrder()
  readonly #notes: NotesPanel
  readonly #sheet = element("div", { class: "document-sheet" })
  readonly #mount: HTMLElement
  #colors: readonly Colored[] = []

  constructor({ mount, doc, images, notes, label }: ViewerOptions) {
    this.#mount = mount
    mount.classList.add("document-view")
    mount.append(this.#sheet)
    const image = {
      images: { ...noStore, url: (file: string) => images.url(file) },
      resized: none,
    }
    const contents = { outline: this.#outline, goTo: none, pageOf: () => 0, resized: none }
    const view = new EditorView(this.#sheet, {
      state: this.#state(doc),
      editable: () => false,
      clipboardSerializer: clipboardSerializer(schema, { document: images.document, notes }),
      attributes: { class: "document-text", role: "document", "aria-label": label, tabindex: "0" },
      nodeViews: {
        table: () => tableView(),
        task_item: (node, view, place) => new TaskView(node, view, place),
        image: (node, view, place) => new ImageView(node, view, place, image),
        footnote: (node) => new FootnoteView(node, this.#order, none),
        table_of_contents: (_, view) => new ContentsView(view, contents),
      },
    })
    this.#view = view
    const readOnly = { read: (id: string) => notes.read(id), write: none, watch: () => none }
    this.#notes = new NotesPanel(() => view, this.#sheet, this.#order, readOnly, none)
    this.#sheet.append(this.#notes.list.dom)
  }

  #state(doc: Node): EditorState {
    const colored = DecorationSet.create(doc, authorColors(this.#colors))
    const colors = new Plugin({ props: { decorations: () => colored } })
    const plugins = [colors, codeColors(), unbroken(), followLinks(openBeside, none)]
    return EditorState.create({
      doc,
      plugins: [...plugins, this.#outline.plugin(), this.#order.plugin()],
    })
  }

  show(doc: Node, colors: readonly Colored[] = []): void {
    this.#colors = colors
    this.#view.updateState(this.#state(doc))
    this.#notes.list.changed()
  }

  destroy(): void {
    this.#notes.destroy()
    this.#view.destroy()
    this.#sheet.remove()
    this.#mount.classList.remove("document-view")
  }
}
