import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { TestTransport } from "../../transport/testing"
import type { Matter, Rules } from "../../transport/types"
import { loweredText, matterActs, matterText, type MatterAct } from "./matters"
import { Members } from "./members.svelte"
import { holdsOffice, majority, proposedTrustees } from "./rights"
import { matter, person } from "./sample"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const rules: Rules = { workspace: "w", quorum: 0, trustees: [], instant: false, change: true }

async function load(answer: () => Matter[]) {
  const transport = new TestTransport({
    "Members.Matters": answer,
    "Members.PutAside": () => null,
    "Members.SetRole": () => null,
    "Members.Rules": () => rules,
    "Members.SetRules": () => null,
    "Members.Consent": () => "parvis-consent-x",
    "Members.Depose": () => null,
  })
  const members = new Members(transport, "w", "self")
  await members.load()
  return { transport, members }
}

const ids = (members: Members) => members.matters.map(({ id }) => id)

test("a person sees what it may decide, and what everybody should know", async () => {
  const { members } = await load(() => [
    matter("1", "not-kept", { act: "let-in", decide: false }),
    matter("2", "suspended"),
    matter("3", "fork", { decide: false }),
    matter("4", "not-kept", { act: "removal", by: "self", decide: false }),
  ])
  expect(ids(members)).toEqual(["2", "3", "4"])
  const own = members.matters[2] as Matter
  expect(matterText(own, (id) => id, "self").about).toMatch(/Ask an owner or an admin/)
})

test("matters are fetched again when people of this workspace change, but not for each change", async () => {
  let held = [matter("1", "suspended")]
  const { transport, members } = await load(() => held)
  held = []
  transport.tell("members", { workspace: "other" })
  await vi.runAllTimersAsync()
  expect(ids(members)).toEqual(["1"])
  for (let change = 0; change < 50; change++) transport.tell("members", { workspace: "w" })
  held = [matter("2", "fork")]
  await vi.runAllTimersAsync()
  expect(ids(members)).toEqual(["2"])
  expect(transport.of("Members.Matters")).toHaveLength(3)
  members.close()
  transport.tell("members", { workspace: "w" })
  await vi.runAllTimersAsync()
  expect(transport.of("Members.Matters")).toHaveLength(3)
})

test("what is put aside goes at once", async () => {
  const { transport, members } = await load(() => [matter("1", "fork"), matter("2", "fork")])
  await members.putAside("1")
  expect(ids(members)).toEqual(["2"])
  expect(transport.of("Members.PutAside")).toEqual([[{ workspace: "w", id: "1" }]])
})

test("trustees are named with the other rules as they are, and no quorum is left without them", async () => {
  const { transport, members } = await load(() => [])
  await members.setTrustees(["a", "b", "c"], 2)
  expect(members.rules).toEqual({ ...rules, trustees: ["a", "b", "c"], quorum: 2 })
  await members.setTrustees([], 2)
  expect(transport.of("Members.SetRules")).toEqual([
    [{ ...rules, trustees: ["a", "b", "c"], quorum: 2 }],
    [{ ...rules, trustees: [], quorum: 0 }],
  ])
})

test("a trustee agrees, and deposes with what others agreed to", async () => {
  const { transport, members } = await load(() => [])
  expect(await members.consent({ person: "p", successor: "s" })).toBe("parvis-consent-x")
  await members.depose({ person: "p", successor: "", consents: ["one"] })
  expect(transport.of("Members.Consent")).toEqual([
    [{ workspace: "w", person: "p", successor: "s", consents: [] }],
  ])
  expect(transport.of("Members.Depose")).toEqual([
    [{ workspace: "w", person: "p", successor: "", consents: ["one"] }],
  ])
})

test("two of three trustees are proposed: oneself, then those with an office, never a guest", () => {
  const people = [
    person("g", "Anna", { role: "guest" }),
    person("m", "Ben"),
    person("x", "Carl", { role: "admin", state: "removed" }),
    person("s", "Dan", { role: "admin", state: "suspended" }),
    person("o", "Eve", { role: "owner", self: true }),
    person("n", "Finn"),
    person("a", "Gus", { role: "admin" }),
  ]
  expect(proposedTrustees(people)).toEqual(["o", "a", "m"])
  expect([1, 2, 3, 4, 5].map(majority)).toEqual([1, 2, 2, 3, 3])
  expect(people.filter(holdsOffice).map(({ id }) => id)).toEqual(["o", "a"])
})

