import { expect, test } from "vitest"
import { schema } from "../../editor/schema"
import { byAuthor, compared } from "./differences"

const text = (words: string) => schema.node("paragraph", null, words ? [schema.text(words)] : [])
const doc = (...lines: string[]) => schema.node("doc", null, lines.map(text))

test("what was deleted is struck through where it was, what is new is marked", () => {
  const { doc: shown } = compared({
    doc: doc("Hello new world"),
    inserted: [{ from: 7, to: 11 }],
    deleted: [{ pos: 7, text: "old " }],
  })
  const runs: string[] = []
  shown.descendants((node) => {
    if (node.isText)
      runs.push(`${node.text}:${node.marks.map((mark) => String(mark.attrs.kind)).join()}`)
  })
  expect(runs).toEqual(["Hello :", "old:delete", "new :insert", "world:"])
})

test("a deleted paragraph and a deletion at the very end are shown too", () => {
  const { doc: shown } = compared({
    doc: doc("One"),
    inserted: [],
    deleted: [{ pos: 5, text: "\nTwo\nThree" }],
  })
  expect(shown.textContent).toContain("Two ¶ Three")
  expect(() => shown.check()).not.toThrow()
})

test("two devices of a person have one colour, strangers none", () => {
  const { colors } = byAuthor(
    doc("abcdef"),
    [
      { from: 1, to: 3, actor: "a1" },
      { from: 3, to: 5, actor: "a2" },
      { from: 5, to: 7, actor: "zz" },
    ],
    (actor) => (actor.startsWith("a") ? "ff00aa11" : ""),
    () => "Ana",
  )
  expect(colors).toMatchObject([{ from: 1, to: 5, title: "Ana" }])
})
