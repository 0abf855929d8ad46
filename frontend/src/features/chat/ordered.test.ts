import { expect, test } from "vitest"
import type { Message } from "../../transport/types"
import { merged } from "./ordered"
import { message } from "./sample"

/** The same random numbers in every run. */
function random(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % below
  }
}

test("any sequence of arrivals gives the sorted list without repeats", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const next = random(seed)
    const known = new Map<string, Message>()
    const want = new Map<string, Message>()
    let list: Message[] = []
    for (let round = 0; round < 20; round++) {
      const arrivals = Array.from({ length: 1 + next(5) }, () =>
        message(next(30), { order: String(next(1000)).padStart(8, "0") + next(1000) }),
      )
      for (const arrival of arrivals) want.set(arrival.id, arrival)
      list = merged(list, known, arrivals)
    }
    const sorted = [...want.values()].sort((a, b) => (a.order < b.order ? -1 : 1))
    expect(list.map((m) => [m.id, m.order])).toEqual(sorted.map((m) => [m.id, m.order]))
  }
})

test("the list given is not changed", () => {
  const list = [message(1)]
  merged(list, new Map([["m1", message(1)]]), [message(0), message(2)])
  expect(list).toHaveLength(1)
})
