import { history } from "prosemirror-history"
import type { Node } from "prosemirror-model"
import { EditorState, TextSelection } from "prosemirror-state"
import { tableEditing } from "prosemirror-tables"
import { EditorView } from "prosemirror-view"
import { expect, test } from "vitest"
import { keys } from "./keys"
import { schema } from "./schema"
import { emptyTable } from "./tables"
import { d, h, p, shape, tasks, ul } from "./testing"

function open(doc: Node, from: number, to = from) {
  const asked: string[] = []
  const requests = {
    link: () => void asked.push("link"),
    find: (replace: boolean) => void asked.push(replace ? "replace" : "find"),
    comment: () => void asked.push("comment"),
    footnote: () => asked.push("footnote") > 0,
  }
  const view = new EditorView(null, {
    state: EditorState.create({
      doc,
      selection: TextSelection.create(doc, from, to),
      plugins: [...keys(requests), tableEditing(), history()],
    }),
  })
  return { view, asked }
}

/** Presses a key such as "Ctrl+Shift+x"; returns whether the editor took it. */
function press(view: EditorView, ...all: string[]): boolean {
  let taken = false
  for (const written of all) {
    const parts = written.split("+")
    const key = parts.pop() ?? ""
    const event = new KeyboardEvent("keydown", {
      key,
      ctrlKey: parts.includes("Ctrl"),
      altKey: parts.includes("Alt"),
      shiftKey: parts.includes("Shift"),
    })
    const altGraph = parts.includes("AltGr")
    if (key.length === 1)
      Object.defineProperty(event, "keyCode", { value: key.toUpperCase().charCodeAt(0) })
    event.getModifierState = (name) => altGraph && name === "AltGraph"
    if (altGraph)
      Object.defineProperties(event, { ctrlKey: { value: true }, altKey: { value: true } })
    taken = !!view.someProp("handleKeyDown", (handle) => handle(view, event))
  }
  return taken
}

const after = (doc: Node, at: [number, number?], ...pressed: string[]) => {
  const { view } = open(doc, ...at)
  press(view, ...pressed)
  return shape(view.state.doc)
}

test.each([
  ["Ctrl+b", "paragraph([strong: ab])"],
  ["Ctrl+i", "paragraph([em: ab])"],
  ["Ctrl+u", "paragraph([underline: ab])"],
  ["Ctrl+Alt+1", "heading1(ab)"],
  ["Ctrl+Alt+4", "heading4(ab)"],
  ["Ctrl+Shift+7", "ordered_list(list_item(paragraph(ab)))"],
  ["Ctrl+Shift+9", "task_list(task_item(paragraph(ab)))"],
])("%s shapes the selection", (key, expected) => {
  expect(after(d(p("ab")), [1, 3], key)).toBe(expected)
})

test("AltGr writes signs and is no shortcut", () => {
  expect(after(d(p("ab")), [1], "AltGr+3")).toBe("paragraph(ab)")
})

test("Tab nests items, stays in lists, and is free after Escape", () => {
  const { view } = open(d(ul("a", "b")), 8)
  expect(press(view, "Tab")).toBe(true)
  expect(shape(view.state.doc)).toContain("paragraph(a) bullet_list")
  expect(press(view, "Tab")).toBe(true)
  expect(press(view, "Escape", "Tab")).toBe(false)
  expect(press(view, "Shift+Tab")).toBe(true)
  expect(shape(view.state.doc)).toBe("bullet_list(list_item(paragraph(a)) list_item(paragraph(b)))")
})

test("Tab in text is a sign, and free after Escape", () => {
  const { view } = open(d(p("ab"), h(1, "cd")), 2)
  const text = () => view.state.doc.textBetween(0, view.state.doc.content.size, "|")
  expect(press(view, "Tab")).toBe(true)
  expect(text()).toBe("a\tb|cd")
  expect(press(view, "Shift+Tab")).toBe(true)
  expect(text()).toBe("ab|cd")
  expect(press(view, "Shift+Tab")).toBe(true)
  expect(press(view, "Escape", "Tab")).toBe(false)
  view.dispatch(view.state.tr.setSelection(TextSelection.create(view.state.doc, 2, 6)))
  press(view, "Tab", "Tab", "Shift+Tab")
  expect(text()).toBe("\tab|\tcd")
})

test("Tab in code indents lines and takes the indentation back", () => {
  const code = d(schema.nodes.code_block.create(null, schema.text("a\nb")))
  const { view } = open(code, 1, 4)
  press(view, "Tab")
  expect(view.state.doc.textContent).toBe("  a\n  b")
  press(view, "Shift+Tab")
  expect(view.state.doc.textContent).toBe("a\nb")
})

