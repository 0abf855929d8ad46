import type { Node } from "prosemirror-model"
import type { EditorView } from "prosemirror-view"
import type { Commands } from "./commands"
import { DocumentEditor } from "./documenteditor"
import { DocumentViewer } from "./documentviewer"
import type { EditorSource, Images, Notes } from "./source"
import type {
  Colored,
  CommentRange,
  Counts,
  EditorSnapshot,
  FindQuery,
  FindState,
  Heading,
  Notice,
  PageSettings,
  RemoteCursor,
  Suggestion,
} from "./state"

/** What an editor is made of. */
export interface EditorOptions {
  /** An empty element that the editor fills. The page view and the sheet lie in it. */
  mount: HTMLElement
  /** The replica of the document. */
  source: EditorSource
  images: Images
  /** BCP 47 tag for the spell checker, such as "fr". */
  language: string
  editable?: boolean
  /** The sheet, or null for text without pages. */
  pages?: PageSettings | null
  /** Called at most once per frame, after something of the snapshot changed. */
  onState?: (state: EditorSnapshot) => void
  onNotice?: (notice: Notice) => void
  /** The person asked for a link by the keyboard (Ctrl/⌘ K). */
  onLink?: () => void
  /** The person asked for find (Ctrl/⌘ F) or for find and replace (Ctrl/⌘ H). */
  onFind?: (replace: boolean) => void
  /** The person asked to comment the selection (Ctrl/⌘ Alt M). */
  onComment?: () => void
  /** A link was followed (Ctrl/⌘ click). Its scheme is a safe one. Without this it opens in a new window. */
  onOpenLink?: (href: string) => void
  /** A comment in the text was clicked. */
  onOpenComment?: (id: string) => void
}

/** Find and replace. Nothing is looked for until `search`. */
export interface Find {
  /** Looks for a query and shows the matches; the first one after the selection is current. */
  search(query: FindQuery): FindState
  next(): FindState
  previous(): FindState
  /** Replaces the current match and goes to the next. */
  replace(text: string): FindState
  /** Replaces every match as one step of undo, and returns how many it replaced. */
  replaceAll(text: string): number
  /** Takes the marks of the matches away. */
  close(): void
}

/** The proposals in the text. Every command is one step of undo. */
export interface Suggestions {
  /** Whether typing proposes instead of changing. */
  setMode(on: boolean): void
  /** All proposals in the order of the text. Walks the document: not for every keystroke. */
  list(): Suggestion[]
  accept(id: string): boolean
  reject(id: string): boolean
  /** Decides all of them at once. */
  acceptAll(): boolean
  rejectAll(): boolean
  goTo(id: string): boolean
}

/** The marks of comments. Their threads are not the editor's. */
export interface Comments {
  /** Lays a comment on the selection. False where none can be. */
  add(id: string): boolean
  /** Takes the mark of a comment away, for a thread that was deleted. */
  remove(id: string): boolean
  /** Shows one comment stronger than the others, or none. */
  setActive(id: string | null): void
  /** Comments that are drawn; the others (resolved) are not. Null draws all. */
  setShown(ids: readonly string[] | null): void
  /** All marks in the order of the text. Walks the document: not for every keystroke. */
  ranges(): CommentRange[]
  goTo(id: string): boolean
}

/** One open document on the screen. */
export interface Editor {
  readonly view: EditorView
  /** What holds now; `onState` reports changes of it. */
  readonly state: EditorSnapshot
  readonly commands: Commands
  readonly find: Find
  readonly suggestions: Suggestions
  readonly comments: Comments
  focus(): void
  setEditable(editable: boolean): void
  setLanguage(language: string): void
  /** Changes the sheet; null shows the text without pages. */
  setPages(pages: PageSettings | null): void
  /** The number of pages on the screen; 0 without page view. */
  pageCount(): number
  /** Shows where others are. Positions are mapped through changes until the next call. */
  setCursors(cursors: readonly RemoteCursor[]): void
  /** Counts in idle time, the blocks that changed since the last time only. */
  count(): Promise<{ document: Counts; selection: Counts | null }>
  /** All headings in the order of the text, from a cache per block. */
  headings(): Heading[]
  /** Puts the selection at a position and scrolls there. */
  goTo(pos: number): void
  /** Opens the print dialog of the engine with the sheet's settings. */
  print(title: string): void
  destroy(): void
}

/** What a viewer is made of. */
export interface ViewerOptions {
  mount: HTMLElement
  doc: Node
  images: Pick<Images, "url" | "document">
  notes: Pick<Notes, "read">
  /** Accessible name, such as the name of the version. */
  label: string
}

/** A document that is only looked at: history and comparing. */
export interface Viewer {
  /** Shows another document, with colours of authors or differences. */
  show(doc: Node, colors?: readonly Colored[]): void
  destroy(): void
}

/** Makes an editor in an empty element. */
export const createEditor = (options: EditorOptions): Editor => new DocumentEditor(options)

/** Shows a document that cannot be edited, such as an earlier version. */
export const createViewer = (options: ViewerOptions): Viewer => new DocumentViewer(options)
