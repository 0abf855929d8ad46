import AlignCenter from "@lucide/svelte/icons/text-align-center"
import AlignJustify from "@lucide/svelte/icons/text-align-justify"
import AlignLeft from "@lucide/svelte/icons/text-align-start"
import AlignRight from "@lucide/svelte/icons/text-align-end"
import Baseline from "@lucide/svelte/icons/baseline"
import Bold from "@lucide/svelte/icons/bold"
import Code from "@lucide/svelte/icons/code"
import Highlighter from "@lucide/svelte/icons/highlighter"
import Image from "@lucide/svelte/icons/image"
import IndentDecrease from "@lucide/svelte/icons/list-indent-decrease"
import IndentIncrease from "@lucide/svelte/icons/list-indent-increase"
import Italic from "@lucide/svelte/icons/italic"
import Link from "@lucide/svelte/icons/link"
import List from "@lucide/svelte/icons/list"
import ListChecks from "@lucide/svelte/icons/list-checks"
import ListOrdered from "@lucide/svelte/icons/list-ordered"
import MessageSquarePlus from "@lucide/svelte/icons/message-square-plus"
import Plus from "@lucide/svelte/icons/plus"
import Quote from "@lucide/svelte/icons/text-quote"
import Redo from "@lucide/svelte/icons/redo-2"
import RemoveFormatting from "@lucide/svelte/icons/remove-formatting"
import Strikethrough from "@lucide/svelte/icons/strikethrough"
import Table from "@lucide/svelte/icons/table"
import Underline from "@lucide/svelte/icons/underline"
import Undo from "@lucide/svelte/icons/undo-2"
import type { Component } from "svelte"
import type { Editor } from "../../editor/editor"
import { highlightColors, textColors, type Swatch } from "../../editor/palette"
import type { Align } from "../../editor/schema"
import type { EditorSnapshot, Toggle } from "../../editor/state"
import { m } from "../../paraglide/messages.js"

type Icon = Component<{ size?: number | string; strokeWidth?: number | string }>

/** One thing that can be chosen in a menu. */
export interface Choice {
  key: string
  label: string
  keys?: string
  /** Shown as chosen. */
  chosen?: boolean
  disabled?: boolean
  /** A colour beside the words; "" is none. */
  swatch?: string
  /** A line stands before it. */
  line?: boolean
  run: () => void
}

/** A button of the toolbar: it does something, or opens a menu. */
export interface Tool {
  key: string
  label: string
  icon: Icon
  keys?: string
  pressed?: boolean
  disabled?: boolean
  run?: () => void
  menu?: Choice[]
  /** A colour under the icon. */
  swatch?: string
}

/** What the page does for the toolbar. */
export interface Asks {
  link: () => void
  comment: () => void
  images: () => void
  table: () => void
}

const styles = [
  { key: "paragraph", level: 0, keys: "Ctrl+Alt+0", label: m.docs_paragraph },
  { key: "heading1", level: 1, keys: "Ctrl+Alt+1", label: m.docs_heading_1 },
  { key: "heading2", level: 2, keys: "Ctrl+Alt+2", label: m.docs_heading_2 },
  { key: "heading3", level: 3, keys: "Ctrl+Alt+3", label: m.docs_heading_3 },
  { key: "heading4", level: 4, keys: "Ctrl+Alt+4", label: m.docs_heading_4 },
] as const

/** The kinds of blocks, of which the first button shows the current one. */
export function blockChoices({ commands }: Editor, state: EditorSnapshot): Choice[] {
  const choices: Choice[] = styles.map(({ key, level, keys, label }) => ({
    key,
    label: label(),
    keys,
    chosen: level === 0 ? state.block === "paragraph" : state.level === level,
    run: () => void (level === 0 ? commands.paragraph() : commands.heading(level)),
  }))
  const code = {
    key: "code_block",
    label: m.code_block(),
    keys: "```",
    chosen: state.block === "code_block",
    run: () => void commands.codeBlock(),
  }
  return [...choices, code]
}

