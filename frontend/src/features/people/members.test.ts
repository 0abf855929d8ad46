import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { TestTransport } from "../../transport/testing"
import type { Matter } from "../../transport/types"
import { matterActs, matterText, type MatterAct } from "./matters"
import { Members } from "./members.svelte"
import { matter } from "./sample"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

async function load(answer: () => Matter[]) {
  const transport = new TestTransport({
    "Members.Matters": answer,
    "Members.PutAside": () => null,
    "Members.SetRole": () => null,
  })
  const members = new Members(transport, "w")
  await members.load()
  return { transport, members }
}

const ids = (members: Members) => members.matters.map(({ id }) => id)

test("a person sees what it may decide, and what everybody should know", async () => {
  const { members } = await load(() => [
    matter("1", "not-kept", { act: "let-in", decide: false }),
    matter("2", "suspended"),
    matter("3", "fork", { decide: false }),
  ])
  expect(ids(members)).toEqual(["2", "3"])
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

const all: Record<MatterAct, boolean> = {
  invite: true,
  role: true,
  remove: true,
  confirm: true,
  write: true,
  devices: true,
}
const nothing = Object.fromEntries(Object.keys(all).map((act) => [act, false])) as typeof all

test("each matter offers what helps, as far as this person may do it", () => {
  const acts = (one: Matter, may = all) => matterActs(one, "ana", may)
  expect(acts(matter("1", "suspended"))).toEqual(["confirm", "remove"])
  expect(acts(matter("1", "fork"))).toEqual(["write", "remove"])
  expect(acts(matter("1", "fork", { person: "ana" }))).toEqual(["devices"])
  expect(acts(matter("1", "lost", { act: "role" }))).toEqual(["invite"])
  expect(acts(matter("1", "not-kept", { act: "let-in" }))).toEqual(["invite"])
  expect(acts(matter("1", "not-kept", { act: "role" }))).toEqual(["role"])
  expect(acts(matter("1", "not-kept", { act: "removal" }))).toEqual(["remove"])
  expect(acts(matter("1", "not-kept", { act: "device-removal" }))).toEqual([])
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
  expect(title(matter("1", "suspended"))).toBe("Cleo waits to be confirmed")
  expect(title(matter("1", "fork", { person: "ana" }))).toBe(
    "A device of yours was copied, restored or taken over",
  )
})
