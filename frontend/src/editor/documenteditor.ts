import { dropCursor } from "prosemirror-dropcursor"
import { GapCursor, gapCursor } from "prosemirror-gapcursor"
import "prosemirror-gapcursor/style/gapcursor.css"
import { history } from "prosemirror-history"
import type { Node } from "prosemirror-model"
import { EditorState, Plugin, Selection, TextSelection, type Transaction } from "prosemirror-state"
import { tableEditing } from "prosemirror-tables"
import { EditorView, type NodeViewConstructor } from "prosemirror-view"
import "prosemirror-view/style/prosemirror.css"
import { m } from "../paraglide/messages.js"
import { clipboard, putFiles } from "./clipboard"
import { codeColors } from "./code"
import { CodeView } from "./code-view"
import { commandsOf, type Commands } from "./commands"
import { CommentMarks } from "./commentmarks"
import { cursorMarks, showCursors } from "./cursors"
import { element } from "./dom"
import type { Editor, EditorOptions } from "./editor"
import "./editor.css"
import "./outline.css"
import "./overlays.css"
import "./print.css"
import { Finder, findMarks } from "./find"
import { FootnoteView, insertFootnote } from "./footnotes"
import { FootnoteOrder } from "./footnotes-order"
import { NotesPanel } from "./footnotes-panel"
import { followLinks, newLineBelow, openBeside, placeholder, pressOnSheet } from "./gestures"
import { AfterFrame } from "./idle"
import { ImageView } from "./images"
import { uploadMarks, Uploads } from "./images-upload"
import { shortcuts } from "./inputrules"
import { keys } from "./keys"
import { Pages } from "./pages"
import { pageGaps } from "./pages-gaps"
import { printDocument } from "./print"
import { sameSnapshot, snapshotOf } from "./snapshot"
import type { Counts, EditorSnapshot, Heading, PageSettings, RemoteCursor } from "./state"
import { propose, suggestMode } from "./suggest"
import { SuggestionMarks } from "./suggest-marks"
import { tableIds } from "./tables"
import { tableView } from "./tableview"
import { TaskView } from "./tasks"
import { ContentsView } from "./toc"
import { headingsOf, Outline } from "./toc-outline"
import { unbroken } from "./unbroken"
import { undoSteps } from "./undo"
import { WordCount } from "./words"

/** Sheet of a print when the text is shown without pages. */
const plainSheet: PageSettings = {
  size: "A4",
  landscape: false,
  margins: [25, 20, 25, 20],
  header: "",
  footer: "",
  numbers: true,
}

/**
 * Where a person begins: in the first text, or before the document where it has none. Nothing is
 * selected that the first key would replace.
 */
const firstCaret = (doc: Node): Selection => {
  const start = doc.resolve(0)
  return Selection.findFrom(start, 1, true) ?? new GapCursor(start)
}

/** The editor that `createEditor` makes: it wires the parts together and owns their life. */
export class DocumentEditor implements Editor {
  readonly view: EditorView
  readonly commands: Commands
  readonly find: Finder
  readonly suggestions: SuggestionMarks
  readonly comments: CommentMarks
  readonly #options: EditorOptions
  readonly #outline = new Outline()
  readonly #order = new FootnoteOrder()
  readonly #uploads: Uploads
  readonly #notes: NotesPanel
  readonly #pages: Pages
  readonly #words = new WordCount()
  readonly #frame: AfterFrame
  readonly #detach: () => void
  readonly #sheet = element("div", { class: "document-sheet" })
  #editable: boolean
  #language: string
  #settings: PageSettings | null = null
  #snapshot: EditorSnapshot

