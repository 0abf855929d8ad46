import { expect, test } from "vitest"
import { best } from "./best"

const names = (query: string, ...entries: { name: string; badge?: number }[]) =>
  best(entries, query).map((entry) => entry.name)

test("the very name comes before longer ones with news", () => {
  expect(names("design", { name: "design-review", badge: 7 }, { name: "Design" })).toEqual([
    "Design",
    "design-review",
  ])
})

test("a beginning comes before a word inside, and that before letters inside", () => {
  expect(
    names("art", { name: "party", badge: 9 }, { name: "modern-art" }, { name: "artists" }),
  ).toEqual(["artists", "modern-art", "party"])
})

test("with nothing asked for, what has news comes first", () => {
  expect(names("", { name: "a" }, { name: "b", badge: 1 })).toEqual(["b", "a"])
})
