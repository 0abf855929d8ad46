import {
  baseKeymap,
  chainCommands,
  createParagraphNear,
  exitCode,
  liftEmptyBlock,
  newlineInCode,
} from "prosemirror-commands"
import { redo, undo } from "prosemirror-history"
import { undoInputRule } from "prosemirror-inputrules"
import { keymap } from "prosemirror-keymap"
import type { Node } from "prosemirror-model"
import { Plugin, TextSelection, type Command, type EditorState } from "prosemirror-state"
import {
  breakLine,
  fenceToCode,
  insertTop,
  leaveDown,
  leaveEmptyLines,
  plainAtStart,
  setAlign,
  split,
  toHeading,
  toParagraph,
  toggleQuote,
} from "./commands-blocks"
import { indent, liftAtStart, outdent, splitItem, toggleList, toggleTask } from "./commands-lists"
import { clearMarks, toggle } from "./commands-marks"
import { handleKeys } from "./keys-handler"
import { schema } from "./schema"
import { leaveTable, nextCell, previousCell } from "./tables"

/** What keys ask for that is not the text's own business. */
export interface KeyRequests {
  link(): void
  find(replace: boolean): void
  comment(): void
  footnote: Command
}

const request =
  (ask: () => void): Command =>
  (_state, dispatch) => {
    if (dispatch) ask()
    return true
  }

/** Two spaces, or the indentation of the selected lines, in a code block. */
const codeTab =
  (back: boolean): Command =>
  (state, dispatch) => {
    const { $from, $to, empty, from } = state.selection
    if (!$from.parent.type.spec.code || !$from.sameParent($to)) return false
    if (empty && !back) {
      dispatch?.(state.tr.insertText("  "))
      return true
    }
    const text = $from.parent.textContent
    const start = $from.start()
    const first = text.lastIndexOf("\n", $from.parentOffset - 1) + 1
    const tr = state.tr
    for (let at = first; at <= $to.parentOffset;) {
      const pos = tr.mapping.map(start + at)
      if (!back) tr.insertText("  ", pos)
      else {
        const spaces = /^ {1,2}|^\t/.exec(text.slice(at))?.[0].length ?? 0
        if (spaces) tr.delete(pos, pos + spaces)
      }
      const next = text.indexOf("\n", at)
      if (next < 0) break
      at = next + 1
    }
    if (tr.docChanged && empty)
      tr.setSelection(TextSelection.create(tr.doc, Math.max(start, tr.mapping.map(from))))
    dispatch?.(tr)
    return true
  }

/** In a list Tab never leaves the text, even where an item cannot go deeper. */
const inList =
  (command: Command): Command =>
  (state, dispatch, view) => {
    const { $from } = state.selection
    const inside = $from.depth > 1 && $from.node(-1).type.name.endsWith("_item")
    return command(state, dispatch, view) || inside
  }

/** A tab at the cursor, or at the beginning of every selected block. */
const insertTab: Command = (state, dispatch) => {
  const { selection } = state
  if (!(selection instanceof TextSelection)) return false
  const tr = state.tr
  if (selection.empty) tr.insertText("\t")
  else for (const { from } of selectedTexts(state)) tr.insertText("\t", tr.mapping.map(from))
  dispatch?.(tr.scrollIntoView())
  return true
}

/** Takes the tab before the cursor away, else the one that a selected block begins with. */
const removeTab: Command = (state, dispatch) => {
  const { selection } = state
  if (!(selection instanceof TextSelection)) return false
  const { empty, $from } = selection
  const tr = state.tr
  if (empty && $from.nodeBefore?.text?.endsWith("\t")) tr.delete($from.pos - 1, $from.pos)
  else
    for (const { from, node } of selectedTexts(state)) {
      const at = tr.mapping.map(from)
      if (node.firstChild?.text?.startsWith("\t")) tr.delete(at, at + 1)
    }
  if (tr.docChanged) dispatch?.(tr.scrollIntoView())
  return true
}

