import { history, undo } from "prosemirror-history"
import { undoInputRule } from "prosemirror-inputrules"
import type { Node } from "prosemirror-model"
import { EditorState, TextSelection } from "prosemirror-state"
import { EditorView } from "prosemirror-view"
import { expect, test } from "vitest"
import { shortcuts } from "./inputrules"
import { schema } from "./schema"
import { setSuggesting, suggestMode } from "./suggest"
import { d, p, shape, ul } from "./testing"

const open = (doc: Node, at: number) =>
  new EditorView(null, {
    state: EditorState.create({
      doc,
      selection: TextSelection.create(doc, at),
      plugins: [shortcuts(), suggestMode(), history()],
    }),
  })

/** Types a text key by key, as the browser reports it. */
function type(view: EditorView, text: string): EditorView {
  for (const sign of text) {
    const { from, to } = view.state.selection
    const insert = () => view.state.tr.insertText(sign, from, to)
    if (!view.someProp("handleTextInput", (f) => f(view, from, to, sign, insert)))
      view.dispatch(insert())
  }
  return view
}

const typed = (text: string) => shape(type(open(d(p()), 1), text).state.doc)

test.each([
  ["# a", "heading1(a)"],
  ["#### a", "heading4(a)"],
  ["##### a", "paragraph(##### a)"],
  ["- a", "bullet_list(list_item(paragraph(a)))"],
  ["* a", "bullet_list(list_item(paragraph(a)))"],
  ["1. a", "ordered_list(list_item(paragraph(a)))"],
  ["[ ] a", "task_list(task_item(paragraph(a)))"],
  ["[x] a", "task_list(task_item!(paragraph(a)))"],
  ["- [ ] a", "task_list(task_item(paragraph(a)))"],
  ["> a", "blockquote(paragraph(a))"],
  ["``` a", "code_block(a)"],
  ["a **b** c", "paragraph(a [strong: b] c)"],
  ["**a b**", "paragraph([strong: a b])"],
  ["a *b* c", "paragraph(a [em: b] c)"],
  ["a _b_ c", "paragraph(a [em: b] c)"],
  ["snake_case_name", "paragraph(snake_case_name)"],
  ["2 * 3 * 4", "paragraph(2 * 3 * 4)"],
  ["~~a~~", "paragraph([strike: a])"],
  ["`a*b` c*", "paragraph([code: a*b] c*)"],
  ["see [it](example.org) now", "paragraph(see [link=https://example.org: it] now)"],
  ["[it](javascript:x)", "paragraph([it](javascript:x))"],
  [
    "at https://a.example/x, yes",
    "paragraph(at [link=https://a.example/x: https://a.example/x], yes)",
  ],
  ["www.a.example ", "paragraph([link=https://www.a.example: www.a.example] )"],
])("%j is shaped", (text, expected) => {
  expect(typed(text)).toBe(expected)
})

test("code keeps its language", () => {
  expect(type(open(d(p()), 1), "```go x").state.doc.firstChild?.attrs.language).toBe("go")
})

test("a number goes on with the list above", () => {
  const list = schema.nodes.ordered_list.create(null, ul("a").firstChild)
  const view = type(open(d(list, p()), 8), "2. b")
  expect(shape(view.state.doc)).toBe(
    "ordered_list(list_item(paragraph(a)) list_item(paragraph(b)))",
  )
})

test("nothing is shaped in code blocks or while suggesting", () => {
  const code = d(schema.nodes.code_block.create())
  expect(shape(type(open(code, 1), "# **a**").state.doc)).toBe("code_block(# **a**)")
  const view = open(d(p()), 1)
  view.dispatch(setSuggesting(view.state.tr, true))
  expect(shape(type(view, "# a").state.doc)).toBe("paragraph(# a)")
})

test("Backspace brings the signs back, and so does undo", () => {
  const view = type(open(d(p()), 1), "# ")
  expect(shape(view.state.doc)).toBe("heading1()")
  undoInputRule(view.state, view.dispatch)
  expect(shape(view.state.doc)).toBe("paragraph(# )")
  const again = type(open(d(p("a ")), 3), "*b*")
  undo(again.state, again.dispatch)
  expect(shape(again.state.doc)).not.toContain("em")
})
