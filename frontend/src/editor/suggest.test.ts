import { chainCommands, deleteSelection, joinBackward } from "prosemirror-commands"
import { history, undo } from "prosemirror-history"
import { Slice, Fragment, type Node } from "prosemirror-model"
import { EditorState, TextSelection, type Transaction } from "prosemirror-state"
import { CellSelection, deleteCellSelection } from "prosemirror-tables"
import { expect, test } from "vitest"
import { setAlign, split, toHeading } from "./commands-blocks"
import { setLink } from "./commands-marks"
import { fromRemote } from "./origin"
import { schema } from "./schema"
import { changesStructure, isSuggesting, propose, setSuggesting, suggestMode } from "./suggest"
import { decide, listSuggestions } from "./suggest-decide"
import { emptyTable, insertTable } from "./tables"
import { d, p, shape, ul } from "./testing"

/** Somebody who only suggests. The ids of the suggestions are a, b, c … */
class Writer {
  state: EditorState
  #made = 0

  constructor(doc: Node, from: number, to = from) {
    const selection = TextSelection.create(doc, from, to)
    this.state = EditorState.create({ doc, selection, plugins: [suggestMode(), history()] })
    this.state = this.state.apply(setSuggesting(this.state.tr, true))
  }

  /** How often something could not be proposed. */
  refused = 0

  /** How many proposals were begun. */
  get made(): number {
    return this.#made
  }