/** The blocks of text that a selection touches, and where their text begins. */
function selectedTexts({ doc, selection }: EditorState): { from: number; node: Node }[] {
  const found: { from: number; node: Node }[] = []
  doc.nodesBetween(selection.from, selection.to, (node, pos) => {
    if (node.isTextblock) found.push({ from: pos + 1, node })
    return !node.isTextblock
  })
  return found
}

/**
 * Tab moves in tables, lists and code, and is a sign in other text. After Escape it goes on to the
 * next control of the page everywhere, so that the keyboard is never caught.
 */
class Tabs {
  #free = false

  /** Sees every key before it does anything. */
  see(key: string): void {
    if (key === "Escape") this.#free = true
    else if (key !== "Tab" && key !== "Shift") this.#free = false
  }

  readonly keys: Record<string, Command> = {
    Tab: this.#unlessFree(chainCommands(nextCell, codeTab(false), inList(indent), insertTab)),
    "Shift-Tab": this.#unlessFree(
      chainCommands(previousCell, codeTab(true), inList(outdent), removeTab),
    ),
  }

  #unlessFree(command: Command): Command {
    return (state, dispatch, view) => {
      const free = this.#free
      this.#free = false
      return !free && command(state, dispatch, view)
    }
  }
}

/**
 * The keys of the editor. AltGr writes signs on many keyboards (# and { on a French one) and is
 * reported as Ctrl with Alt by some systems: it is never a shortcut.
 */
function bound(tabs: Tabs, bindings: Record<string, Command>): Plugin {
  const handle = handleKeys(bindings)
  return new Plugin({
    props: {
      handleKeyDown(view, event) {
        tabs.see(event.key)
        return !event.getModifierState("AltGraph") && handle(view, event)
      },
    },
  })
}

/** The keys of the editor, before those that every text has. */
export function keys(requests: KeyRequests): Plugin[] {
  const tabs = new Tabs()
  const own: Record<string, Command> = {
    ...tabs.keys,
    "Mod-z": undo,
    "Mod-y": redo,
    "Shift-Mod-z": redo,
    "Mod-b": toggle("strong"),
    "Mod-i": toggle("em"),
    "Mod-u": toggle("underline"),
    "Mod-Shift-x": toggle("strike"),
    "Mod-Shift-c": toggle("code"),
    "Mod-\\": clearMarks,
    "Mod-Alt-0": toParagraph,
    "Mod-Shift-7": toggleList("ordered_list"),
    "Mod-Shift-8": toggleList("bullet_list"),
    "Mod-Shift-9": toggleList("task_list"),
    "Mod-Shift-.": toggleQuote,
    "Mod-Shift-l": setAlign(null),
    "Mod-Shift-e": setAlign("center"),
    "Mod-Shift-r": setAlign("right"),
    "Mod-Shift-j": setAlign("justify"),
    "Mod-Shift-Enter": toggleTask,
    "Mod-Enter": chainCommands(
      exitCode,
      leaveTable,
      insertTop(() => schema.nodes.page_break.create()),
    ),
    "Shift-Enter": breakLine,
    "Mod-Alt-f": requests.footnote,
    "Mod-Alt-m": request(() => requests.comment()),
    "Mod-k": request(() => requests.link()),
    "Mod-Shift-k": request(() => requests.link()),
    "Mod-f": request(() => requests.find(false)),
    "Mod-h": request(() => requests.find(true)),
    Enter: chainCommands(
      fenceToCode,
      leaveEmptyLines,
      newlineInCode,
      splitItem,
      createParagraphNear,
      liftEmptyBlock,
      split,
    ),
    ArrowDown: leaveDown,
    Backspace: chainCommands(undoInputRule, liftAtStart, plainAtStart),
  }
  for (const level of [1, 2, 3, 4]) own[`Mod-Alt-${String(level)}`] = toHeading(level)
  return [bound(tabs, own), keymap(baseKeymap)]
}
