import { history, undo } from "prosemirror-history"
import type { Node } from "prosemirror-model"
import { EditorState } from "prosemirror-state"
import { EditorView } from "prosemirror-view"
import { expect, test } from "vitest"
import { Finder, findMarks } from "./find"
import { Matcher } from "./find-match"
import { schema } from "./schema"
import { d, h, p, shape, ul } from "./testing"

const query = (text: string, matchCase = false, wholeWord = false) => ({
  text,
  matchCase,
  wholeWord,
})

function open(doc: Node) {
  const view = new EditorView(null, {
    state: EditorState.create({ doc, plugins: [findMarks(), history()] }),
  })
  return { view, finder: new Finder(view) }
}

const texts = (doc: Node, text: string, matchCase = false, wholeWord = false) =>
  new Matcher(query(text, matchCase, wholeWord))
    .all(doc)
    .map(({ from, to }) => doc.textBetween(from, to))

test("matches stand at their places in every kind of block", () => {
  const doc = d(h(1, "The cat"), ul("a cat", "cats"), p("concat Cat"))
  expect(texts(doc, "cat")).toEqual(["cat", "cat", "cat", "cat", "Cat"])
  expect(texts(doc, "cat", true)).toEqual(["cat", "cat", "cat", "cat"])
  expect(texts(doc, "cat", true, true)).toEqual(["cat", "cat"])
  expect(texts(doc, "cat.*")).toEqual([])
})

test("accents, marks, breaks and embeds do not disturb places", () => {
  const { image, hard_break, paragraph } = schema.nodes
  const parts = [
    schema.text("é", [schema.marks.strong.create()]),
    schema.text("t"),
    image.create(),
    schema.text("é t"),
    hard_break.create(),
    schema.text("l’été"),
  ]
  const doc = d(paragraph.create(null, parts))
  expect(texts(doc, "ét")).toEqual(["ét", "ét"])
  expect(texts(doc, "été", false, true)).toEqual(["été"])
  expect(texts(doc, "l'été")).toEqual(["l’été"])
  expect(texts(doc, "é t")).toEqual(["é t"])
})

test("going around and replacing one by one", () => {
  const { view, finder } = open(d(p("one two one"), p("one")))
  expect(finder.search(query("one"))).toMatchObject({ count: 3, current: 1 })
  expect(finder.next().current).toBe(2)
  expect(finder.previous().current).toBe(1)
  expect(finder.previous().current).toBe(3)
  finder.next()
  expect(finder.replace("1")).toMatchObject({ count: 2, current: 1 })
  expect(shape(view.state.doc)).toBe("paragraph(1 two one) paragraph(one)")
})

test("replacing all is one step of undo, also when the text grows over itself", () => {
  const { view, finder } = open(d(p("aa aa"), ul("aa")))
  finder.search(query("aa"))
  expect(finder.replaceAll("aaaa")).toBe(3)
  expect(shape(view.state.doc)).toBe("paragraph(aaaa aaaa) bullet_list(list_item(paragraph(aaaa)))")
  undo(view.state, view.dispatch)
  expect(shape(view.state.doc)).toBe("paragraph(aa aa) bullet_list(list_item(paragraph(aa)))")
  expect(finder.replaceAll("")).toBe(3)
  expect(view.state.doc.textContent).toBe(" ")
})

test("the marks of matches are limited and go away", () => {
  const { view, finder } = open(d(p("a ".repeat(2000))))
  expect(finder.search(query("a")).count).toBe(2000)
  const found = () => view.dom.querySelectorAll(".found").length
  expect(found()).toBe(300)
  expect(view.dom.querySelectorAll(".current").length).toBe(1)
  finder.close()
  expect(found()).toBe(0)
})

test("a document with very many matches says so", () => {
  const matcher = new Matcher(query("a"))
  expect(matcher.all(d(...Array.from({ length: 300 }, () => p("a".repeat(100))))).length).toBe(
    20_000,
  )
  expect(matcher.more).toBe(true)
})