  apply = (tr: Transaction) => {
    const made = propose(tr, this.state, () => "abcdef"[this.#made++] ?? "z")
    if (made) this.state = this.state.apply(made)
    else this.refused++
  }

  type(text: string): this {
    for (const sign of text) this.apply(this.state.tr.insertText(sign))
    return this
  }

  backspace(times = 1): this {
    for (let i = 0; i < times; i++) {
      const { empty, from } = this.state.selection
      if (!chainCommands(deleteSelection, joinBackward)(this.state, this.apply) && empty)
        this.apply(this.state.tr.delete(from - 1, from))
    }
    return this
  }

  forwardDelete(times = 1): this {
    for (let i = 0; i < times; i++) {
      const { from } = this.state.selection
      this.apply(this.state.tr.delete(from, from + 1))
    }
    return this
  }

  get shape(): string {
    return shape(this.state.doc)
  }

  decide(id: string | null, verdict: "accept" | "reject"): string {
    const tr = decide(this.state, id, verdict)
    return tr ? shape(this.state.apply(tr).doc) : "nothing"
  }
}

test("typing proposes, and typing on is the same proposal", () => {
  const writer = new Writer(d(p("ab")), 2).type("xyz")
  expect(writer.shape).toBe("paragraph(a[suggestion=insert: xyz]b)")
  expect(listSuggestions(writer.state.doc)).toEqual([
    { id: "a", inserted: "xyz", deleted: "", from: 2 },
  ])
  expect(writer.decide("a", "accept")).toBe("paragraph(axyzb)")
  expect(writer.decide("a", "reject")).toBe("paragraph(ab)")
})

test("deleting marks, backwards and forwards", () => {
  const back = new Writer(d(p("abcd")), 4).backspace(2)
  expect(back.shape).toBe("paragraph(a[suggestion=delete: bc]d)")
  expect(back.state.selection.head).toBe(2)
  expect(listSuggestions(back.state.doc).length).toBe(1)
  expect(back.decide(null, "accept")).toBe("paragraph(ad)")
  expect(back.decide(null, "reject")).toBe("paragraph(abcd)")
  const forward = new Writer(d(p("abcd")), 2).forwardDelete(2)
  expect(forward.shape).toBe("paragraph(a[suggestion=delete: bc]d)")
  expect(forward.state.selection.head).toBe(4)
})

test("replacing is one proposal of both kinds", () => {
  const writer = new Writer(d(p("one two")), 5, 8).type("six")
  expect(writer.shape).toBe("paragraph(one [suggestion=delete: two][suggestion=insert: six])")
  expect(listSuggestions(writer.state.doc)).toEqual([
    { id: "a", inserted: "six", deleted: "two", from: 5 },
  ])
  expect(writer.decide("a", "accept")).toBe("paragraph(one six)")
  expect(writer.decide("a", "reject")).toBe("paragraph(one two)")
})

test("what was proposed here is deleted for real", () => {
  const writer = new Writer(d(p("ab")), 2).type("xyz").backspace(2)
  expect(writer.shape).toBe("paragraph(a[suggestion=insert: x]b)")
  expect(writer.backspace(2).shape).toBe("paragraph([suggestion=delete: a]b)")
})

test("the proposal of another person can be proposed for deletion", () => {
  const theirs = schema.text("theirs", [
    schema.marks.suggestion.create({ id: "q", kind: "insert" }),
  ])
  const writer = new Writer(d(schema.nodes.paragraph.create(null, theirs)), 1, 7).backspace()
  expect(writer.shape).toBe("paragraph([suggestion=insert suggestion=delete: theirs])")
})

test("deleting across blocks keeps them apart until it is accepted", () => {
  const writer = new Writer(d(p("ab"), p("cd")), 2, 6).backspace()
  expect(writer.shape).toBe("paragraph(a[suggestion=delete: b]) paragraph([suggestion=delete: c]d)")
})

test("splitting and joining cannot be proposed and change nothing", () => {
  const writer = new Writer(d(p("ab"), p("cd")), 2)
  split(writer.state, writer.apply)
  writer.apply(writer.state.tr.setSelection(TextSelection.create(writer.state.doc, 5)))
  joinBackward(writer.state, writer.apply)
  expect([writer.shape, writer.refused]).toEqual(["paragraph(ab) paragraph(cd)", 2])
  // Also where text would be replaced on the way.
  writer.apply(writer.state.tr.setSelection(TextSelection.create(writer.state.doc, 1, 2)))
  split(writer.state, writer.apply)
  expect([writer.shape, writer.refused]).toEqual(["paragraph(ab) paragraph(cd)", 3])
  expect(writer.made).toBe(0)
})

test("pasted blocks are proposed, and rejecting takes them away", () => {
  const writer = new Writer(d(p("ab")), 3)
  writer.apply(
    writer.state.tr.replaceSelection(new Slice(Fragment.from([p("1"), p("2"), p("3")]), 1, 1)),
  )
  expect(writer.shape).toBe(
    "paragraph(ab[suggestion=insert: 1]) paragraph([suggestion=insert: 2]) paragraph([suggestion=insert: 3])",
  )
  expect(writer.decide(null, "reject")).toBe("paragraph(ab)")
  expect(writer.decide(null, "accept")).toBe("paragraph(ab1) paragraph(2) paragraph(3)")
})

test("emptying selected cells marks their text and keeps them", () => {
  const table = emptyTable(2, 2)
  const writer = new Writer(d(table), 4).type("x")
  const accepted = decide(writer.state, null, "accept")
  if (accepted) writer.apply(accepted)
  writer.apply(writer.state.tr.setSelection(CellSelection.create(writer.state.doc, 2, 7)))
  deleteCellSelection(writer.state, writer.apply)
  expect(writer.shape).toBe(
    "table(table_row(table_header(paragraph([suggestion=delete: x])) table_header(paragraph())) " +
      "table_row(table_cell(paragraph()) table_cell(paragraph())))",
  )
})

test("code, which carries no marks, cannot be changed by a proposal", () => {
  const code = schema.nodes.code_block.create(null, schema.text("ab"))
  const writer = new Writer(d(code, p("c")), 3).backspace().type("x")
  expect([writer.shape, writer.refused]).toEqual(["code_block(ab) paragraph(c)", 2])
  writer.apply(writer.state.tr.setSelection(TextSelection.create(writer.state.doc, 2, 6)))
  expect([writer.backspace().shape, writer.refused]).toEqual(["code_block(ab) paragraph(c)", 3])
  expect(writer.made).toBe(0)
})

test("undo takes a proposal back, and others are not touched by the mode", () => {
  const writer = new Writer(d(p("ab")), 2).type("x")
  undo(writer.state, writer.apply)
  expect(writer.shape).toBe("paragraph(ab)")
  writer.apply(fromRemote(writer.state.tr).insertText("far", 1))
  expect(writer.shape).toBe("paragraph(farab)")
})

test("the look of text is not proposed, that of a proposal is its own", () => {
  const { strong, comment, link } = schema.marks
  const writer = new Writer(d(p("ab")), 1, 3)
  writer.apply(writer.state.tr.addMark(1, 3, strong.create()))
  toHeading(1)(writer.state, writer.apply)
  setAlign("center")(writer.state, writer.apply)
  expect([writer.shape, writer.refused]).toEqual(["paragraph(ab)", 3])
  writer.apply(writer.state.tr.addMark(1, 3, comment.create({ id: "q" })))
  expect(writer.shape).toBe("paragraph([comment=q: ab])")
  const other = new Writer(d(p("ab")), 3).type("cd")
  other.apply(other.state.tr.addMark(3, 5, strong.create()))
  expect(other.shape).toBe("paragraph(ab[suggestion=insert strong: cd])")
  setLink("https://a.example", "here")(other.state, other.apply)
  expect(other.shape).toBe(
    "paragraph(ab[suggestion=insert strong: cd][suggestion=insert link=https://a.example strong: here])",
  )
  expect([link.name, other.refused]).toEqual(["link", 0])
})

test("without the mode nothing is a proposal", () => {
  const writer = new Writer(d(p("ab")), 3)
  writer.apply(setSuggesting(writer.state.tr, false))
  expect(isSuggesting(writer.state)).toBe(false)
  split(writer.state, writer.apply)
  expect(writer.type("c").shape).toBe("paragraph(ab) paragraph(c)")
})

test("a table is not changed by a proposal", () => {
  const writer = new Writer(d(p("ab")), 3)
  insertTable(2, 2)(writer.state, writer.apply)
  expect([writer.shape, writer.refused]).toEqual(["paragraph(ab)", 1])
  writer.apply(changesStructure(writer.state.tr.insertText("x")))
  expect(writer.refused).toBe(2)
})

test("what is pasted amid text becomes its lines, so that rejecting leaves nothing", () => {
  const blocks = [p("1"), p(), schema.nodes.code_block.create(null, schema.text("2\n3"))]
  for (const [doc, at] of [
    [d(p("ab")), 2],
    [d(p("ab")), 3],
    [d(ul("ab")), 5],
  ] as const) {
    const writer = new Writer(doc, at)
    writer.apply(writer.state.tr.replaceSelection(new Slice(Fragment.from(blocks), 1, 1)))
    expect(writer.state.doc.textBetween(0, writer.state.doc.content.size, "|", "/")).toContain(
      "1//2/3",
    )
    expect(writer.decide(null, "reject")).toBe(shape(doc))
  }
})

test("a plugin hears of a proposal what it would have heard", () => {
  const writer = new Writer(d(p("ab")), 2)
  const made = propose(writer.state.tr.insertText("x").setMeta("mine", 1), writer.state, () => "a")
  expect(made?.getMeta("mine")).toBe(1)
})

test("several proposals are decided at once as one step of undo", () => {
  const writer = new Writer(d(p("one two"), p("three")), 4).backspace(3)
  writer.apply(writer.state.tr.setSelection(TextSelection.create(writer.state.doc, 11)))
  writer.type("!")
  const tr = decide(writer.state, null, "accept")
  expect(tr).not.toBeNull()
  if (tr) writer.apply(tr)
  expect(writer.shape).toBe("paragraph( two) paragraph(t!hree)")
  undo(writer.state, writer.apply)
  expect(listSuggestions(writer.state.doc).length).toBe(2)
})
