import { expect, test } from "vitest"
import type { Doc } from "../../transport/types"
import { above, foldersIn, foldersOf, listed, tidyFolder } from "./listing"

const doc = (id: string, change: Partial<Doc> = {}): Doc => ({
  workspace: "w",
  id,
  space: "s",
  title: id,
  folder: "",
  starred: false,
  trashed: false,
  created: 0,
  changed: 0,
  author: "",
  changedBy: "",
  holders: 0,
  everywhere: false,
  bySuperPeer: false,
  unreadable: 0,
  mentions: 0,
  ...change,
})
const titles = (docs: Doc[]) => docs.map(({ id }) => id)
const list = (docs: Doc[], shelf: Parameters<typeof listed>[1], query = "") =>
  titles(listed(docs, shelf, query, "changed", ({ title }) => title))

test("the last changed comes first; equal ones keep an order", () => {
  const docs = [doc("b", { changed: 1 }), doc("a", { changed: 1 }), doc("c", { changed: 2 })]
  expect(list(docs, { name: "all" })).toEqual(["c", "a", "b"])
})

test("numbers in titles are numbers", () => {
  const docs = [doc("10", { title: "Chapter 10" }), doc("9", { title: "chapter 9" })]
  expect(titles(listed(docs, { name: "all" }, "", "title", ({ title }) => title))).toEqual([
    "9",
    "10",
  ])
})

test("trash, stars and folders show only their own", () => {
  const docs = [
    doc("a", { folder: "Plans" }),
    doc("b", { folder: "Plans/Old", starred: true }),
    doc("c", { trashed: true, starred: true, folder: "Plans" }),
  ]
  expect(list(docs, { name: "trash" })).toEqual(["c"])
  expect(list(docs, { name: "starred" })).toEqual(["b"])
  expect(list(docs, { name: "folder", folder: "Plans" })).toEqual(["a"])
  expect(list(docs, { name: "all" })).toEqual(["a", "b"])
})

test("a search finds words in any order, without accents, in all folders below", () => {
  const docs = [
    doc("a", { title: "Réunion du chantier", folder: "Plans/2026" }),
    doc("b", { title: "Plan", folder: "Planning" }),
  ]
  expect(list(docs, { name: "all" }, "chantier reunion")).toEqual(["a"])
  expect(list(docs, { name: "folder", folder: "Plans" }, "plan")).toEqual(["a"])
  expect(list(docs, { name: "all" }, "nothing")).toEqual([])
})

test("folders are counted with what is below them; those of the trash are gone", () => {
  const docs = [
    doc("a", { folder: "B/Deep/Deeper" }),
    doc("b", { folder: "A" }),
    doc("c", { folder: "Gone", trashed: true }),
    doc("d", { folder: "AB" }),
  ]
  expect(foldersOf(docs)).toEqual(["A", "AB", "B", "B/Deep", "B/Deep/Deeper"])
  expect(foldersIn(docs, "")).toEqual([
    { folder: "A", count: 1 },
    { folder: "AB", count: 1 },
    { folder: "B", count: 1 },
  ])
  expect(foldersIn(docs, "B")).toEqual([{ folder: "B/Deep", count: 1 }])
})

test("folders are tidied like the program does", () => {
  expect(tidyFolder(" /Plans //  Big   house/ ")).toBe("Plans/Big house")
  expect(above("A/B/C")).toBe("A/B")
  expect(above("A")).toBe("")
})

test("500 documents are listed within a frame", () => {
  const docs = Array.from({ length: 500 }, (_, n) =>
    doc(`d${n}`, { changed: n, folder: `F${n % 20}` }),
  )
  const started = performance.now()
  for (let n = 0; n < 10; n++) list(docs, { name: "all" }, "d4")
  expect((performance.now() - started) / 10).toBeLessThan(50)
})
