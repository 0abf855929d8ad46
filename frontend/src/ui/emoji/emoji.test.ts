import { expect, test } from "vitest"
import { findEmoji, loadEmoji } from "./emoji"

test.each([
  ["en", "tada", "🎉"],
  ["en", "thumbs up", "👍️"],
  ["fr", "cœur rouge", "❤️"],
  ["fr", "elephant", "🐘"],
])("in %s, %j finds %s", async (language, query, emoji) => {
  const found = findEmoji(await loadEmoji(language), query, 8).map((one) => one.emoji)
  expect(found.map((one) => one.replace("\ufe0f", ""))).toContain(emoji.replace("\ufe0f", ""))
})

test("nothing is found for nothing", async () => {
  expect(findEmoji(await loadEmoji("en"), " ", 8)).toEqual([])
  expect(findEmoji(await loadEmoji("en"), "qqqq", 8)).toEqual([])
})