  constructor(options: EditorOptions) {
    this.#options = options
    this.#editable = options.editable ?? true
    this.#language = options.language
    this.#uploads = new Uploads(options.images, (notice) => options.onNotice?.(notice))
    options.mount.classList.add("document-view")
    options.mount.append(this.#sheet)
    const view = this.#makeView()
    this.view = view
    this.#notes = new NotesPanel(
      () => view,
      this.#sheet,
      this.#order,
      options.source.notes,
      () => this.#pages.changed(),
    )
    this.#sheet.append(this.#notes.list.dom)
    this.#pages = new Pages(view, this.#sheet, () => this.#outline.again())
    this.commands = commandsOf(view, {
      insertImages: (files) => putFiles(view, { uploads: this.#uploads }, files),
      footnote: this.#footnote,
    })
    this.find = new Finder(view)
    this.suggestions = new SuggestionMarks(view)
    this.comments = new CommentMarks(view)
    this.#snapshot = snapshotOf(view.state, view.editable, false)
    this.#frame = new AfterFrame(() => this.#report())
    const leave = pressOnSheet(view, this.#sheet)
    const detach = options.source.attach(view)
    this.#detach = () => {
      leave()
      detach()
    }
    this.setPages(options.pages ?? null)
    this.#frame.ask()
  }

  get state(): EditorSnapshot {
    return snapshotOf(this.view.state, this.view.editable, this.view.hasFocus())
  }

  #makeView(): EditorView {
    const { source } = this.#options
    return new EditorView(this.#sheet, {
      state: EditorState.create({
        doc: source.doc,
        selection: firstCaret(source.doc),
        plugins: this.#plugins(),
      }),
      dispatchTransaction: (tr) => this.#dispatch(tr),
      nodeViews: this.#nodeViews(),
      editable: () => this.#editable,
      attributes: () => ({
        class: "document-text",
        role: "textbox",
        "aria-multiline": "true",
        "aria-label": m.editor_text(),
        "aria-description": m.editor_text_keys(),
        "aria-readonly": String(!this.#editable),
        lang: this.#language,
        spellcheck: String(this.#editable),
      }),
      handleDOMEvents: {
        focus: () => void this.#frame.ask(),
        blur: () => void this.#frame.ask(),
      },
    })
  }

  #plugins(): Plugin[] {
    const { source, onLink, onFind, onComment, onOpenComment } = this.#options
    return [
      ...source.plugins,
      shortcuts(),
      ...keys({
        link: () => onLink?.(),
        find: (replace) => onFind?.(replace),
        comment: () => onComment?.(),
        footnote: (...now) => this.#footnote(...now),
      }),
      clipboard({
        uploads: this.#uploads,
        images: this.#options.images,
        notes: source.notes,
        footnotes: () => this.#order.ids,
        notice: (notice) => this.#options.onNotice?.(notice),
      }),
      history(),
      tableEditing(),
      tableIds(),
      suggestMode(),
      dropCursor({ class: "drop-cursor", color: false }),
      gapCursor(),
      codeColors(),
      findMarks(),
      uploadMarks(),
      cursorMarks(),
      pageGaps(),
      placeholder(),
      followLinks(this.#options.onOpenLink ?? openBeside, (id) => onOpenComment?.(id)),
      newLineBelow(),
      unbroken(),
      this.#outline.plugin(),
      this.#order.plugin(),
      undoSteps(),
    ]
  }

  #nodeViews(): Record<string, NodeViewConstructor> {
    const resized = (dom: HTMLElement) => this.#pages?.touched(dom)
    const image = { images: this.#options.images, resized }
    const contents = {
      outline: this.#outline,
      goTo: (pos: number) => this.goTo(pos),
      pageOf: (pos: number) => this.#pages?.pageOf(pos) ?? 0,
      resized,
    }
    return {
      table: () => tableView(),
      code_block: (node, view, place) => new CodeView(node, view, place),
      task_item: (node, view, place) => new TaskView(node, view, place),
      image: (node, view, place) => new ImageView(node, view, place, image),
      footnote: (node) =>
        new FootnoteView(node, this.#order, (id, from) => this.#notes.open(id, from)),
      table_of_contents: (_, view) => new ContentsView(view, contents),
    }
  }

  #footnote = insertFootnote((id) => this.#notes.open(id))

  #dispatch(tr: Transaction): void {
    const { view } = this
    const made = propose(tr, view.state, () => this.#options.source.newSuggestion())
    // Without a change the view still takes back what the engine may have drawn.
    view.updateState(made ? view.state.apply(made) : view.state)
    if (!made) this.#options.onNotice?.({ kind: "not-proposed" })
    else if (made.docChanged) this.#pages?.changed()
    this.#frame?.ask()
  }

  #report(): void {
    const now = this.state
    if (sameSnapshot(now, this.#snapshot)) return
    this.#snapshot = now
    this.#options.onState?.(now)
  }

  focus(): void {
    this.view.focus()
  }

  setEditable(editable: boolean): void {
    if (editable === this.#editable) return
    this.#editable = editable
    this.view.setProps({})
    this.#frame.ask()
  }

  setLanguage(language: string): void {
    this.#language = language
    this.view.setProps({})
  }

  setPages(pages: PageSettings | null): void {
    this.#settings = pages
    this.#pages.set(pages)
    this.#outline.again()
  }

  pageCount(): number {
    return this.#pages.count()
  }

  setCursors(cursors: readonly RemoteCursor[]): void {
    showCursors(this.view, cursors)
  }

  count(): Promise<{ document: Counts; selection: Counts | null }> {
    return this.#words.count(() => this.view.state)
  }

  headings(): Heading[] {
    return headingsOf(this.view.state.doc)
  }

  goTo(pos: number): void {
    const { tr, doc } = this.view.state
    const $pos = doc.resolve(Math.min(Math.max(pos, 0), doc.content.size))
    this.view.dispatch(tr.setSelection(TextSelection.near($pos)).scrollIntoView())
    this.view.focus()
  }

  print(title: string): void {
    const sheet = this.#settings ?? plainSheet
    void printDocument(this.view.dom, this.#notes.list.dom, sheet, title)
  }

  destroy(): void {
    this.#frame.cancel()
    this.#detach()
    this.#words.destroy()
    this.#pages.destroy()
    this.#notes.destroy()
    this.comments.destroy()
    this.view.destroy()
    this.#sheet.remove()
    this.#options.mount.classList.remove("document-view")
  }
}
