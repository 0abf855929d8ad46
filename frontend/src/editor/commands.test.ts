import { history, undo } from "prosemirror-history"
import type { Node } from "prosemirror-model"
import { EditorState, NodeSelection, TextSelection, type Command } from "prosemirror-state"
import { expect, test } from "vitest"
import {
  breakLine,
  insertTop,
  setAlign,
  setLanguage,
  split,
  toCodeBlock,
  toHeading,
  toggleQuote,
  toParagraph,
} from "./commands-blocks"
import { indent, liftAtStart, outdent, splitItem, toggleList, toggleTask } from "./commands-lists"
import { clearMarks, linkAt, removeLink, setLink, setMark, toggle } from "./commands-marks"
import { schema } from "./schema"
import { d, h, p, shape, tasks, ul } from "./testing"

const { code_block, page_break, table_of_contents, paragraph } = schema.nodes
const { color, link, strong, comment } = schema.marks

/** A state with the selection from one position to another. */
const at = (doc: Node, from: number, to = from) =>
  EditorState.create({
    doc,
    selection: TextSelection.create(doc, from, to),
    plugins: [history()],
  })

/** Applies commands one after the other; every one has to apply. */
function after(state: EditorState, ...commands: Command[]): EditorState {
  for (const command of commands) {
    let next: EditorState | null = null
    expect(command(state, (tr) => (next = state.apply(tr)))).toBe(true)
    state = next ?? state
  }
  return state
}

const result = (state: EditorState, ...commands: Command[]) => shape(after(state, ...commands).doc)

test("blocks change their kind and back", () => {
  const state = at(d(p("one")), 2)
  expect(result(state, toHeading(3))).toBe("heading3(one)")
  expect(result(state, toHeading(3), toParagraph)).toBe("paragraph(one)")
  expect(result(state, toCodeBlock("go"))).toBe("code_block(one)")
  expect(result(state, toCodeBlock(), toCodeBlock())).toBe("paragraph(one)")
})

test("a code block takes marks away and turns breaks into new lines", () => {
  const text = [
    schema.text("a", [strong.create()]),
    schema.nodes.hard_break.create(),
    schema.text("b"),
  ]
  const made = after(at(d(paragraph.create(null, text)), 2), toCodeBlock("sql"), setLanguage("go"))
  expect(shape(made.doc)).toBe("code_block(a\nb)")
  expect(made.doc.firstChild?.attrs.language).toBe("go")
})

test("alignment reaches every selected paragraph and heading", () => {
  const made = after(at(d(h(1, "a"), p("b"), ul("c")), 1, 9), setAlign("center"))
  const aligns: unknown[] = []
  made.doc.descendants((node) => {
    if (node.isTextblock) aligns.push(node.attrs.align)
  })
  expect(aligns).toEqual(["center", "center", "center"])
})

test("a heading stands as the paragraph stood, and back", () => {
  const made = after(
    at(d(paragraph.create({ align: "center" }, schema.text("a"))), 1),
    toHeading(2),
  )
  expect(made.doc.firstChild?.attrs).toEqual({ level: 2, align: "center" })
  expect(after(made, toHeading(3)).doc.firstChild?.attrs).toEqual({ level: 3, align: "center" })
  expect(after(made, toParagraph).doc.firstChild?.attrs.align).toBe("center")
  expect(after(made, toggleList("bullet_list")).doc.firstChild?.textContent).toBe("a")
  expect(toHeading(2)(made)).toBe(false)
})

test("a quote is put around blocks and taken away", () => {
  const quoted = after(at(d(p("a"), p("b")), 1, 4), toggleQuote)
  expect(shape(quoted.doc)).toBe("blockquote(paragraph(a) paragraph(b))")
  expect(result(quoted, toggleQuote)).toBe("paragraph(a) paragraph(b)")
})

test("splitting keeps what only belongs to one block with the first", () => {
  const ghost = paragraph.create({ ghost: true, align: "right", marker: "{}" }, schema.text("ab"))
  const made = after(at(d(ghost), 2), split)
  expect(made.doc.children.map((node) => node.attrs)).toEqual([
    { ghost: true, align: "right", marker: "{}" },
    { ghost: false, align: "right", marker: null },
  ])
  expect(result(at(d(h(2, "ab")), 3), split)).toBe("heading2(ab) paragraph()")
  expect(result(at(d(h(2, "ab")), 2), split)).toBe("heading2(a) heading2(b)")
})

test("lists are made, changed and left", () => {
  const state = at(d(p("a"), p("b")), 1, 4)
  const bullets = after(state, toggleList("bullet_list"))
  expect(shape(bullets.doc)).toBe("bullet_list(list_item(paragraph(a)) list_item(paragraph(b)))")
  expect(result(bullets, toggleList("task_list"))).toBe(
    "task_list(task_item(paragraph(a)) task_item(paragraph(b)))",
  )
  expect(result(bullets, toggleList("ordered_list"), toggleList("bullet_list"))).toBe(
    shape(bullets.doc),
  )
  expect(result(bullets, toggleList("bullet_list"))).toBe("paragraph(a) paragraph(b)")
})

test("changing the kind of a list keeps the selection", () => {
  const made = after(at(d(ul("one", "two")), 11, 13), toggleList("task_list"))
  expect([made.selection.from, made.selection.to]).toEqual([11, 13])
})

test("a heading becomes an item as a paragraph, and undo is one step", () => {
  const made = after(at(d(h(1, "a")), 1), toggleList("ordered_list"))
  expect(shape(made.doc)).toBe("ordered_list(list_item(paragraph(a)))")
  expect(result(made, undo)).toBe("heading1(a)")
})

