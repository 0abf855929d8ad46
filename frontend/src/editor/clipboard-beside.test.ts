import { EditorState } from "prosemirror-state"
import { EditorView } from "prosemirror-view"
import { expect, test } from "vitest"
import { clipboard, clipboardSerializer } from "./clipboard"
import { Uploads, uploadMarks } from "./images-upload"
import { noteSchema, schema } from "./schema"
import type { Notice } from "./state"
import { d, MemoryImages, MemoryNotes, p } from "./testing"

const { footnote, image, paragraph } = schema.nodes

/** A document with a footnote and a picture, as it is copied. */
function copied(notes: MemoryNotes): string {
  const text = paragraph.create(null, [
    footnote.create({ id: "aaaaaaaaaa" }),
    image.create({ file: "0af3", name: "cat.png", alt: "A cat", width: 40, height: 30 }),
  ])
  const box = document.createElement("div")
  clipboardSerializer(schema, { document: "w/there", notes }).serializeFragment(
    d(text).content,
    { document },
    box,
  )
  return box.innerHTML
}

function open(images = new MemoryImages()) {
  const notes = new MemoryNotes()
  const notices: Notice[] = []
  const notice = (told: Notice) => void notices.push(told)
  const plugins = [
    clipboard({
      uploads: new Uploads(images, notice),
      images,
      notes,
      footnotes: () => [],
      notice,
    }),
    uploadMarks(),
  ]
  const place = document.body.appendChild(document.createElement("div"))
  const view = new EditorView(place, { state: EditorState.create({ doc: d(p("x")), plugins }) })
  const found = (type: typeof image) => {
    const attrs: Record<string, unknown>[] = []
    view.state.doc.descendants((node) => {
      if (node.type === type) attrs.push(node.attrs)
    })
    return attrs
  }
  return { view, notes, notices, found }
}

test("a footnote that is pasted into another document brings its text", () => {
  const from = new MemoryNotes()
  const bold = schema.marks.strong.name
  const said = [noteSchema.text("See "), noteSchema.text("“p. 2”", [noteSchema.mark(bold)])]
  from.write("aaaaaaaaaa", noteSchema.node("doc", null, noteSchema.node("paragraph", null, said)))
  const { view, notes, found } = open()
  view.pasteHTML(copied(from), new ClipboardEvent("paste"))
  const id = String(found(footnote)[0]?.id)
  expect(notes.read(id).eq(from.read("aaaaaaaaaa"))).toBe(true)
})

test("a footnote that is cut and pasted in its document keeps its own text", () => {
  const { view, notes, found } = open()
  notes.others("aaaaaaaaaa", "as it is now")
  const before = new MemoryNotes()
  before.others("aaaaaaaaaa", "as it was")
  view.pasteHTML(copied(before), new ClipboardEvent("paste"))
  expect(found(footnote)).toEqual([{ id: "aaaaaaaaaa" }])
  expect(notes.read("aaaaaaaaaa").textContent).toBe("as it is now")
})

test("the text of a note in a paste is read by the schema, whoever wrote it", () => {
  const { view, notes, found } = open()
  const html = `<b>a</b><script>x()</script><a href='javascript:x()'>b</a><p>c<img src=x onerror=x()>`
  const note = document.createElement("sup")
  note.dataset.footnote = "aaaaaaaaaa"
  note.dataset.note = html
  view.pasteHTML(`<p>${note.outerHTML}</p>`, new ClipboardEvent("paste"))
  const read = notes.read(String(found(footnote)[0]?.id))
  expect(() => read.check()).not.toThrow()
  expect(read.textContent).toBe("abc")
  expect(JSON.stringify(read.toJSON())).not.toContain("javascript")
})

test("a picture that is pasted into another document is stored there", async () => {
  const images = new MemoryImages()
  images.elsewhere.set("w/there/0af3", new Blob(["cat"], { type: "image/png" }))
  const { view, found } = open(images)
  view.pasteHTML(copied(new MemoryNotes()), new ClipboardEvent("paste"))
  await expect.poll(() => found(image)).toHaveLength(1)
  const [attrs] = found(image)
  expect(attrs).toMatchObject({ name: "cat.png", alt: "A cat", width: 40, height: 30 })
  expect(attrs?.file).not.toBe("0af3")
  expect(images.url(String(attrs?.file))).toMatch(/^blob:/)
})

test("a picture that cannot be read from the other document is named", async () => {
  const { view, notices, found } = open()
  view.pasteHTML(copied(new MemoryNotes()), new ClipboardEvent("paste"))
  await expect.poll(() => notices).toEqual([{ kind: "image-elsewhere", name: "cat.png" }])
  expect(found(image)).toEqual([])
  expect(view.dom.querySelectorAll(".image-waiting").length).toBe(0)
})

test("a picture of the same document stays the one that is stored", () => {
  const { view, found } = open()
  const html = copied(new MemoryNotes()).replace("w/there", "w/here")
  view.pasteHTML(html, new ClipboardEvent("paste"))
  expect(found(image)).toMatchObject([{ file: "0af3", width: 40 }])
})
