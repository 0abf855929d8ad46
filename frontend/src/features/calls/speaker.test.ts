import { expect, test } from "vitest"
import { Speaker } from "./speaker"

const hear = (speaker: Speaker, times: number, levels: Record<string, number>) => {
  let last = ""
  for (let i = 0; i < times; i++) last = speaker.hear(levels)
  return last
}

test("whoever is loudest speaks, and noise is nobody", () => {
  const speaker = new Speaker()
  expect(hear(speaker, 10, { a: 0.005, b: 0.004 })).toBe("")
  expect(hear(speaker, 10, { a: 0.01, b: 0.2 })).toBe("b")
  expect(hear(speaker, 60, { a: 0.004, b: 0.004 })).toBe("")
})

test("a cough does not take the place", () => {
  const speaker = new Speaker()
  hear(speaker, 20, { a: 0.2, b: 0 })
  expect(speaker.hear({ a: 0.2, b: 0.5 })).toBe("a")
  expect(hear(speaker, 20, { a: 0.05, b: 0.4 })).toBe("b")
})

test("whoever has left does not speak", () => {
  const speaker = new Speaker()
  hear(speaker, 20, { a: 0.2 })
  expect(speaker.hear({})).toBe("")
})