/** The name of the block that holds the selection. */
export const blockName = (choices: readonly Choice[]): string =>
  choices.find((choice) => choice.chosen)?.label ?? m.docs_block_mixed()

const aligns = [
  { align: "left", icon: AlignLeft, keys: "Ctrl+Shift+L", label: m.docs_align_left },
  { align: "center", icon: AlignCenter, keys: "Ctrl+Shift+E", label: m.docs_align_center },
  { align: "right", icon: AlignRight, keys: "Ctrl+Shift+R", label: m.docs_align_right },
  { align: "justify", icon: AlignJustify, keys: "Ctrl+Shift+J", label: m.docs_align_justify },
] as const

/** All tools in groups, the most used first: where there is no room, the last go into a menu. */
export function tools(editor: Editor, state: EditorSnapshot, asks: Asks): Tool[][] {
  const { commands } = editor
  const off = !state.editable
  const plain = off || state.block === "code_block"
  const mark = (key: Toggle, icon: Icon, label: string, keys: string): Tool => ({
    key,
    label,
    icon,
    keys,
    pressed: state.marks[key],
    disabled: plain,
    run: () => void commands.toggle(key),
  })
  const made = (
    kind: NonNullable<EditorSnapshot["list"]>,
    icon: Icon,
    label: string,
    keys: string,
  ): Tool => ({
    key: kind,
    label,
    icon,
    keys,
    pressed: state.list === kind,
    disabled: off,
    run: () => void commands.list(kind),
  })
  const side = aligns.find(({ align }) => align === (state.align ?? "left")) ?? aligns[0]
  return [
    [
      {
        key: "undo",
        label: m.docs_undo_edit(),
        icon: Undo,
        keys: "Ctrl+Z",
        disabled: off || !state.canUndo,
        run: () => void commands.undo(),
      },
      {
        key: "redo",
        label: m.docs_redo(),
        icon: Redo,
        keys: "Ctrl+Y",
        disabled: off || !state.canRedo,
        run: () => void commands.redo(),
      },
    ],
    [
      mark("strong", Bold, m.bold(), "Ctrl+B"),
      mark("em", Italic, m.italic(), "Ctrl+I"),
      mark("underline", Underline, m.docs_underline(), "Ctrl+U"),
    ],
    [
      {
        key: "color",
        label: m.docs_color(),
        icon: Baseline,
        disabled: plain,
        swatch: state.color ?? "",
        menu: colors(state.color, textColors(), (color) => void commands.color(color)),
      },
      {
        key: "highlight",
        label: m.docs_highlight(),
        icon: Highlighter,
        disabled: plain,
        swatch: state.highlight ?? "",
        menu: colors(state.highlight, highlightColors(), (color) => void commands.highlight(color)),
      },
    ],
    [
      {
        key: "link",
        label: m.link(),
        icon: Link,
        keys: "Ctrl+K",
        pressed: state.link !== null,
        disabled: plain,
        run: asks.link,
      },
      {
        key: "comment",
        label: m.docs_add_comment(),
        icon: MessageSquarePlus,
        keys: "Ctrl+Alt+M",
        disabled: !state.canComment,
        run: asks.comment,
      },
    ],
    [
      made("bullet_list", List, m.list(), "Ctrl+Shift+8"),
      made("ordered_list", ListOrdered, m.docs_numbers(), "Ctrl+Shift+7"),
      made("task_list", ListChecks, m.docs_tasks(), "Ctrl+Shift+9"),
    ],
    [
      {
        key: "insert",
        label: m.docs_insert(),
        icon: Plus,
        disabled: off,
        menu: inserts(editor, state, asks),
      },
      {
        key: "table",
        label: m.docs_table(),
        icon: Table,
        disabled: off || (!state.table && !state.canInsertTable),
        ...(state.table ? { menu: tableChoices(editor, state.table.header) } : { run: asks.table }),
      },
      { key: "image", label: m.docs_image(), icon: Image, disabled: plain, run: asks.images },
    ],
    [
      {
        key: "align",
        label: m.docs_align(),
        icon: side.icon,
        disabled: plain,
        menu: aligns.map(({ align, keys, label }) => ({
          key: align,
          label: label(),
          keys,
          chosen: align === side.align,
          run: () => void commands.align(align === "left" ? null : (align as Align)),
        })),
      },
      {
        key: "outdent",
        label: m.docs_outdent(),
        icon: IndentDecrease,
        keys: "Shift+Tab",
        disabled: off || !state.list,
        run: () => void commands.outdent(),
      },
      {
        key: "indent",
        label: m.docs_indent(),
        icon: IndentIncrease,
        keys: "Tab",
        disabled: off || !state.list,
        run: () => void commands.indent(),
      },
    ],
    [
      {
        key: "quote",
        label: m.quote(),
        icon: Quote,
        keys: "Ctrl+Shift+.",
        pressed: state.quote,
        disabled: off,
        run: () => void commands.quote(),
      },
      mark("strike", Strikethrough, m.strike(), "Ctrl+Shift+X"),
      mark("code", Code, m.code(), "Ctrl+Shift+C"),
      {
        key: "clear",
        label: m.docs_clear(),
        icon: RemoveFormatting,
        keys: "Ctrl+\\",
        disabled: plain,
        run: () => void commands.clear(),
      },
    ],
  ]
}

