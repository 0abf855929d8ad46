import { AllSelection, NodeSelection, TextSelection } from "prosemirror-state"
import { afterEach, expect, test } from "vitest"
import { createEditor, createViewer, type Editor, type EditorOptions } from "./editor"
import { fromRemote } from "./origin"
import { schema } from "./schema"
import type { EditorSnapshot } from "./state"
import { d, h, MemoryImages, MemorySource, p, shape, tasks } from "./testing"

const { footnote, paragraph, image, table_of_contents, code_block } = schema.nodes
let editors: { destroy(): void }[] = []

afterEach(() => {
  for (const editor of editors) editor.destroy()
  editors = []
  document.body.replaceChildren()
})

function open(doc = d(p("hello world")), options: Partial<EditorOptions> = {}) {
  const source = new MemorySource(doc)
  const images = new MemoryImages()
  const mount = document.body.appendChild(document.createElement("div"))
  const editor = createEditor({ mount, source, images, language: "en", ...options })
  editors.push(editor)
  return { editor, source, images, mount }
}

const select = (editor: Editor, from: number, to = from) =>
  editor.view.dispatch(
    editor.view.state.tr.setSelection(TextSelection.create(editor.view.state.doc, from, to)),
  )

const byName = (selector: string, name: string) =>
  document.querySelector(`${selector}[aria-label="${name}"]`)

test("the text is a textbox with a name, a language and the spell checker", () => {
  const { editor } = open(undefined, { language: "fr" })
  const box = byName("[role=textbox]", "Document text")
  expect(box).toBe(editor.view.dom)
  expect([box?.getAttribute("lang"), box?.getAttribute("spellcheck")]).toEqual(["fr", "true"])
  editor.setLanguage("en")
  editor.setEditable(false)
  expect([box?.getAttribute("lang"), box?.getAttribute("aria-readonly")]).toEqual(["en", "true"])
  expect(editor.commands.toggle("strong")).toBe(false)
})

test("the snapshot says what a toolbar shows, once per change", async () => {
  const states: EditorSnapshot[] = []
  const { editor } = open(undefined, { onState: (state) => states.push(state) })
  select(editor, 1, 6)
  editor.commands.toggle("strong")
  editor.commands.heading(2)
  expect(editor.state).toMatchObject({
    block: "heading",
    level: 2,
    marks: { strong: true, em: false },
    canUndo: true,
    canComment: true,
    empty: false,
  })
  await expect.poll(() => states.at(-1)).toMatchObject({ block: "heading", level: 2 })
  const count = states.length
  editor.view.dispatch(editor.view.state.tr.setMeta("nothing", true))
  await new Promise((done) => requestAnimationFrame(done))
  await new Promise((done) => setTimeout(done))
  expect(states.length).toBe(count)
})

test("undo takes back the own edits and leaves those of others", () => {
  const { editor } = open()
  editor.view.dispatch(editor.view.state.tr.insertText("own ", 1))
  editor.view.dispatch(fromRemote(editor.view.state.tr).insertText("far ", 1))
  expect(shape(editor.view.state.doc)).toBe("paragraph(far own hello world)")
  editor.commands.undo()
  expect(shape(editor.view.state.doc)).toBe("paragraph(far hello world)")
  expect(editor.commands.undo()).toBe(false)
  editor.commands.redo()
  expect(shape(editor.view.state.doc)).toBe("paragraph(far own hello world)")
})

test("a task is ticked with its checkbox", () => {
  const { editor } = open(d(tasks(["a", false])))
  const box = editor.view.dom.querySelector<HTMLInputElement>("input[type=checkbox]")
  if (box) box.checked = true
  box?.dispatchEvent(new Event("change"))
  expect(shape(editor.view.state.doc)).toBe("task_list(task_item!(paragraph(a)))")
  editor.commands.undo()
  expect(box?.checked).toBe(false)
})

