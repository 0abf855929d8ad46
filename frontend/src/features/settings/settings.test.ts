import { afterEach, expect, test } from "vitest"
import { m } from "../../paraglide/messages.js"
import { ApiError } from "../../transport/transport"
import { TestTransport } from "../../transport/testing"
import type { Peer, Status } from "../../transport/types"
import { brief, day } from "./dates"
import { language } from "./language.svelte"
import { Settings } from "./settings.svelte"

const status = (change: Partial<Status> = {}): Status => ({
  peer: "p",
  addrs: [],
  version: "1",
  locked: false,
  fresh: false,
  protection: "keyring",
  network: "online",
  disk: "ok",
  problems: [],
  workspaces: [],
  peers: [],
  ...change,
})
const peer: Peer = { peer: "x", person: "ben", name: "Ben", path: "lan", rttMs: 1 }

const make = (answers: ConstructorParameters<typeof TestTransport>[0] = {}) => {
  const transport = new TestTransport({
    "Settings.Status": () => status(),
    "Settings.Preferences": () => ({ language: "", theme: "" }),
    "Settings.SetPreferences": () => null,
    ...answers,
  })
  return { transport, settings: new Settings(transport) }
}

afterEach(() => language.choose("en"))

test("the connection is told in the order of what hurts most", async () => {
  const { transport, settings } = make()
  await settings.load()
  expect(settings.connection).toBe("alone")
  transport.tell("status", status({ peers: [peer] }))
  expect(settings.connection).toBe("online")
  transport.tell("status", status({ peers: [peer], network: "offline" }))
  expect(settings.connection).toBe("offline")
  transport.tell("transport", { state: "lost" })
  expect(settings.connection).toBe("lost")
  transport.tell("transport", { state: "open" })
  expect(settings.connection).toBe("offline")
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
    { language: "fr", theme: "dark" },
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
