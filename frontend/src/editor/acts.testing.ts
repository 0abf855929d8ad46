import {
  baseKeymap,
  joinBackward,
  lift,
  setBlockType,
  toggleMark,
  wrapIn,
} from "prosemirror-commands"
import { redo, undo } from "prosemirror-history"
import { Fragment, Slice, type Node, type NodeType } from "prosemirror-model"
import { wrapInList } from "prosemirror-schema-list"
import { TextSelection, type Command } from "prosemirror-state"
import {
  addColumnAfter,
  addColumnBefore,
  addRowAfter,
  deleteColumn,
  deleteRow,
  toggleHeader,
} from "prosemirror-tables"
import { indent, outdent, splitItem, toggleList } from "./commands-lists"
import { setAlign, split } from "./commands-blocks"
import { newId } from "./ids"
import { schema } from "./schema"
import { emptyTable, insertTable } from "./tables"
import { embedText, markSet } from "./flat"
import type { Marker, Scalar, Token } from "./flat"

import type { Peer, Random } from "./peers.testing"

const letters = ["a", "b", " ", "hello ", "x\u00e9", "\u{1F600}", "word", "aa", "."]
const marks = ["strong", "em", "underline", "strike", "code"] as const

/** A place in some text, a selection of some length. */
function select(peer: Peer, random: Random): void {
  const { doc } = peer.state
  const anchor = random.below(doc.content.size + 1)
  const head = random.below(3) > 0 ? anchor : Math.min(anchor + random.below(30), doc.content.size)
  const inside = [anchor, head].some((pos) =>
    /[\uDC00-\uDFFF]/.test(doc.textBetween(pos, Math.min(pos + 1, doc.content.size))),
  )
  if (inside) return
  const selection = TextSelection.between(doc.resolve(anchor), doc.resolve(head))
  peer.state = peer.state.apply(peer.state.tr.setSelection(selection))
}

const type =
  (text: string): Command =>
  (state, dispatch) => {
    if (!state.selection.$from.parent.isTextblock) return false
    dispatch?.(state.tr.insertText(text))
    return true
  }

const insert =
  (node: Node): Command =>
  (state, dispatch) => {
    const { $from } = state.selection
    if (!$from.parent.canReplaceWith($from.index(), $from.index(), node.type)) return false
    dispatch?.(state.tr.replaceSelectionWith(node))
    return true
  }

const insertTop =
  (node: Node): Command =>
  (state, dispatch) => {
    const after =
      state.selection.$from.depth > 0 ? state.selection.$from.after(1) : state.doc.content.size
    dispatch?.(state.tr.insert(after, node))
    return true
  }

