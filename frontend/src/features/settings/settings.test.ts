import { afterEach, describe, expect, test } from "vitest"
import { m } from "../../paraglide/messages.js"
import { ApiError } from "../../transport/transport"
import { TestTransport } from "../../transport/testing"
import type { Peer, Status, Workspace } from "../../transport/types"
import { connectionOf, peersFor } from "./connection"
import { brief, day } from "./dates"
import { language } from "./language.svelte"
import { Settings } from "./settings.svelte"

const status = (change: Partial<Status> = {}): Status => ({
  peer: "p",
  addrs: [],
  version: "1",
  locked: false,
  fresh: false,
  recovers: false,
  protection: "keyring",
  network: "online",
  disk: "ok",
  isolated: "",
  problems: [],
  workspaces: [],
  peers: [],
  ...change,
})
const workspaceOf = (change: Partial<Workspace>): Workspace => ({
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
  superPeersUp: 0,
  behind: 0,
  stopped: "",
  ...change,
})
const peer: Peer = { peer: "x", person: "ben", name: "Ben", path: "lan", rttMs: 1 }

const make = (answers: ConstructorParameters<typeof TestTransport>[0] = {}) => {
  const transport = new TestTransport({
    "Settings.Status": () => status(),
    "Settings.Preferences": () => ({ language: "", theme: "", dismissed: "" }),
    "Settings.SetPreferences": () => null,
    ...answers,
  })
  return { transport, settings: new Settings(transport) }
}

afterEach(() => language.choose("en"))

test("the connection is told in the order of what hurts most", async () => {
  const { transport, settings } = make()
  const connection = () => connectionOf(settings.reachable, settings.status, undefined)
  await settings.load()
  expect(connection()).toBe("alone")
  transport.tell("status", status({ peers: [peer] }))
  expect(connection()).toBe("online")
  transport.tell("status", status({ peers: [peer], network: "offline" }))
  expect(connection()).toBe("offline")
  transport.tell("transport", { state: "lost" })
  expect(connection()).toBe("lost")
  transport.tell("transport", { state: "open" })
  expect(connection()).toBe("offline")
})

test("what a status says while another one is read counts", async () => {
  let answer: (status: Status) => void = () => {}
  const { transport, settings } = make({
    "Settings.Status": () => new Promise<Status>((done) => (answer = done)),
  })
  const loading = settings.load()
  transport.tell("status", status({ locked: false }))
  answer(status({ locked: true }))
  await loading
  expect(settings.status?.locked).toBe(false)
})

describe("a super-peer counts for the connection as it does for the banner", () => {
  const superPeer: Peer = { peer: "s", person: "", name: "", path: "super-peer", rttMs: 1 }
  const cases: [string, Peer[], Partial<Workspace> | undefined, string, string[]][] = [
    ["it answers", [superPeer], { superPeersUp: 1 }, "online", ["s"]],
    ["it answers, the status comes later", [], { superPeersUp: 1 }, "online", []],
    ["it was lost, the status comes later", [superPeer], { superPeersUp: 0 }, "alone", []],
    ["it was lost, a device is there", [superPeer, peer], { superPeersUp: 0 }, "online", ["x"]],
    ["it is another workspace’s", [superPeer], { superPeers: 0, superPeersUp: 0 }, "alone", []],
    ["no workspace is shown", [superPeer], undefined, "online", ["s"]],
    ["a workspace is being joined", [superPeer], { state: "joining" }, "online", ["s"]],
  ]
  test.each(cases)("%s", (_, peers, change, connection, shown) => {
    const now = status({ peers })
    const workspace = change && workspaceOf(change)
    expect(connectionOf(true, now, workspace)).toBe(connection)
    expect(peersFor(now, workspace).map(({ peer }) => peer)).toEqual(shown)
  })
})

test("a locked program still shows its status", async () => {
  const { settings } = make({
    "Settings.Status": () => status({ locked: true }),
    "Settings.Preferences": () => {
      throw new ApiError("locked", "locked")
    },
  })
  await settings.load()
  expect(settings.status?.locked).toBe(true)
})

test("language and theme change at once and are saved", async () => {
  const { transport, settings } = make()
  await settings.change({ language: "fr" })
  await settings.change({ theme: "dark" })
  expect(m.today()).toBe("Aujourd’hui")
  expect(document.documentElement.lang).toBe("fr")
  expect(document.documentElement.dataset.theme).toBe("dark")
  expect(transport.of("Settings.SetPreferences").at(-1)).toEqual([
    { language: "fr", theme: "dark", dismissed: "" },
  ])
  await settings.change({ theme: "" })
  expect(document.documentElement.dataset.theme).toBeUndefined()
})

test("days have the words people use", () => {
  const now = new Date(2026, 10, 22, 9).getTime()
  expect(day(new Date(2026, 10, 22, 1).getTime(), now)).toBe("Today")
  expect(day(new Date(2026, 10, 21, 23).getTime(), now)).toBe("Yesterday")
  expect(day(new Date(2026, 10, 3).getTime(), now)).toContain("November")
  expect(day(new Date(2025, 10, 3).getTime(), now)).toContain("2025")
  language.choose("fr")
  expect(day(new Date(2026, 10, 3).getTime(), now)).toBe("Mardi 3 novembre")
  expect(brief(new Date(2026, 10, 21, 23, 5).getTime(), now)).toContain("hier")
})
