import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { TestTransport } from "../../transport/testing"
import type { Workspace } from "../../transport/types"
import { language } from "../settings/language.svelte"
import { Settings } from "../settings/settings.svelte"
import { Arrivals } from "./arrivals.svelte"
import { people, sentences } from "./closing"
import { Reach } from "./reach.svelte"
import { suggestion } from "./suggestion"
import { Workspaces } from "./workspaces.svelte"

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  language.choose("en")
})

const workspace = (change: Partial<Workspace> = {}): Workspace => ({
  id: "w",
  name: "w",
  self: "ana",
  role: "owner",
  state: "ready",
  waiting: "",
  main: "s",
  people: 2,
  online: 1,
  queued: 0,
  heldBySuperPeer: 0,
  superPeers: 1,
  superPeersUp: 1,
  behind: 0,
  stopped: "",
  ...change,
})

describe("the loss of the last super-peer", () => {
  const down = workspace({ superPeersUp: 0 })

  test("is told within five seconds, and not once it is back", () => {
    const reach = new Reach()
    reach.see(workspace())
    reach.see(down)
    vi.advanceTimersByTime(200)
    expect(reach.lost).toBe(false)
    vi.advanceTimersByTime(1_500)
    expect(reach.lost).toBe(true)
    reach.see(workspace())
    expect(reach.lost).toBe(false)
  })

  test("is no loss while the first connection is made", () => {
    const reach = new Reach()
    reach.see(down)
    vi.advanceTimersByTime(4_000)
    expect(reach.lost).toBe(false)
    vi.advanceTimersByTime(10_000)
    expect(reach.lost).toBe(true)
  })

  test("does not begin anew with every news of the workspace", () => {
    const reach = new Reach()
    reach.see(workspace())
    for (let i = 0; i < 5; i++) {
      reach.see({ ...down, queued: i })
      vi.advanceTimersByTime(400)
    }
    expect(reach.lost).toBe(true)
  })

  test("is that of the workspace that is shown", () => {
    const reach = new Reach()
    reach.see(workspace())
    reach.see(down)
    reach.see(workspace({ id: "other", superPeers: 0, superPeersUp: 0 }))
    vi.advanceTimersByTime(20_000)
    expect(reach.lost).toBe(false)
  })

  test("is none while one of several is there, or in a workspace without", () => {
    const reach = new Reach()
    reach.see(workspace({ superPeers: 2, superPeersUp: 1 }))
    reach.see(workspace({ superPeers: 0, superPeersUp: 0 }))
    vi.advanceTimersByTime(20_000)
    expect(reach.lost).toBe(false)
  })
})

describe("catching up", () => {
  test("counts from the most that was missing", () => {
    const arrivals = new Arrivals()
    for (const behind of [1000, 4000, 1000]) arrivals.see("w", behind)
    expect(arrivals.share).toBe(0.75)
    arrivals.see("w", 0)
    expect(arrivals.share).toBeUndefined()
  })

  test("is not shown for a few messages, and begins anew in another workspace", () => {
    const arrivals = new Arrivals()
    arrivals.see("w", 20)
    expect(arrivals.share).toBeUndefined()
    arrivals.see("w", 5000)
    arrivals.see("v", 10)
    expect(arrivals.share).toBeUndefined()
  })
})

describe("closing the window", () => {
  test("says what waits for whom", () => {
    const waiting = (count: number, names: string[], name = "Atelier") => ({
      workspace: name,
      name,
      count,
      people: names,
    })
    expect(sentences([waiting(3, ["Ben", "Chloé"])])).toEqual(["3 items wait for Ben and Chloé."])
    expect(sentences([waiting(1, []), waiting(2, ["Ben"], "Harbour")])).toEqual([
      "Atelier: 1 item waits for your other devices.",
      "Harbour: 2 items wait for Ben.",
    ])
    language.choose("fr")
    expect(sentences([waiting(1, ["Ben", "Chloé"])])[0]).toContain("attend Ben et Chloé.")
  })

  test("names a few and counts the others", () => {
    expect(people(["A", "B", "C", "D"])).toBe("A, B, C, and D")
    expect(people(["A", "B", "C", "D", "E"])).toBe("A, B, C, and 2 others")
  })
})

test("a hint that was dismissed stays dismissed, beside others", async () => {
  const transport = new TestTransport({ "Settings.SetPreferences": () => null })
  const settings = new Settings(transport)
  await settings.dismiss("super-peer/w")
  await settings.dismiss("super-peer/w")
  await settings.dismiss("super-peer/v")
  expect(settings.dismissed("super-peer/w")).toBe(true)
  expect(settings.dismissed("super-peer")).toBe(false)
  expect(transport.of("Settings.SetPreferences").at(-1)).toMatchObject([
    { dismissed: "super-peer/w\nsuper-peer/v" },
  ])
  expect(transport.of("Settings.SetPreferences")).toHaveLength(2)
})

test("whoever was invited is remembered for the suggestion of a super-peer", async () => {
  const transport = new TestTransport({ "Workspaces.Invites": () => [{}] })
  const workspaces = new Workspaces(transport)
  expect(workspaces.invited.has("w")).toBe(false)
  await workspaces.invites("w")
  expect(workspaces.invited.has("w")).toBe(true)
})

describe("a super-peer is suggested", () => {
  const alone = { role: "owner", people: 1, superPeers: 0, superPeersUp: 0 }
  const cases: [string, Partial<Workspace>, boolean, boolean, string][] = [
    ["in the welcome while the owner is alone", alone, false, false, "welcome"],
    ["as a banner once somebody was invited", alone, true, false, "banner"],
    ["as a banner once somebody is there", { ...alone, people: 2 }, false, false, "banner"],
    ["nowhere once it was put away", alone, true, true, ""],
    ["nowhere where there is one", { ...alone, superPeers: 1 }, true, false, ""],
    ["to nobody who cannot add one", { ...alone, role: "admin", people: 3 }, true, false, ""],
  ]
  test.each(cases)("%s", (_, change, invited, dismissed, where) => {
    expect(suggestion({ workspace: workspace(change), invited, dismissed })).toBe(where)
  })

  test("nowhere without a workspace", () => {
    expect(suggestion({ workspace: undefined, invited: false, dismissed: false })).toBe("")
  })
})
