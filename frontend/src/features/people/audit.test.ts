import { expect, test } from "vitest"
import { TestTransport } from "../../transport/testing"
import type { AuditLine } from "../../transport/types"
import { act, author, reason } from "./audit"
import { AuditLog } from "./audit.svelte"

const about = {
  device: "",
  number: 0,
  role: "",
  was: "",
  space: "",
  kind: "",
  invite: "",
  count: 0,
  history: "",
  closed: "",
  spaceName: "",
}

const line = (changes: Partial<AuditLine>): AuditLine => ({
  n: 1,
  entry: "e",
  clock: 0,
  by: "a",
  byName: "Ana",
  device: "d",
  number: 0,
  role: "owner",
  what: "founded",
  person: "",
  name: "Ben",
  about,
  given: [],
  added: [],
  removed: [],
  kept: true,
  because: 0,
  restsOn: 0,
  fork: "",
  text: "in English",
  reason: "",
  reasonBy: "Ana",
  ...changes,
})

test.each([
  ["founded", {}, "founded the workspace"],
  ["admitted", { role: "guest", kind: "codes" }, "admitted Ben as guest after comparing codes"],
  ["joined", { role: "member" }, "joined as member with an invitation of Ben"],
  ["set-role", { was: "admin", role: "owner" }, "changed the role of Ben from admin to owner"],
  ["removed-person", { was: "member" }, "removed Ben (member)"],
  [
    "removed-person",
    { was: "member", count: 2 },
    "removed Ben (member), whose devices were lost or stolen",
  ],
  ["removed-person", { was: "member", kind: "left" }, "confirmed that Ben (member) had left"],
  ["removed-device", { number: 1 }, "removed device 2 of Ben"],
  [
    "deposed",
    { was: "owner", count: 2 },
    "took the role of Ben (owner) by the consent of 2 trustees",
  ],
  ["made-space", { kind: "private", spaceName: "Board" }, "made the private space Board for "],
  [
    "changed-space",
    { kind: "private", spaceName: "Board", closed: "yes" },
    "changed the private space Board (closed)",
  ],
  ["changed-space", { kind: "main", closed: "yes" }, "changed the main space (closed)"],
  [
    "made-key",
    { kind: "group", spaceName: "0badcafe" },
    "made a new key for the direct conversation 0badcafe",
  ],
  ["made-key", { kind: "self" }, "made a new key for the space of their own devices"],
  ["what comes later", {}, "in English"],
])("says what was done: %s", (what, more, want) => {
  expect(act(line({ what, about: { ...about, ...more } }))).toBe(want)
})

test("says who did it, and why it does not count", () => {
  expect(author(line({}))).toBe("Owner, device 1")
  expect(author(line({ number: -1 }))).toBe("Owner, recovery key")
  expect(reason(line({}))).toBe("")
  expect(reason(line({ kept: false, because: 7, restsOn: 1 }))).toBe(
    "Does not count. At the same time, Ana took away the right to do this (entry 7).",
  )
  expect(reason(line({ kept: false, because: 7, restsOn: 3 }))).toContain("It rests on entry 3")
})

test("reads page by page, and a change of the filter while it reads counts", async () => {
  const asked: { person: string; before: number }[] = []
  const held: ((page: unknown) => void)[] = []
  const transport = new TestTransport({
    "Audit.List": (query: { person: string; before: number }) => {
      asked.push(query)
      return new Promise((answer) => held.push(answer))
    },
  })
  const page = (...numbers: number[]) => ({
    lines: numbers.map((n) => line({ n })),
    more: true,
    forks: null,
    people: null,
    whole: true,
  })
  const log = new AuditLog(transport, "w")
  const numbers = () => log.lines?.map(({ n }) => n)

  const first = log.load()
  log.person = "b"
  const second = log.load()
  held[1]?.(page(8, 9))
  held[0]?.(page(1))
  await Promise.all([first, second])
  expect(numbers()).toEqual([9, 8])

  const older = log.older()
  held[2]?.(page(5, 6))
  await older
  expect(numbers()).toEqual([9, 8, 6, 5])
  expect(asked.map(({ person, before }) => [person, before])).toEqual([
    ["", 0],
    ["b", 0],
    ["b", 8],
  ])
})
