import { chainCommands, deleteSelection, joinBackward } from "prosemirror-commands"
import { history, undo } from "prosemirror-history"
import { Slice, Fragment, type Node } from "prosemirror-model"
import { EditorState, TextSelection, type Transaction } from "prosemirror-state"
import { CellSelection, deleteCellSelection } from "prosemirror-tables"
import { expect, test } from "vitest"
import { split } from "./commands-blocks"
import { fromRemote } from "./origin"
import { schema } from "./schema"
import { isSuggesting, propose, setSuggesting, suggestMode } from "./suggest"
import { decide, listSuggestions } from "./suggest-decide"
import { emptyTable } from "./tables"
import { d, p, shape } from "./testing"

/** Somebody who only suggests. The ids of the suggestions are a, b, c … */
class Writer {
  state: EditorState
  #made = 0

  constructor(doc: Node, from: number, to = from) {
    const selection = TextSelection.create(doc, from, to)
    this.state = EditorState.create({ doc, selection, plugins: [suggestMode(), history()] })
    this.state = this.state.apply(setSuggesting(this.state.tr, true))
  }

  apply = (tr: Transaction) => {
    this.state = this.state.apply(propose(tr, this.state, () => "abcdef"[this.#made++] ?? "z"))
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

test("splitting and joining change the structure at once", () => {
  const writer = new Writer(d(p("ab")), 2)
  split(writer.state, writer.apply)
  expect(writer.shape).toBe("paragraph(a) paragraph(b)")
  expect(writer.state.selection.head).toBe(4)
  expect(writer.backspace().shape).toBe("paragraph(ab)")
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

test("in code blocks, which carry no marks, text changes itself", () => {
  const code = d(schema.nodes.code_block.create(null, schema.text("ab")))
  expect(new Writer(code, 3).backspace().shape).toBe("code_block(a)")
})

test("undo takes a proposal back, and others are not touched by the mode", () => {
  const writer = new Writer(d(p("ab")), 2).type("x")
  undo(writer.state, writer.apply)
  expect(writer.shape).toBe("paragraph(ab)")
  writer.apply(fromRemote(writer.state.tr).insertText("far", 1))
  expect(writer.shape).toBe("paragraph(farab)")
})

test("formatting is not a proposal, and without the mode nothing is", () => {
  const writer = new Writer(d(p("ab")), 1, 3)
  writer.apply(writer.state.tr.addMark(1, 3, schema.marks.strong.create()))
  expect(writer.shape).toBe("paragraph([strong: ab])")
  writer.apply(setSuggesting(writer.state.tr, false))
  expect(isSuggesting(writer.state)).toBe(false)
  writer.apply(writer.state.tr.insertText("c", 3))
  expect(writer.shape).toBe("paragraph([strong: abc])")
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
