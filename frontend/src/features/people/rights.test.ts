import { expect, test } from "vitest"
import type { Person } from "../../transport/types"
import { rights } from "./rights"
import { person } from "./sample"

const none = { role: false, remove: false, handOver: false, confirm: false }

function may(self: Partial<Person>, other: Partial<Person>) {
  return rights(
    person("1", "Ana", { self: true, ...self }),
    person("2", "Ben", { below: true, ...other }),
  )
}

test("the first owner does everything with who stands below", () => {
  const first = { role: "owner", first: true }
  expect(may(first, {})).toEqual({ ...none, role: true, remove: true, handOver: true })
  expect(may(first, { role: "owner" })).toEqual({
    ...none,
    role: true,
    remove: true,
    handOver: true,
  })
})

test("nobody hands over to a guest, to who waits or to who is gone", () => {
  const first = { role: "owner", first: true }
  for (const other of [
    { role: "guest" },
    { state: "suspended" },
    { state: "left" },
    { state: "removed" },
  ])
    expect(may(first, other).handOver).toBe(false)
})

test("an owner below the first one hands nothing over and touches nobody above", () => {
  expect(may({ role: "owner" }, {})).toEqual({ ...none, role: true, remove: true })
  expect(may({ role: "owner" }, { role: "owner", below: false })).toEqual(none)
})

test("an admin removes, but changes no roles", () => {
  expect(may({ role: "admin" }, {})).toEqual({ ...none, remove: true })
  expect(may({ role: "admin" }, { role: "admin", below: false })).toEqual(none)
})

test("members and guests do nothing, though a member stands above guests", () => {
  expect(may({ role: "member" }, { role: "guest" })).toEqual(none)
  expect(may({ role: "guest" }, { below: false })).toEqual(none)
})

test("nobody does anything to themselves or to who is gone", () => {
  const first = { role: "owner", first: true }
  expect(may(first, { self: true })).toEqual(none)
  expect(may(first, { state: "removed" })).toEqual(none)
})

test("who waits is confirmed or removed, and gets no role before", () => {
  const waits = { state: "suspended" }
  expect(may({ role: "admin" }, waits)).toEqual({ ...none, remove: true, confirm: true })
  expect(may({ role: "owner", first: true }, waits)).toEqual({
    ...none,
    remove: true,
    confirm: true,
  })
  expect(may({ role: "member" }, waits)).toEqual(none)
})
