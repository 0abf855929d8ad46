import { expect, test } from "vitest"
import { tokensOf } from "./code"
import { schema } from "./schema"
import { d, h, p, ul } from "./testing"
import { headingsOf } from "./toc-outline"
import { footnoteIds } from "./footnotes-order"
import { countDocument, countText } from "./words"

test.each([
  ["", 0, 0],
  ["one two", 2, 7],
  ["l’été, aujourd'hui", 2, 18],
  ["3.14 and ana@example.org", 3, 24],
  ["state-of-the-art", 1, 16],
  ["– … !", 0, 5],
  ["漢字かな", 4, 4],
  ["👍🏽 naïve", 1, 8],
])("%j has %i words", (text, words, characters) => {
  expect(countText(text)).toMatchObject({ words, characters })
})

test("a document counts its blocks, and breaks part words", () => {
  const { paragraph, hard_break } = schema.nodes
  const broken = paragraph.create(null, [
    schema.text("one"),
    hard_break.create(),
    schema.text("two"),
  ])
  expect(countDocument(d(h(1, "a b"), ul("c", "d e"), broken))).toEqual({
    words: 7,
    characters: 13,
    letters: 11,
  })
})

test("headings are found in lists and quotes, empty ones left out", () => {
  const quote = schema.nodes.blockquote.create(null, [h(2, "in a quote")])
  const doc = d(h(1, "one"), p("x"), quote, schema.nodes.heading.create({ level: 3 }))
  const found = headingsOf(doc)
  expect(found.map(({ level, text }) => [level, text])).toEqual([
    [1, "one"],
    [2, "in a quote"],
  ])
  for (const { pos, text } of found) expect(doc.nodeAt(pos)?.textContent).toBe(text)
})

test("footnotes count in the order of the text, each once", () => {
  const note = (id: string) => schema.nodes.footnote.create({ id })
  const line = (...ids: string[]) => schema.nodes.paragraph.create(null, ids.map(note))
  expect(footnoteIds(d(line("b", "a"), p("x"), line("b", "c")))).toEqual(["b", "a", "c"])
})

test("the tree of a highlighter becomes stretches of text", () => {
  const text = (value: string) => ({ type: "text", value })
  const span = (className: string, ...children: object[]) => ({
    type: "element",
    properties: { className: [className] },
    children: children as { type: string }[],
  })
  expect(tokensOf([text("a "), span("k", text("if"), span("s", text("xy"))), text("!")])).toEqual([
    { from: 2, to: 4, className: "k" },
    { from: 4, to: 6, className: "s" },
  ])
})
