import { expect, test } from "vitest"
import { giveHues, hueOf, huesFor } from "./hue"

let state = 7
const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0)
const id = () => random().toString(16).padStart(8, "0")
const people = (count: number) => Array.from({ length: count }, id)
const apart = (hues: readonly number[]) => {
  const sorted = [...hues].sort((a, b) => a - b)
  return Math.min(...sorted.map((hue, at) => (sorted[at + 1] ?? (sorted[0] ?? 0) + 360) - hue))
}

test.each([
  [2, 45],
  [8, 45],
  [16, 22.5],
  [32, 11.25],
])("%i people have hues of %s degrees between them", (count, least) => {
  for (let n = 0; n < 50; n++)
    expect(apart([...huesFor(people(count)).values()])).toBeGreaterThanOrEqual(least)
})

test("everybody has a hue, however many they are", () => {
  expect(huesFor(people(500)).size).toBe(500)
  expect(huesFor([]).size).toBe(0)
})

test("the order in which people become known does not matter", () => {
  const all = people(20)
  const hues = huesFor(all)
  for (const [person, hue] of huesFor([...all].reverse())) expect(hues.get(person)).toBe(hue)
})

test("somebody who joins changes the hues of few", () => {
  let changed = 0
  for (let n = 0; n < 500; n++) {
    const all = people(1 + (n % 7))
    const before = huesFor(all)
    const after = huesFor([...all, id()])
    changed += all.filter((person) => before.get(person) !== after.get(person)).length
  }
  expect(changed / 500).toBeLessThan(0.5)
})

test("a person shows the hue that was given, others that of their id", () => {
  const [ana, ben] = ["000000aa", "000008bb"]
  expect(hueOf(ana)).toBe(hueOf("000000cc"))
  giveHues([ana, ben])
  expect(hueOf(ana)).not.toBe(hueOf(ben))
})
