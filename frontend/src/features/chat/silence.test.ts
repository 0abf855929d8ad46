import { expect, test } from "vitest"
import type { Space } from "../../transport/types"
import { person } from "../people/sample"
import { channel } from "./sample"
import { silence } from "./silence"

const space = (closed: boolean): Space => ({
  id: "s",
  name: "Board",
  kind: "private",
  history: "full",
  people: [],
  by: "ana",
  closed,
  verifiedOnly: false,
})
const everybody = new Map(
  [
    person("ana", "Ana", { self: true }),
    person("ben", "Ben"),
    person("cleo", "Cleo", { state: "removed" }),
    person("dan", "Dan", { state: "left" }),
  ].map((one) => [one.id, one]),
)
const direct = (...people: string[]) => channel("c", { kind: "direct", people })

test("nobody writes in a closed space", () => {
  expect(silence(channel("c"), space(true), { people: everybody, out: false })).toBe("closed")
  expect(silence(channel("c"), space(false), { people: everybody, out: false })).toBeUndefined()
})

test("nobody writes to people who are all gone", () => {
  expect(
    silence(direct("ana", "ben"), undefined, { people: everybody, out: false }),
  ).toBeUndefined()
  expect(silence(direct("ana", "cleo"), undefined, { people: everybody, out: false })).toBe("gone")
  expect(silence(direct("ana", "cleo", "dan"), undefined, { people: everybody, out: false })).toBe(
    "all-gone",
  )
  expect(
    silence(direct("ana", "ben", "cleo"), undefined, { people: everybody, out: false }),
  ).toBeUndefined()
  expect(
    silence(direct("ana", "nobody-knows"), undefined, { people: everybody, out: false }),
  ).toBeUndefined()
})

test("who is out of the workspace writes nowhere", () => {
  const here = { people: everybody, out: true }
  expect(silence(channel("c"), space(false), here)).toBe("out")
  expect(silence(direct("ana", "ben"), undefined, here)).toBe("out")
})
