import { NodeSelection, TextSelection } from "prosemirror-state"
import { afterEach, expect, test } from "vitest"
import { createEditor, createViewer, type Editor } from "./editor"
import { schema } from "./schema"
import type { Notes } from "./source"
import { d, MemoryImages, MemoryNotes, MemorySource, p } from "./testing"

const { footnote, image, page_break, paragraph, table_of_contents } = schema.nodes
const mount = () => document.body.appendChild(document.createElement("div"))

let editor: Editor | undefined
afterEach(() => {
  editor?.destroy()
  editor = undefined
})

test.each([
  ["a table of contents", d(table_of_contents.create(), p("text")), true],
  ["a table of contents alone", d(table_of_contents.create()), false],
  ["a page break", d(page_break.create(), page_break.create(), p("text")), true],
  ["a picture", d(paragraph.create(null, image.create({ file: "0f" }))), true],
])("a document that begins with %s opens with nothing selected", (_, doc, inText) => {
  const source = new MemorySource(doc)
  editor = createEditor({ mount: mount(), source, images: new MemoryImages(), language: "en" })
  const { state } = editor.view
  expect(state.selection).not.toBeInstanceOf(NodeSelection)
  expect(state.selection.empty).toBe(true)
  expect(state.selection instanceof TextSelection).toBe(inText)
  const typed = state.apply(state.tr.replaceSelectionWith(schema.text("x")))
  let before = 0
  doc.descendants((node) => void (before += node.isAtom && !node.isText ? 1 : 0))
  let after = 0
  typed.doc.descendants((node) => void (after += node.isAtom && !node.isText ? 1 : 0))
  expect(after).toBe(before)
})

test("a viewer reads the notes as their own object", async () => {
  const texts = new MemoryNotes()
  texts.others("aaaaaaaaaa", "the note")
  class Kept implements Notes {
    readonly #texts = texts

    read(id: string) {
      return this.#texts.read(id)
    }

    write(): void {}

    watch(): () => void {
      return () => {}
    }
  }
  const doc = d(paragraph.create(null, footnote.create({ id: "aaaaaaaaaa" })))
  const place = mount()
  const viewer = createViewer({
    mount: place,
    doc,
    images: new MemoryImages(),
    notes: new Kept(),
    label: "Then",
  })
  viewer.show(doc)
  await expect.poll(() => place.textContent).toContain("the note")
  viewer.destroy()
})
