import { expect, test } from "vitest"
import type { DocChange } from "../../transport/types"
import { moments, sittings, stopOf, stops } from "./timeline"

const change = (hash: string, deps: string[], at: number, person = "ana"): DocChange => ({
  hash,
  actor: `actor-${person}`,
  person,
  seq: 1,
  at,
  deps,
  ops: 1,
})

test("heads after each change are the changes that nothing stands on yet", () => {
  const history = [
    change("a", ["root"], 0),
    change("b", ["a"], 1000, "ben"),
    change("c", ["a"], 2000),
    change("d", ["b", "c"], 3000),
  ]
  expect(stops(history).map(({ heads }) => heads)).toEqual([["a"], ["b"], ["b", "c"], ["d"]])
})

test("a pause ends a moment, and a moment names everybody who wrote in it", () => {
  const history = [change("a", [], 0), change("b", ["a"], 500, "ben"), change("c", ["b"], 900_000)]
  expect(moments(history, 1000)).toEqual([
    { at: 500, people: ["ana", "ben"], heads: ["b"], changes: 2 },
    { at: 900_000, people: ["ana"], heads: ["c"], changes: 1 },
  ])
  expect(sittings(history).map(({ at }) => at)).toEqual([900_000, 500])
})

test("a long history has a slider that can still be moved", () => {
  const history = Array.from({ length: 20_000 }, (_, n) =>
    change(`h${n}`, n ? [`h${n - 1}`] : [], n * 3000),
  )
  const found = stops(history)
  expect(found.length).toBeLessThanOrEqual(240)
  expect(found.at(-1)?.heads).toEqual(["h19999"])
})

test("what was written without a pause has stops between", () => {
  const history = Array.from({ length: 1000 }, (_, n) =>
    change(`h${n}`, n ? [`h${n - 1}`] : [], n * 100),
  )
  const found = stops(history)
  expect(found.length).toBeGreaterThan(120)
  expect(found.length).toBeLessThanOrEqual(240)
  expect(sittings(history).length).toBe(1)
  const scattered = Array.from({ length: 300 }, (_, n) =>
    change(`h${n}`, n ? [`h${n - 1}`] : [], n * 1e9),
  )
  expect(stops(scattered).length).toBeLessThanOrEqual(240)
})

test("a named version is found on the slider, or what came right before it", () => {
  const all = stops([change("a", [], 0), change("b", ["a"], 5000), change("c", ["b"], 9000)])
  expect(stopOf(all, ["b"], 0)).toBe(1)
  expect(stopOf(all, ["unknown"], 6000)).toBe(1)
  expect(stopOf(all, ["unknown"], 99_000)).toBe(2)
})

test("an empty history has no stops", () => {
  expect(stops([])).toEqual([])
  expect(stopOf([], [], 0)).toBe(-1)
})
