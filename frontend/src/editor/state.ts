import type { Align } from "./schema"

/** What the block of the selection is. */
export type BlockType =
  "paragraph" | "heading" | "code_block" | "page_break" | "table_of_contents" | "mixed"

/** Marks that are simply on or off. */
export type Toggle = "strong" | "em" | "underline" | "strike" | "code"

/** The image that is selected. */
export interface SelectedImage {
  file: string
  name: string
  alt: string
  width: number | null
  height: number | null
}

/** What a toolbar shows about the selection. A new object whenever something of it changed. */
export interface EditorSnapshot {
  readonly editable: boolean
  readonly focused: boolean
  readonly block: BlockType
  /** 1 to 4 in a heading, else 0. */
  readonly level: number
  readonly align: Align
  /** The list that holds the selection directly, or null. */
  readonly list: "bullet_list" | "ordered_list" | "task_list" | null
  readonly quote: boolean
  /** The language of the code block that holds the selection; "" when it has none. */
  readonly language: string
  /** In a table: whether its first row is a header row. */
  readonly table: { readonly header: boolean } | null
  readonly marks: Readonly<Record<Toggle, boolean>>
  readonly link: { readonly href: string; readonly title: string | null } | null
  /** "#rrggbb", or null for the colour of the text. */
  readonly color: string | null
  readonly highlight: string | null
  readonly image: SelectedImage | null
  /** Ids of the comments at the selection, the innermost (shortest) first. */
  readonly comments: readonly string[]
  /** Ids of the suggestions at the selection. */
  readonly suggestions: readonly string[]
  readonly empty: boolean
  readonly suggesting: boolean
  readonly canUndo: boolean
  readonly canRedo: boolean
  /** A comment needs some text outside code blocks. */
  readonly canComment: boolean
  readonly canInsertTable: boolean
}

/** Numbers of words and characters (grapheme clusters are not told apart: code points). */
export interface Counts {
  words: number
  characters: number
  /** Without white space. */
  letters: number
}

/** What find looks for. */
export interface FindQuery {
  text: string
  matchCase: boolean
  wholeWord: boolean
}

/** Where find stands. */
export interface FindState {
  readonly query: FindQuery
  /** Matches in the whole document. */
  readonly count: number
  /** The current match from 1; 0 when the selection is on none. */
  readonly current: number
  /** True when the document has more matches than are counted. */
  readonly more: boolean
}

/** A proposal that stands in the text. */
export interface Suggestion {
  id: string
  /** What accepting it would add and take away, cut to 200 characters. */
  inserted: string
  deleted: string
  /** Where it begins. */
  from: number
}

/** The text that a comment lies on. */
export interface CommentRange {
  id: string
  from: number
  to: number
  /** Cut to 200 characters. */
  quote: string
}

/** A heading of the document. */
export interface Heading {
  level: number
  text: string
  /** Position before the heading, for `goTo`. */
  pos: number
}

/** The cursor of somebody else. */
export interface RemoteCursor {
  /** One per person and device. */
  key: string
  name: string
  /** Hue of the person in degrees. */
  hue: number
  anchor: number
  head: number
}

/** A stretch of text with the colour of its author, in the history. */
export interface Colored {
  from: number
  to: number
  hue: number
  title?: string
}

/** The sheet of the page view and of print. */
export interface PageSettings {
  size: "A4" | "letter"
  landscape: boolean
  /** In mm: top, right, bottom, left. */
  margins: readonly [number, number, number, number]
  header: string
  footer: string
  numbers: boolean
}

/** Something the person should be told, in place of a dialog. */
export type Notice =
  | { kind: "remote-images"; count: number }
  | { kind: "image-refused"; name: string; reason: unknown }
  /** An image of another document that cannot be read from there. */
  | { kind: "image-elsewhere"; name: string }
  /** A change of structure or looks while suggesting, which proposes text only. */
  | { kind: "not-proposed" }
