import { expect, test } from "vitest"
import { TestTransport } from "../../transport/testing"
import type { Channel, Space } from "../../transport/types"
import { Channels } from "./channels.svelte"
import { channel } from "./sample"

const space = (id: string, kind: string, name = ""): Space => ({
  id,
  kind,
  name,
  history: "full",
  people: [],
  by: "",
  verifiedOnly: false,
  closed: false,
})

async function load(channels: Channel[], spaces = [space("s", "main")]) {
  const transport = new TestTransport({
    "Chat.Channels": () => channels,
    "Workspaces.Spaces": () => spaces,
  })
  const result = new Channels(transport, "w")
  await result.load()
  return { transport, channels: result }
}

test("general comes first, the others by name", async () => {
  const { channels } = await load([
    channel("zoo"),
    channel("general"),
    channel("Élan"),
    channel("budget"),
  ])
  expect(channels.channels.map((c) => c.name)).toEqual(["general", "budget", "Élan", "zoo"])
})

test("direct conversations are sorted by their newest message", async () => {
  const { channels } = await load([
    channel("a", { kind: "direct", last: 1 }),
    channel("b", { kind: "direct", last: 9 }),
  ])
  expect(channels.direct.map((c) => c.id)).toEqual(["b", "a"])
})

test("a private space gives its name to its first channel", async () => {
  const { channels } = await load(
    [channel("x", { space: "p", name: "general" }), channel("y", { space: "p", name: "pay" })],
    [space("p", "private", "Board")],
  )
  expect(channels.all.map((c) => channels.title(c))).toEqual(["Board", "Board / pay"])
})

test("a name is taken where another channel or private space has it", async () => {
  const { channels } = await load(
    [channel("budget"), channel("x", { space: "p", name: "general" })],
    [space("s", "main"), space("p", "private", "Board"), space("g", "group")],
  )
  expect(channels.taken(" Budget ", "")).toBe(true)
  expect(channels.taken("budget", "p")).toBe(false)
  expect(channels.taken("General", "p")).toBe(true)
  expect(channels.taken("general", "")).toBe(false)
  expect(channels.privateTaken(" bOARD ")).toBe(true)
  expect(channels.privateTaken("budget")).toBe(false)
  expect(channels.privateTaken("")).toBe(false)
})

test("an event makes or changes a channel of this workspace only", async () => {
  const { transport, channels } = await load([channel("general")])
  transport.tell("chat.channel", channel("general", { unread: 3 }))
  transport.tell("chat.channel", channel("new"))
  transport.tell("chat.channel", channel("foreign", { workspace: "other" }))
  expect(channels.unread).toBe(3)
  expect(channels.channels.map((c) => c.id)).toEqual(["general", "new"])
})

test("a channel of an unknown space lets the spaces be loaded", async () => {
  const spaces = [space("s", "main")]
  const { transport, channels } = await load([channel("general")], spaces)
  spaces.push(space("p", "private", "Board"))
  transport.tell("chat.channel", channel("x", { space: "p", name: "general" }))
  await new Promise((done) => setTimeout(done))
  expect(channels.title(channels.get("x") as Channel)).toBe("Board")
})

test("lists that the program sends as null are empty", async () => {
  const transport = new TestTransport({
    "Chat.Channels": () => null,
    "Workspaces.Spaces": () => null,
  })
  const channels = new Channels(transport, "w")
  await channels.load()
  expect(channels.all).toEqual([])
})

test("what lies in a space that one is taken out of goes, and the page is told", async () => {
  const spaces = [space("s", "main"), space("p", "private", "Board")]
  const listed = [channel("general"), channel("x", { space: "p" })]
  const { channels } = await load(listed, spaces)
  const left: string[] = []
  channels.onLeft(({ name }) => left.push(name))
  spaces.pop()
  listed.pop()
  await channels.load()
  expect(channels.all.map(({ id }) => id)).toEqual(["general"])
  expect(left).toEqual(["Board"])
})

test("a channel that is made while the list loads stays", async () => {
  const listed = [channel("general")]
  const { transport, channels } = await load(listed)
  const loading = channels.load()
  transport.tell("chat.channel", channel("new"))
  await loading
  expect(channels.all.map(({ id }) => id)).toEqual(["general", "new"])
})

test("the conversation with one person is found", async () => {
  const { channels } = await load([
    channel("a", { kind: "direct", people: ["ana", "ben", "cleo"] }),
    channel("b", { kind: "direct", people: ["ana", "ben"] }),
  ])
  expect(channels.directWith("ben")?.id).toBe("b")
  expect(channels.directWith("cleo")).toBeUndefined()
})