test("Enter leaves empty items and quotes, Shift+Enter breaks the line", () => {
  expect(after(d(ul("a", "")), [8], "Enter")).toBe(
    "bullet_list(list_item(paragraph(a))) paragraph()",
  )
  const quote = d(schema.nodes.blockquote.create(null, [p("a"), p()]))
  expect(after(quote, [5], "Enter")).toBe("blockquote(paragraph(a)) paragraph()")
  expect(after(d(p("ab")), [2], "Shift+Enter")).toBe("paragraph(ahard_break()b)")
})

test("Backspace at the start makes a heading a paragraph", () => {
  expect(after(d(h(2, "a")), [1], "Backspace")).toBe("paragraph(a)")
  expect(after(d(schema.nodes.code_block.create()), [1], "Backspace")).toBe("paragraph()")
})

test("Enter behind a fence makes code, and leaves it on the second empty line", () => {
  const { view } = open(d(p("```js")), 6)
  press(view, "Enter")
  expect([shape(view.state.doc), view.state.doc.firstChild?.attrs.language]).toEqual([
    "code_block()",
    "js",
  ])
  view.dispatch(view.state.tr.insertText("a"))
  press(view, "Enter", "Enter")
  expect(shape(view.state.doc)).toBe("code_block(a\n\n)")
  press(view, "Enter")
  expect(shape(view.state.doc)).toBe("code_block(a) paragraph()")
  expect(view.state.selection.$from.parent.type.name).toBe("paragraph")
  expect(after(d(p("see ```js")), [10], "Enter")).toBe("paragraph(see ```js) paragraph()")
})

test("the arrow down leaves code that nothing follows", () => {
  const code = schema.nodes.code_block.create(null, schema.text("a"))
  expect(after(d(code), [2], "ArrowDown")).toBe("code_block(a) paragraph()")
  expect(after(d(code, p("b")), [2], "ArrowDown")).toBe("code_block(a) paragraph(b)")
})

test("Ctrl+Enter leaves code and tables, and breaks the page elsewhere", () => {
  const code = d(schema.nodes.code_block.create(null, schema.text("a")))
  expect(after(code, [2], "Ctrl+Enter")).toBe("code_block(a) paragraph()")
  expect(after(d(emptyTable(1, 1)), [4], "Ctrl+Enter")).toMatch(/^table\(.*\) paragraph\(\)$/)
  expect(after(d(p("a")), [1], "Ctrl+Enter")).toBe("paragraph(a) page_break() paragraph()")
})

test("tasks are ticked from the keyboard", () => {
  expect(after(d(tasks(["a", false])), [3], "Ctrl+Shift+Enter")).toBe(
    "task_list(task_item!(paragraph(a)))",
  )
})

test("a combination with Shift never means the one without", () => {
  const doc = d(p("ab"))
  // With Caps Lock the letter is small although Shift is held.
  for (const redo of ["Ctrl+Shift+z", "Ctrl+Shift+Z"]) {
    expect(after(doc, [1, 3], "Ctrl+b", redo)).toBe("paragraph([strong: ab])")
    expect(after(doc, [1, 3], "Ctrl+b", "Ctrl+z", redo)).toBe("paragraph([strong: ab])")
  }
  expect(after(doc, [1, 3], "Ctrl+Shift+b", "Ctrl+Shift+i")).toBe("paragraph(ab)")
  const { view, asked } = open(doc, 1)
  press(view, "Ctrl+Shift+f", "Ctrl+Shift+h")
  expect(asked).toEqual([])
})

test("a combination of the editor is answered where it does not apply", () => {
  const code = d(schema.nodes.code_block.create(null, schema.text("a")))
  for (const key of ["Ctrl+z", "Ctrl+y", "Ctrl+u", "Ctrl+Shift+c", "Ctrl+Shift+j"])
    expect([key, press(open(code, 1).view, key)]).toEqual([key, true])
})

test("undo and redo have their keys", () => {
  expect(after(d(p("ab")), [1, 3], "Ctrl+b", "Ctrl+z")).toBe("paragraph(ab)")
  expect(after(d(p("ab")), [1, 3], "Ctrl+b", "Ctrl+z", "Ctrl+y")).toBe("paragraph([strong: ab])")
})

test("what a page shows is asked for", () => {
  const { view, asked } = open(d(p("a")), 1)
  press(view, "Ctrl+f", "Ctrl+h", "Ctrl+k", "Ctrl+Shift+k", "Ctrl+Alt+m", "Ctrl+Alt+f")
  expect(asked).toEqual(["find", "replace", "link", "link", "comment", "footnote"])
})
