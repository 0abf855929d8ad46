import { expect, test } from "vitest"
import { continues, startsDay } from "./grouping"
import { message } from "./sample"

const at = (hour: number, minute: number, day = 3) =>
  new Date(2026, 10, day, hour, minute).getTime()
const first = message(1, { sent: at(10, 0) })

test("messages of one author within five minutes stand together", () => {
  expect(continues(message(2, { sent: at(10, 4) }), first, "")).toBe(true)
  expect(continues(message(2, { sent: at(10, 6) }), first, "")).toBe(false)
  expect(continues(message(2, { sent: at(10, 1), author: "zoe" }), first, "")).toBe(false)
  expect(continues(first, undefined, "")).toBe(false)
})

test("the line of new messages, a deleted message and midnight end a group", () => {
  const next = message(2, { sent: at(10, 1) })
  expect(continues(next, first, "m2")).toBe(false)
  expect(continues(next, message(1, { sent: at(10, 0), deleted: true }), "")).toBe(false)
  expect(continues(message(2, { sent: at(0, 1, 4) }), message(1, { sent: at(23, 59) }), "")).toBe(
    false,
  )
})

test("a day starts with its first message, once that is certain", () => {
  expect(startsDay(message(2, { sent: at(0, 1, 4) }), first, true)).toBe(true)
  expect(startsDay(message(2, { sent: at(11, 0) }), first, true)).toBe(false)
  expect(startsDay(first, undefined, true)).toBe(false)
  expect(startsDay(first, undefined, false)).toBe(true)
})