test("lists that come to touch are one list", () => {
  const state = at(d(ul("a"), p("b"), ul("c")), 8)
  expect(result(state, toggleList("bullet_list"))).toBe(
    "bullet_list(list_item(paragraph(a)) list_item(paragraph(b)) list_item(paragraph(c)))",
  )
})

test("items nest and come back", () => {
  const state = at(d(ul("a", "b")), 8)
  const nested = after(state, indent)
  expect(shape(nested.doc)).toBe(
    "bullet_list(list_item(paragraph(a) bullet_list(list_item(paragraph(b)))))",
  )
  expect(result(nested, outdent)).toBe(shape(state.doc))
  expect(indent(at(d(p("a")), 1))).toBe(false)
})

test("Enter makes an item, and a new task is never done", () => {
  expect(result(at(d(ul("ab")), 4), splitItem)).toBe(
    "bullet_list(list_item(paragraph(a)) list_item(paragraph(b)))",
  )
  expect(result(at(d(tasks(["ab", true])), 5), splitItem)).toBe(
    "task_list(task_item!(paragraph(ab)) task_item(paragraph()))",
  )
})

test("Backspace at the start of an item takes it out of the list", () => {
  expect(result(at(d(ul("a")), 3), liftAtStart)).toBe("paragraph(a)")
  expect(liftAtStart(at(d(ul("a")), 4))).toBe(false)
})

test("tasks are ticked together", () => {
  const doc = d(tasks(["a", true], ["b", false]))
  expect(result(at(doc, 3, 8), toggleTask)).toBe(
    "task_list(task_item!(paragraph(a)) task_item!(paragraph(b)))",
  )
  expect(result(at(doc, 8), toggleTask, toggleTask)).toBe(shape(doc))
  expect(toggleTask(at(d(p("a")), 1))).toBe(false)
})

test("marks are switched, coloured and cleared, comments stay", () => {
  const doc = d(paragraph.create(null, schema.text("ab", [comment.create({ id: "c" })])))
  const marked = after(
    at(doc, 1, 3),
    toggle("strong"),
    toggle("em"),
    setMark(color, { color: "#c4261d" }),
  )
  expect(shape(marked.doc)).toBe("paragraph([comment=c color=#c4261d strong em: ab])")
  expect(result(marked, clearMarks)).toBe("paragraph([comment=c: ab])")
  expect(result(marked, setMark(color, null), toggle("em"))).toBe(
    "paragraph([comment=c strong: ab])",
  )
})

test("links take safe addresses only", () => {
  const state = at(d(p("see here now")), 5, 9)
  expect(result(state, setLink("example.org/a"))).toBe(
    "paragraph(see [link=https://example.org/a: here] now)",
  )
  for (const bad of [
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "",
    "no address",
    " java\nscript:x",
  ])
    expect(setLink(bad)(state)).toBe(false)
  expect(result(state, setLink("ana@example.org"))).toContain("mailto:ana@example.org")
  expect(result(at(d(p("a")), 2), setLink("parvis://x/y", "there"))).toBe(
    "paragraph(a[link=parvis://x/y: there])",
  )
})

test("behind a new link the cursor writes plain text", () => {
  for (const [doc, from, to, text] of [
    [d(p("see")), 1, 4, undefined],
    [d(p("see")), 2, 2, "more"],
    [d(p("see")), 4, 4, undefined],
  ] as const) {
    const made = after(at(doc, from, to), setLink("https://a.example", text))
    expect(made.selection.empty).toBe(true)
    const typed = made.apply(made.tr.insertText("!"))
    expect(shape(typed.doc)).toMatch(/\]!(ee)?\)$/)
  }
})

test("a link around the cursor is changed and removed as a whole", () => {
  const mark = link.create({ href: "https://a.example" })
  const text = [
    schema.text("x"),
    schema.text("li", [mark, strong.create()]),
    schema.text("nk", [mark]),
    schema.text("y"),
  ]
  const state = at(d(paragraph.create(null, text)), 3)
  expect(linkAt(state)).toMatchObject({ from: 2, to: 6 })
  expect(result(state, removeLink)).toBe("paragraph(x[strong: li]nky)")
  expect(result(state, setLink("b.example"))).toBe(
    "paragraph(x[link=https://b.example strong: li][link=https://b.example: nk]y)",
  )
})

test("blocks of the top stand behind lists and cells, in place of an empty paragraph", () => {
  const brk = insertTop(() => page_break.create())
  const made = after(at(d(ul("a"), p("b")), 3), brk)
  expect(shape(made.doc)).toBe("bullet_list(list_item(paragraph(a))) page_break() paragraph(b)")
  expect(made.selection.$from.parent.textContent).toBe("b")
  expect(
    result(
      at(d(p()), 1),
      insertTop(() => table_of_contents.create()),
    ),
  ).toBe("table_of_contents() paragraph()")
  const doc = d(page_break.create(), p("x"))
  const state = EditorState.create({ doc, selection: NodeSelection.create(doc, 0) })
  expect(result(state, brk)).toBe("page_break() page_break() paragraph(x)")
})

test("lines break inside their block", () => {
  expect(result(at(d(p("ab")), 2), breakLine)).toBe("paragraph(ahard_break()b)")
  const code = d(code_block.create(null, schema.text("ab")))
  expect(result(at(code, 2), breakLine)).toBe("code_block(a\nb)")
})
