import { expect, test } from "vitest"
import { TestTransport } from "../../transport/testing"
import type { Person } from "../../transport/types"
import { People } from "./people.svelte"
import { trustOf } from "./presence"
import { person } from "./sample"

async function load(people: Person[]) {
  const transport = new TestTransport({ "People.List": () => people, "People.Rename": () => null })
  const result = new People(transport, "w")
  await result.load()
  return { transport, people: result }
}

test("people of one name are told apart, others need no mark", async () => {
  const [ben, other, zoe] = [
    person("11111111aa", "Ben"),
    person("22222222bb", "ben"),
    person("33333333cc", "Zoé"),
  ]
  const { people } = await load([ben, other, zoe])
  expect([ben, other, zoe].map((one) => people.mark(one))).toEqual(["11111111", "22222222", ""])
})

test("people are found by the start of any part of their name, without accents", async () => {
  const { people } = await load([
    person("1", "Élodie Lefèvre"),
    person("2", "Anne-Marie Dubois"),
    person("3", "Zoé"),
  ])
  const find = (query: string) => people.find(query).map((p) => p.name)
  expect(find("elo")).toEqual(["Élodie Lefèvre"])
  expect(find("lef")).toEqual(["Élodie Lefèvre"])
  expect(find("marie")).toEqual(["Anne-Marie Dubois"])
  expect(find("ZOE")).toEqual(["Zoé"])
  expect(find("fevre")).toEqual([])
  expect(find(" ")).toHaveLength(3)
})

test("former members keep their name but are not listed", async () => {
  const { people } = await load([
    person("1", "Ana", { self: true }),
    person("2", "Ben", { state: "removed" }),
    person("7", "Bea", { state: "left" }),
  ])
  expect(people.all.map((p) => p.name)).toEqual(["Ana"])
  expect(people.name("2")).toBe("Ben")
  expect(people.self?.name).toBe("Ana")
})

test("somebody whose name has not arrived has a short id", async () => {
  const { people } = await load([])
  expect(people.name("0123456789abcdef")).toBe("01234567")
})

test("events change people of this workspace only", async () => {
  const { transport, people } = await load([person("1", "Ana")])
  transport.tell("person", person("1", "Ana Lopez", { online: true }))
  transport.tell("person", person("9", "Foreign", { workspace: "other" }))
  expect(people.all.map((p) => [p.name, p.online])).toEqual([["Ana Lopez", true]])
})

test("how sure one can be of somebody is said in words", () => {
  const name = (id: string) => (id === "a" ? "Ana" : id)
  const words = (change: Partial<Person>) => trustOf(person("1", "Ben", change), name)
  expect(words({ invitedBy: "a" })).toContain("invitation of Ana")
  expect(words({ invitedBy: "a", admittedBy: "a" })).toContain(
    "Let in by Ana after comparing codes",
  )
  expect(words({ state: "verified", invitedBy: "a" })).toContain("Verified")
  expect(words({ state: "new-device", verifiedAt: 5 })).toContain("since you compared codes")
  expect(words({ state: "new-device" })).toContain("within seven days")
  expect(words({ state: "removed", verifiedAt: 5 })).toBe("Was removed from the workspace.")
  expect(words({ state: "left", verifiedAt: 5 })).toBe("Left the workspace.")
})

test("verifying and introducing name the person", async () => {
  const calls: unknown[][] = []
  const transport = new TestTransport({
    "People.Verify": (...args: unknown[]) => calls.push(["verify", ...args]),
    "People.Vouch": (...args: unknown[]) => calls.push(["vouch", ...args]),
  })
  const people = new People(transport, "w")
  await people.verify("1")
  await people.vouch("1")
  expect(calls).toEqual([
    ["verify", "w", "1"],
    ["vouch", "w", "1"],
  ])
})

test("a guest whose name does not arrive is called one", async () => {
  const { people } = await load([
    person("0123456789abcdef", "01234567", { role: "guest" }),
    person("fedcba9876543210", "fedcba98"),
    person("1", "Zoé", { role: "guest" }),
  ])
  expect(people.name("0123456789abcdef")).toBe("Guest 0123")
  expect(people.name("fedcba9876543210")).toBe("fedcba98")
  expect(people.name("1")).toBe("Zoé")
})