function colors(
  now: string | null,
  all: readonly Swatch[],
  choose: (color: string | null) => void,
): Choice[] {
  const none = {
    key: "none",
    label: m.docs_no_color(),
    swatch: "",
    chosen: now === null,
    run: () => choose(null),
  }
  return [
    none,
    ...all.map(({ value, name }) => ({
      key: value,
      label: name,
      swatch: value,
      chosen: now === value,
      run: () => choose(value),
    })),
  ]
}

function inserts({ commands }: Editor, state: EditorSnapshot, asks: Asks): Choice[] {
  const plain = state.block === "code_block"
  return [
    { key: "image", label: m.docs_image(), disabled: plain, run: asks.images },
    { key: "table", label: m.docs_table(), disabled: !state.canInsertTable, run: asks.table },
    {
      key: "footnote",
      label: m.docs_footnote(),
      keys: "Ctrl+Alt+F",
      disabled: plain,
      run: () => void commands.insertFootnote(),
    },
    {
      key: "break",
      label: m.docs_page_break(),
      keys: "Ctrl+Enter",
      line: true,
      run: () => void commands.insertPageBreak(),
    },
    { key: "contents", label: m.editor_contents(), run: () => void commands.insertContents() },
  ]
}

function tableChoices({ commands }: Editor, header: boolean): Choice[] {
  const choice = (
    key: string,
    label: string,
    run: () => void,
    more: Partial<Choice> = {},
  ): Choice => ({
    key,
    label,
    run,
    ...more,
  })
  return [
    choice("rowBefore", m.docs_row_before(), () => void commands.rowBefore()),
    choice("rowAfter", m.docs_row_after(), () => void commands.rowAfter()),
    choice("columnBefore", m.docs_column_before(), () => void commands.columnBefore()),
    choice("columnAfter", m.docs_column_after(), () => void commands.columnAfter()),
    choice("header", m.docs_header_row(), () => void commands.headerRow(), {
      chosen: header,
      line: true,
    }),
    choice("deleteRow", m.docs_delete_row(), () => void commands.deleteRow(), { line: true }),
    choice("deleteColumn", m.docs_delete_column(), () => void commands.deleteColumn()),
    choice("deleteTable", m.docs_delete_table(), () => void commands.deleteTable()),
  ]
}