const all: Record<MatterAct, boolean> = {
  invite: true,
  role: true,
  remove: true,
  confirm: true,
  write: true,
  devices: true,
  device: true,
}
const nothing = Object.fromEntries(Object.keys(all).map((act) => [act, false])) as typeof all

test("each matter offers what helps, as far as this person may do it", () => {
  const acts = (one: Matter, may = all) => matterActs(one, "ana", may)
  expect(acts(matter("1", "suspended"))).toEqual(["confirm", "remove"])
  expect(acts(matter("1", "fork"))).toEqual(["device", "write"])
  expect(acts(matter("1", "fork", { person: "ana" }))).toEqual(["devices"])
  expect(acts(matter("1", "fork", { person: "ana", this: true }))).toEqual([])
  expect(acts(matter("1", "lost", { act: "role" }))).toEqual(["invite"])
  expect(acts(matter("1", "not-kept", { act: "let-in" }))).toEqual(["invite"])
  expect(acts(matter("1", "not-kept", { act: "role" }))).toEqual(["role"])
  expect(acts(matter("1", "not-kept", { act: "removal" }))).toEqual(["remove"])
  expect(acts(matter("1", "not-kept", { act: "device-removal" }))).toEqual([])
  expect(acts(matter("1", "not-kept", { act: "invitation", person: "" }))).toEqual([])
  expect(acts(matter("1", "suspended"), nothing)).toEqual([])
})

test("a matter is a sentence with the names of those whom it is about", () => {
  const names: Record<string, string> = { ana: "Ana", ben: "Ben", cleo: "Cleo" }
  const title = (one: Matter) => matterText(one, (id) => names[id] ?? id, "ana").title
  expect(title(matter("1", "not-kept", { act: "let-in" }))).toBe("Not kept: Ben let Cleo in")
  expect(title(matter("1", "not-kept", { act: "role", role: "admin" }))).toBe(
    "Not kept: Ben made Cleo an admin",
  )
  expect(title(matter("1", "not-kept", { act: "removal" }))).toBe("Not kept: Ben removed Cleo")
  expect(title(matter("1", "not-kept", { act: "let-in", by: "" }))).toBe(
    "Not kept: Somebody let Cleo in",
  )
  expect(title(matter("1", "not-kept", { act: "invitation", person: "" }))).toBe(
    "Not kept: an invitation of yours",
  )
  expect(title(matter("1", "suspended"))).toBe("Cleo waits to be confirmed")
  expect(title(matter("1", "fork", { person: "ana", deviceName: "Old laptop" }))).toBe(
    "Your device Old laptop was copied, restored or taken over",
  )
  expect(title(matter("1", "fork", { number: 2 }))).toBe(
    "Device 2 of Cleo was copied, restored or taken over",
  )
  const about = (decide: boolean) =>
    matterText(matter("1", "fork", { decide }), (id) => names[id] ?? id, "ana").about
  expect([
    about(true).includes("remove this device"),
    about(false).includes("Tell an owner"),
  ]).toEqual([true, true])
})

test("who lost an office reads by whom, apart from what is to be decided", async () => {
  const lost = matter("1", "lowered", { act: "role", person: "ana", role: "member", was: "admin" })
  const { members } = await load(() => [lost, matter("2", "fork", { decide: false })])
  expect([ids(members), members.forks.map(({ id }) => id), members.lowered?.id]).toEqual([
    ["2"],
    ["2"],
    "1",
  ])
  expect(loweredText(lost, () => "Ben", "Atelier")).toBe(
    "Ben made you a member of Atelier. You are no longer an admin.",
  )
  expect(loweredText({ ...lost, act: "deposition" }, () => "Ben", "Atelier")).toContain(
    "other trustees",
  )
  await members.putAside("1")
  expect(members.lowered).toBeUndefined()
})
