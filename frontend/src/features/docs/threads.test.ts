import { expect, test } from "vitest"
import type { CommentThread } from "../../editor/root"
import { placed } from "./threads"

const thread = (id: string, at: number): CommentThread => ({
  id,
  actor: "a",
  resolved: false,
  messages: at < 0 ? [] : [{ id: "m", actor: "a", text: "x", at, mentions: [] }],
})

test("threads stand in the order of the text; those whose text is gone come last", () => {
  const ranges = [
    { id: "b", from: 4, to: 9, quote: "later" },
    { id: "a", from: 1, to: 2, quote: "first" },
  ]
  const shown = placed(
    [thread("lost", 1), thread("b", 2), thread("a", 3), thread("empty", -1)],
    ranges,
  )
  expect(shown.map(({ id, quote, from }) => [id, quote, from])).toEqual([
    ["a", "first", 1],
    ["b", "later", 4],
    ["lost", "", null],
  ])
})