test("a table of contents follows the headings", async () => {
  const { editor } = open(d(table_of_contents.create(), h(1, "One"), p("x"), h(2, "Two")))
  const entries = () => [...document.querySelectorAll(".outline li")].map((it) => it.textContent)
  await expect.poll(entries).toEqual(["One", "Two"])
  editor.view.dispatch(editor.view.state.tr.insertText("!", 5))
  await expect.poll(entries).toEqual(["One!", "Two"])
  const [, second] = document.querySelectorAll<HTMLButtonElement>(".outline button")
  second?.click()
  expect(editor.view.state.selection.$from.parent.textContent).toBe("Two")
})

test("footnotes are numbered, written beside the text, and listed below it", async () => {
  const line = paragraph.create(null, [
    schema.text("a"),
    footnote.create({ id: "aaaaaaaaaa" }),
    footnote.create({ id: "bbbbbbbbbb" }),
  ])
  const { editor, source } = open(d(line))
  const numbers = () => [...document.querySelectorAll(".footnote")].map((it) => it.textContent)
  await expect.poll(numbers).toEqual(["1", "2"])
  source.notes.others("bbbbbbbbbb", "Second note")
  await expect.poll(() => document.querySelector(".notes")?.textContent).toContain("Second note")
  ;(byName("button", "Footnote 2") as HTMLButtonElement).click()
  const dialog = byName("[role=dialog]", "Footnote 2")
  expect(dialog?.querySelector("[aria-label='Footnote text']")?.textContent).toBe("Second note")
  source.notes.others("bbbbbbbbbb", "Second note, changed")
  expect(dialog?.textContent).toContain("Second note, changed")
  dialog?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }))
  expect(document.querySelector("[role=dialog]")).toBeNull()
  // The next letter goes behind the mark.
  editor.view.dispatch(editor.view.state.tr.insertText("!"))
  expect(shape(editor.view.state.doc)).toContain("footnote()!")
  select(editor, 1)
  expect(editor.commands.insertFootnote()).toBe(true)
  await expect.poll(numbers).toEqual(["1", "2", "3"])
})

test("footnotes are numbered anew when one goes or comes back", async () => {
  const note = (id: string) => paragraph.create(null, [schema.text("a"), footnote.create({ id })])
  const { editor } = open(d(note("aaaaaaaaaa"), p("x"), note("bbbbbbbbbb"), p("y")))
  const numbers = () => [...document.querySelectorAll(".footnote")].map((it) => it.textContent)
  await expect.poll(numbers).toEqual(["1", "2"])
  editor.view.dispatch(editor.view.state.tr.delete(0, editor.view.state.doc.child(0).nodeSize))
  await expect.poll(numbers).toEqual(["1"])
  editor.commands.undo()
  await expect.poll(numbers).toEqual(["1", "2"])
})

test.each([
  ["footnote", "paragraph(onefootnote())", (editor: Editor) => editor.commands.insertFootnote()],
  [
    "table",
    "paragraph(one) table(table_row(table_header(paragraph())))",
    (editor: Editor) => editor.commands.insertTable(1, 1),
  ],
])("a %s is a step of undo of its own", (_, inserted, insert) => {
  const { editor } = open(d(p()))
  const type = (text: string) => editor.view.dispatch(editor.view.state.tr.insertText(text))
  type("one")
  insert(editor)
  type(" two")
  editor.commands.undo()
  expect(shape(editor.view.state.doc)).toBe(inserted)
  editor.commands.undo()
  expect(shape(editor.view.state.doc)).toBe("paragraph(one)")
})

test("the undo of the engine's own menu is the editor's", () => {
  const { editor } = open(d(p()))
  editor.view.dispatch(editor.view.state.tr.insertText("one"))
  const menu = (inputType: string) =>
    editor.view.dom.dispatchEvent(
      new InputEvent("beforeinput", { inputType, bubbles: true, cancelable: true }),
    )
  menu("historyUndo")
  expect(shape(editor.view.state.doc)).toBe("paragraph()")
  menu("historyRedo")
  expect(shape(editor.view.state.doc)).toBe("paragraph(one)")
})

