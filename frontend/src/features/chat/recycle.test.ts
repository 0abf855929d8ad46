import { expect, test } from "vitest"
import { Places } from "./recycle"

/** The places of a window of rows. */
const round = (places: Places, ids: string[], from: number, kept = "") =>
  ids.map((id, i) => places.place(id, from + i, kept))

const ids = (from: number, count: number) => Array.from({ length: count }, (_, i) => `${from + i}`)

test("a row that stays keeps its place, and one that comes takes over that of one that left", () => {
  const places = new Places()
  const before = round(places, ids(0, 30), 0)
  const after = round(places, ids(1, 30), 1)
  expect(after.slice(0, 29)).toEqual(before.slice(1))
  expect(after[29]).toBe(before[0])
})

test("no two rows of a round have one place, however the window moves", () => {
  const places = new Places()
  let seed = 7
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below
  let [from, count, shift] = [500, 30, 0]
  for (let i = 0; i < 3000; i++) {
    const jump = random(20) === 0
    from = Math.max(0, jump ? random(2000) : from + random(13) - 6)
    count = 20 + random(20)
    // Older messages were put before: all indexes are others.
    if (random(50) === 0) shift += random(60)
    const all = round(places, ids(from, count), from + shift, `${from + random(count)}`)
    expect(new Set(all).size).toBe(count)
    expect(Math.max(...all)).toBeLessThan(200)
  }
})

test("the place of the row that is kept is nobody else's", () => {
  const places = new Places()
  const [place] = round(places, ids(0, 20), 0)
  for (let from = 1; from < 200; from++)
    expect(round(places, ids(from, 20), from, "0")).not.toContain(place)
  expect(round(places, ids(0, 20), 0, "0")[0]).toBe(place)
})

test("while a window moves down and up, no places are added", () => {
  const places = new Places()
  const from = [...Array(300).keys(), ...[...Array(300).keys()].reverse()]
  let most = 0
  for (const at of from) most = Math.max(most, ...round(places, ids(at, 25), at))
  expect(most).toBeLessThan(25 + 12)
})