const paste =
  (random: Random): Command =>
  (state, dispatch) => {
    const size = state.doc.content.size
    const from = random.below(size)
    const to = Math.min(size, from + random.below(60))
    const slice = random.below(2)
      ? state.doc.slice(from, to)
      : new Slice(
          Fragment.from([
            schema.node("paragraph", null, schema.text("pasted")),
            schema.node("heading", { level: 2 }, schema.text("title")),
          ]),
          1,
          1,
        )
    try {
      dispatch?.(state.tr.replaceSelection(slice))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
    return true
  }

const markAs =
  (name: string, attrs: Record<string, string>): Command =>
  (state, dispatch) => {
    const { from, to, empty } = state.selection
    if (empty) return false
    dispatch?.(state.tr.addMark(from, to, schema.mark(name, attrs)))
    return true
  }

const unmark =
  (name: string): Command =>
  (state, dispatch) => {
    const { from, to } = state.selection
    dispatch?.(state.tr.removeMark(from, to, schema.marks[name as "strong"]))
    return true
  }

const removeTop =
  (random: Random): Command =>
  (state, dispatch) => {
    const { doc } = state
    if (doc.childCount < 2) return false
    let pos = 0
    const at = random.below(doc.childCount)
    for (let index = 0; index < at; index++) pos += doc.child(index).nodeSize
    dispatch?.(state.tr.delete(pos, pos + doc.child(at).nodeSize))
    return true
  }

const alter =
  (random: Random): Command =>
  (state, dispatch) => {
    const found: [number, Node][] = []
    state.doc.descendants((node, pos) => {
      if (node.type.name === "image" || node.type.name === "task_item") found.push([pos, node])
    })
    if (found.length === 0) return false
    const [pos, node] = random.pick(found)
    if (node.type.name === "image")
      dispatch?.(
        state.tr.setNodeMarkup(pos, null, { ...node.attrs, width: 10 + random.below(500) }),
      )
    else
      dispatch?.(state.tr.setNodeMarkup(pos, null, { ...node.attrs, checked: !node.attrs.checked }))
    return true
  }

const drag =
  (random: Random): Command =>
  (state, dispatch) => {
    const { doc } = state
    const tr = state.tr
    const at = random.below(doc.childCount)
    let pos = 0
    for (let index = 0; index < at; index++) pos += doc.child(index).nodeSize
    const node = doc.child(at)
    if (doc.childCount < 2) return false
    tr.delete(pos, pos + node.nodeSize)
    const target = random.below(tr.doc.childCount + 1)
    let to = 0
    for (let index = 0; index < target; index++) to += tr.doc.child(index).nodeSize
    dispatch?.(tr.insert(to, node))
    return true
  }

const types = [
  "paragraph",
  "heading",
  "code-block",
  "unordered-list-item",
  "ordered-list-item",
  "task-list-item",
  "page-break",
  "table-of-contents",
  "chart",
  "",
]
const holders = [
  "blockquote",
  "unordered-list-item",
  "ordered-list-item",
  "task-list-item",
  "table-cell",
  "box",
]

/** A marker that some program may have written, in no order that this one would write. */
function anyMarker(random: Random): Marker {
  const table = random.below(3) === 0
  const parents = Array.from({ length: random.below(4) }, () => random.pick(holders))
  if (table) parents.unshift("table-cell")
  const attrs: Record<string, Scalar> = {}
  if (table)
    Object.assign(attrs, {
      table: random.pick(["t1", "t2"]),
      row: random.pick(["r1", "r2"]),
      col: random.pick(["c1", "c2", "c3"]),
      header: random.below(2) === 0,
    })
  if (random.below(3) === 0)
    attrs[random.pick(["align", "level", "start", "checked", "language", "new"])] = random.pick([
      "center",
      2,
      3,
      true,
      "go",
    ])
  return { type: random.pick(types), parents, attrs, embed: false }
}

/** Tokens of a stream that nobody here would write, but that must be shown and kept. */
export function anyTokens(random: Random, length: number): Token[] {
  return Array.from({ length }, (): Token => {
    const kind = random.below(6)
    const values = [
      ["strong", true],
      ["link", "no JSON"],
      ["color", "red"],
      ["comment:abc", true],
      ["glow", 3],
      ["em", "yes"],
    ] as const
    const set = markSet(random.below(2) ? [random.pick(values)] : [])
    if (kind < 3) return { marker: anyMarker(random) }
    if (kind < 5)
      return {
        text: random.pick(["word ", "\n", "a\nb", "\u{1F600}", "\uFFFC", "x"]),
        marks: set,
        embed: null,
      }
    const known: Record<string, Scalar> = random.below(2) ? { file: "ab12", id: "abcdefghij" } : {}
    const embed: Marker = {
      type: random.pick(["image", "footnote", "chart"]),
      parents: [],
      attrs: known,
      embed: true,
    }
    return { text: embedText, marks: markSet([]), embed }
  })
}

/** One thing that somebody does. */
export function act(peer: Peer, random: Random): void {
  select(peer, random)
  const color = random.pick(["#ff0000", "#00ff00", "#123456"])
  const commands: (() => Command)[] = [
    () => type(random.pick(letters)),
    () => type(random.pick(letters)),
    () => type(random.pick(letters)),
    () => type(random.pick(letters)),
    () => type(random.pick(letters)),
    () => type(random.pick(letters)),
    () => (state, dispatch) => splitItem(state, dispatch) || split(state, dispatch),
    () => (state, dispatch) => splitItem(state, dispatch) || split(state, dispatch),
    () => split,
    () => joinBackward,
    () => baseKeymap["Backspace"] as Command,
    () => baseKeymap["Delete"] as Command,
    () => (state, dispatch) => {
      dispatch?.(state.tr.deleteSelection())
      return true
    },
    () => toggleMark(schema.marks[random.pick(marks)]),
    () => toggleMark(schema.marks[random.pick(marks)]),
    () => markAs("color", { color }),
    () => markAs("highlight", { color }),
    () => unmark("color"),
    () => markAs("link", { href: random.pick(["https://a.example", "https://b.example"]) }),
    () => unmark("link"),
    () => markAs("comment", { id: newId() }),
    () => unmark("comment"),
    () => markAs("suggestion", { id: newId(), kind: random.pick(["insert", "delete"]) }),
    () => setBlockType(schema.nodes.heading, { level: 1 + random.below(4) }),
    () => setBlockType(schema.nodes.paragraph as NodeType),
    () => setBlockType(schema.nodes.code_block as NodeType),
    () => setAlign(random.pick(["center", "right", null])),
    () => toggleList(random.pick(["bullet_list", "ordered_list", "task_list"])),
    () => toggleList(random.pick(["bullet_list", "ordered_list", "task_list"])),
    () => wrapInList(schema.nodes.bullet_list),
    () => indent,
    () => outdent,
    () => wrapIn(schema.nodes.blockquote),
    () => lift,
    () => insertTable(1 + random.below(3), 1 + random.below(3)),
    () => insertTop(emptyTable(2, 2)),
    () => addRowAfter,
    () => addColumnAfter,
    () => addColumnBefore,
    () => deleteRow,
    () => deleteColumn,
    () => toggleHeader("row"),
    () => insert(schema.node("image", { file: "ab12", name: "a.png", alt: "x" })),
    () => insert(schema.node("footnote", { id: newId() })),
    () => insert(schema.node("hard_break")),
    () => insertTop(schema.node("page_break")),
    () => insertTop(schema.node("table_of_contents")),
    () => removeTop(random),
    () => drag(random),
    () => paste(random),
    () => alter(random),
    () => undo,
    () => undo,
    () => redo,
  ]
  try {
    peer.run(random.pick(commands)())
  } catch (error) {
    // Some commands throw on selections that no person can make.
    const { name, stack } = error as Error
    const known = error instanceof RangeError || name === "TransformError"
    if (!known && !/^\s*at .*prosemirror-commands/.test(stack?.split("\n")[1] ?? "")) throw error
  }
}