test("the language of code is chosen in its corner", () => {
  const { editor } = open(d(code_block.create({ language: "js" }, schema.text("x")), p()))
  const menu = byName("select", "Language of this code") as HTMLSelectElement
  const shown = () => menu.options[menu.selectedIndex]?.textContent
  expect([menu.value, shown(), menu.options.length]).toEqual(["javascript", "JavaScript", 1])
  menu.dispatchEvent(new Event("focus"))
  expect(menu.options.length).toBeGreaterThan(20)
  menu.value = "go"
  menu.dispatchEvent(new Event("change"))
  expect(editor.view.state.doc.child(0).attrs.language).toBe("go")
  expect(editor.commands.undo()).toBe(true)
  expect([menu.value, shown()]).toEqual(["javascript", "JavaScript"])
  editor.suggestions.setMode(true)
  menu.value = ""
  menu.dispatchEvent(new Event("change"))
  expect([menu.value, editor.view.state.doc.child(0).attrs.language]).toEqual(["javascript", "js"])
})

test("a press on the blank of the sheet goes to the end of the text", () => {
  const { editor, mount } = open(d(p("one"), p("two")))
  const sheet = mount.querySelector(".document-sheet") as HTMLElement
  const press = (clientY: number) =>
    sheet.dispatchEvent(new MouseEvent("mousedown", { button: 0, clientY, bubbles: true }))
  press(500)
  expect(editor.view.state.selection.head).toBe(9)
  expect(editor.view.hasFocus()).toBe(true)
  editor.view.dispatch(
    editor.view.state.tr.insert(editor.view.state.doc.content.size, table_of_contents.create()),
  )
  press(500)
  expect(shape(editor.view.state.doc)).toMatch(/ table_of_contents\(\) paragraph\(\)$/)
  editor.setEditable(false)
  select(editor, 1)
  press(500)
  expect(editor.view.state.selection.head).toBe(1)
})

test("what a suggestion cannot be is refused, and the person is told", () => {
  const notices: unknown[] = []
  const { editor } = open(d(p("one"), tasks(["two", false])), {
    onNotice: (notice) => notices.push(notice),
  })
  editor.suggestions.setMode(true)
  select(editor, 1, 4)
  editor.commands.toggle("strong")
  editor.commands.heading(1)
  editor.commands.insertTable(2, 2)
  const box = document.querySelector<HTMLInputElement>("[type=checkbox]")
  box?.click()
  expect(shape(editor.view.state.doc)).toBe("paragraph(one) task_list(task_item(paragraph(two)))")
  expect(box?.checked).toBe(false)
  expect(notices).toEqual(Array(4).fill({ kind: "not-proposed" }))
})

test("a word without end is not kerned", () => {
  const { editor } = open(d(p("short"), p("x".repeat(2000))))
  const marked = () => [...editor.view.dom.children].map((it) => it.classList.contains("unbroken"))
  expect(marked()).toEqual([false, true])
  editor.view.dispatch(editor.view.state.tr.insertText(" ", 900))
  expect(marked()).toEqual([false, true])
  editor.view.dispatch(editor.view.state.tr.delete(1200, 1900).insertText("y".repeat(1500), 1))
  expect(marked()).toEqual([true, false])
})

test("a missing image says so, is asked for again, and is described", () => {
  const { editor } = open(d(paragraph.create(null, image.create({ file: "0f", alt: "" }))))
  const img = document.querySelector(".image img")
  expect(img?.getAttribute("src")).toBe("missing/0f")
  img?.dispatchEvent(new Event("error"))
  expect(
    document.querySelector(".image-missing [role=status], .image-missing")?.textContent,
  ).toContain("not here yet")
  document.querySelector<HTMLButtonElement>(".image-retry")?.click()
  img?.dispatchEvent(new Event("load"))
  expect(document.querySelector(".image-missing")).toBeNull()
  const { state } = editor.view
  editor.view.dispatch(state.tr.setSelection(NodeSelection.create(state.doc, 1)))
  expect(editor.state.image).toMatchObject({ file: "0f", alt: "" })
  expect(editor.commands.image({ alt: "A dot", width: 20 })).toBe(true)
  expect(editor.state.image).toMatchObject({ alt: "A dot", width: 20 })
})

