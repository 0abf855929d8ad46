import { selectAll } from "prosemirror-commands"
import { redo, undo } from "prosemirror-history"
import type { NodeType } from "prosemirror-model"
import { NodeSelection, type Command } from "prosemirror-state"
import {
  addColumnAfter,
  addColumnBefore,
  addRowAfter,
  addRowBefore,
  deleteColumn,
  deleteRow,
  deleteTable,
} from "prosemirror-tables"
import type { EditorView } from "prosemirror-view"
import {
  insertTop,
  setAlign,
  setLanguage,
  toCodeBlock,
  toggleQuote,
  toHeading,
  toParagraph,
} from "./commands-blocks"
import { indent, outdent, toggleList } from "./commands-lists"
import { clearMarks, removeLink, setLink, setMark, toggle } from "./commands-marks"
import { schema, type Align } from "./schema"
import type { Toggle } from "./state"
import { changesStructure } from "./suggest"
import { headerRow, insertTable } from "./tables"

/**
 * What a toolbar does. Every command returns whether it applied, and puts the focus back into the
 * text. Commands that change something are one step of undo.
 */
export interface Commands {
  undo(): boolean
  redo(): boolean
  toggle(mark: Toggle): boolean
  paragraph(): boolean
  heading(level: 1 | 2 | 3 | 4): boolean
  codeBlock(language?: string): boolean
  /** Sets the language of the code block at the selection; "" is none. */
  language(name: string): boolean
  align(align: Align): boolean
  /** Makes a list, changes its kind, or lifts its items out when they are in one already. */
  list(kind: "bullet_list" | "ordered_list" | "task_list"): boolean
  indent(): boolean
  outdent(): boolean
  /** Puts the blocks into a quote, or takes them out of it. */
  quote(): boolean
  /** "#rrggbb", or null for none. */
  color(color: string | null): boolean
  highlight(color: string | null): boolean
  /** Takes marks and colours away, but no link, comment or suggestion. */
  clear(): boolean
  /** Sets a link on the selection or on the link around it, or inserts `text` with it. False for an unsafe address. */
  link(href: string, text?: string): boolean
  unlink(): boolean
  insertTable(rows: number, columns: number): boolean
  rowBefore(): boolean
  rowAfter(): boolean
  columnBefore(): boolean
  columnAfter(): boolean
  deleteRow(): boolean
  deleteColumn(): boolean
  deleteTable(): boolean
  headerRow(): boolean
  insertPageBreak(): boolean
  insertContents(): boolean
  insertFootnote(): boolean
  /** Stores the files and puts the images at the selection. */
  insertImages(files: readonly File[]): boolean
  /** Changes the selected image. */
  image(change: { alt?: string; width?: number | null; height?: number | null }): boolean
  selectAll(): boolean
}

/** What commands need of their editor besides the view. */
export interface CommandHost {
  insertImages(files: readonly File[]): boolean
  footnote: Command
}

/** The commands of one view. None applies while the document cannot be edited. */
export function commandsOf(view: EditorView, host: CommandHost): Commands {
  const run = (command: Command): boolean => {
    if (!view.editable) return false
    const applied = command(view.state, view.dispatch, view)
    view.focus()
    return applied
  }
  const top = (type: NodeType) => run(insertTop(() => type.create()))
  return {
    undo: () => run(undo),
    redo: () => run(redo),
    toggle: (mark) => run(toggle(mark)),
    paragraph: () => run(toParagraph),
    heading: (level) => run(toHeading(level)),
    codeBlock: (language) => run(toCodeBlock(language)),
    language: (name) => run(setLanguage(name)),
    align: (align) => run(setAlign(align)),
    list: (kind) => run(toggleList(kind)),
    indent: () => run(indent),
    outdent: () => run(outdent),
    quote: () => run(toggleQuote),
    color: (color) => run(setMark(schema.marks.color, color ? { color } : null)),
    highlight: (color) => run(setMark(schema.marks.highlight, color ? { color } : null)),
    clear: () => run(clearMarks),
    link: (href, text) => run(setLink(href, text)),
    unlink: () => run(removeLink),
    insertTable: (rows, columns) => run(insertTable(rows, columns)),
    rowBefore: () => run(changing(addRowBefore)),
    rowAfter: () => run(changing(addRowAfter)),
    columnBefore: () => run(changing(addColumnBefore)),
    columnAfter: () => run(changing(addColumnAfter)),
    deleteRow: () => run(changing(deleteRow)),
    deleteColumn: () => run(changing(deleteColumn)),
    deleteTable: () => run(changing(deleteTable)),
    headerRow: () => run(changing(headerRow)),
    insertPageBreak: () => top(schema.nodes.page_break),
    insertContents: () => top(schema.nodes.table_of_contents),
    insertFootnote: () => view.editable && host.footnote(view.state, view.dispatch, view),
    insertImages: (files) => view.editable && host.insertImages(files),
    image: (change) => run(changeImage(change)),
    selectAll: () => run(selectAll),
  }
}

/** A command that changes a table itself: while suggesting it does not apply. */
const changing =
  (command: Command): Command =>
  (state, dispatch, view) =>
    command(state, dispatch && ((tr) => dispatch(changesStructure(tr))), view)

const changeImage =
  (change: Parameters<Commands["image"]>[0]): Command =>
  (state, dispatch) => {
    const { selection } = state
    if (!(selection instanceof NodeSelection) || selection.node.type !== schema.nodes.image)
      return false
    const tr = state.tr
    for (const [name, value] of Object.entries(change))
      tr.setNodeAttribute(selection.from, name, value)
    dispatch?.(tr.setSelection(NodeSelection.create(tr.doc, selection.from)))
    return true
  }
