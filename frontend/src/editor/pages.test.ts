import { expect, test } from "vitest"
import { paginate, sheetOf, type Measured } from "./pages-layout"
import { cssString, pageRules } from "./print"
import type { PageSettings } from "./state"

const block = (height: number): Measured => ({
  height,
  breaks: false,
  withNext: false,
  lines: null,
})
const heading = (height: number): Measured => ({ ...block(height), withNext: true })
const pageBreak: Measured = { ...block(10), breaks: true }
/** A paragraph of lines of 10 px with 5 px below them. */
const lines = (count: number): Measured => ({
  ...block(count * 10 + 5),
  lines: { count, height: 10, above: 0 },
})
const ends = (blocks: Measured[]) =>
  paginate(blocks, 100).ends.map((end) => [end.piece, end.page, end.rest])

const settings: PageSettings = {
  size: "A4",
  landscape: false,
  margins: [25, 20, 25, 20],
  header: 'The "report"',
  footer: "",
  numbers: true,
}

test("blocks fill pages in order, and what does not fit begins the next", () => {
  expect(ends([block(40), block(40), block(40), block(100), block(1)])).toEqual([
    [2, 1, 20],
    [3, 2, 60],
    [4, 3, 0],
  ])
  expect(paginate([block(40)], 100).rest).toBe(60)
  expect(ends([])).toEqual([])
})

test("a page break ends its page, also as the last block", () => {
  expect(ends([block(20), pageBreak, block(20)])).toEqual([[2, 1, 70]])
  expect(ends([block(20), pageBreak])).toEqual([[2, 1, 70]])
})

test("headings stay with the text below them", () => {
  expect(ends([block(60), heading(20), heading(10), block(30)])).toEqual([[1, 1, 40]])
  expect(ends([heading(90), block(30)])).toEqual([[1, 1, 10]])
})

test("a block taller than a page runs over, and the next begins a new one", () => {
  expect(ends([block(10), block(250), block(10)])).toEqual([
    [1, 1, 90],
    [2, 2, 0],
  ])
})

test("paragraphs are split between their lines, two of them always together", () => {
  const splits = (...pieces: Measured[]) =>
    paginate(pieces, 100).ends.map((end) => [end.piece, end.line, end.rest])
  expect(splits(block(50), lines(8))).toEqual([[1, 5, 0]])
  expect(splits(block(77), lines(8))).toEqual([[1, 2, 3]])
  expect(splits(block(85), lines(8))).toEqual([[1, 0, 15]])
  expect(splits(block(65), lines(4))).toEqual([[1, 2, 15]])
  expect(splits(block(85), lines(3))).toEqual([[1, 0, 15]])
  expect(splits(lines(25))).toEqual([
    [0, 10, 0],
    [0, 20, 0],
  ])
  expect(splits(block(60), heading(20), lines(6))).toEqual([[2, 2, 0]])
  expect(splits(block(60), heading(30), lines(6))).toEqual([[1, 0, 40]])
})

test("a long document has as many pages as it needs", () => {
  const { ends: all } = paginate(
    Array.from({ length: 2500 }, () => block(33)),
    100,
  )
  expect(all.length).toBe(833)
})

test("a sheet is as large as its paper, and its margins leave room", () => {
  const sheet = sheetOf(settings)
  expect([Math.round(sheet.width), Math.round(sheet.height)]).toEqual([794, 1123])
  expect(Math.round(sheetOf({ ...settings, landscape: true }).width)).toBe(1123)
  const narrow = sheetOf({ ...settings, margins: [900, 900, 900, 900] })
  expect(narrow.content).toBeGreaterThan(narrow.height / 4)
  expect(sheetOf({ ...settings, margins: [Number.NaN, 0, 0, 0] }).top).toBeGreaterThan(0)
})

test("rules for paper hold the sheet, and texts cannot leave their string", () => {
  const rules = pageRules(settings)
  expect(rules).toContain("size: A4 portrait; margin: 25.00mm 20.00mm 25.00mm 20.00mm;")
  expect(rules).toContain('@top-center { content: "The \\"report\\""')
  expect(rules).toContain("counter(page)")
  expect(rules).not.toContain("@bottom-left")
  expect(cssString('a"}\n@import \\ "b')).toBe('"a\\"} @import \\\\ \\"b"')
})