test("comments lie on text, are listed and taken away", () => {
  const { editor } = open(d(p("hello world"), code_block.create(null, schema.text("x"))))
  expect(editor.comments.add("aaaaaaaaaa")).toBe(false)
  select(editor, 1, 6)
  expect(editor.comments.add("aaaaaaaaaa")).toBe(true)
  expect(editor.comments.add('x"] { }')).toBe(false)
  expect(editor.comments.ranges()).toEqual([{ id: "aaaaaaaaaa", from: 1, to: 6, quote: "hello" }])
  expect(editor.state.comments).toEqual(["aaaaaaaaaa"])
  expect(editor.comments.goTo("aaaaaaaaaa")).toBe(true)
  expect(editor.comments.remove("aaaaaaaaaa")).toBe(true)
  expect(editor.comments.ranges()).toEqual([])
})

test("suggesting goes through the editor", () => {
  const { editor } = open()
  editor.suggestions.setMode(true)
  expect(editor.state.suggesting).toBe(true)
  select(editor, 12)
  editor.view.dispatch(editor.view.state.tr.insertText("!"))
  const [suggestion] = editor.suggestions.list()
  expect(suggestion).toMatchObject({ inserted: "!", deleted: "" })
  expect(editor.suggestions.accept(suggestion?.id ?? "")).toBe(true)
  expect(shape(editor.view.state.doc)).toBe("paragraph(hello world!)")
})

test("words are counted for the document and the selection", async () => {
  const { editor } = open(d(p("one two"), p("three")))
  expect(await editor.count()).toMatchObject({ document: { words: 3 }, selection: null })
  editor.view.dispatch(editor.view.state.tr.setSelection(new AllSelection(editor.view.state.doc)))
  expect((await editor.count()).selection).toMatchObject({ words: 3 })
})

test("others are shown where they are and move with the text", () => {
  const { editor } = open()
  editor.setCursors([{ key: "ben", name: "Ben", hue: 20, anchor: 1, head: 6 }])
  expect(document.querySelector(".remote-cursor")?.textContent).toBe("Ben")
  expect(document.querySelector(".remote-selection")?.textContent).toBe("hello")
  editor.view.dispatch(editor.view.state.tr.insertText("x", 1))
  expect(document.querySelector(".remote-selection")?.textContent).toBe("hello")
  editor.setCursors([])
  expect(document.querySelector(".remote-cursor")).toBeNull()
})

test("every code block of a known language is coloured", async () => {
  open(d(code_block.create({ language: "go" }, schema.text("package main"))))
  await expect
    .poll(() => document.querySelector("pre .hljs-keyword")?.textContent, { timeout: 5000 })
    .toBe("package")
})

test("a viewer shows a document with the colours of its authors", () => {
  const mount = document.body.appendChild(document.createElement("div"))
  const source = new MemorySource(d(p("hello")))
  const viewer = createViewer({
    mount,
    doc: source.doc,
    images: new MemoryImages(),
    notes: source.notes,
    label: "Version of Monday",
  })
  editors.push(viewer)
  expect(byName("[role=document]", "Version of Monday")?.textContent).toContain("hello")
  viewer.show(d(p("hello you")), [{ from: 7, to: 10, hue: 40, title: "Ben" }])
  expect(document.querySelector(".authored")?.textContent).toBe("you")
})

test("closing an editor leaves nothing behind", () => {
  const { editor, mount, source } = open()
  editors = []
  editor.destroy()
  expect(mount.innerHTML).toBe("")
  expect(source.view).toBeNull()
})
