import { expect, test } from "vitest"
import { ApiError } from "../../transport/transport"
import { TestTransport } from "../../transport/testing"
import type { Call, CallParticipant } from "../../transport/types"
import { Calls } from "./calls.svelte"
import { call, participant, stat } from "./sample"

const ana = participant("a", { self: true })
const ben = participant("b")

async function load(calls: Call[], answers = {}) {
  const transport = new TestTransport({
    "Calls.List": () => calls,
    "Calls.Leave": () => undefined,
    "Calls.Set": () => undefined,
    "Calls.Decline": () => undefined,
    ...answers,
  })
  const made = new Calls(transport)
  await made.load("w")
  return { transport, calls: made }
}

test("a call that somebody is in can be joined, one that is over cannot", async () => {
  const { calls, transport } = await load([call("1"), call("2", { participants: [ben] })])
  expect(calls.in("general")?.id).toBe("2")
  transport.tell("call", call("2", { ended: 9 }))
  expect(calls.in("general")).toBeUndefined()
})

test("the own call is the one that this device is in, oneself last", async () => {
  const { calls } = await load([call("1", { here: true, participants: [ana, ben] })])
  expect(calls.own?.id).toBe("1")
  expect(calls.participants.map(({ device }) => device)).toEqual(["b", "a"])
})

test("starting says how, and the answer is shown before any event", async () => {
  const { calls, transport } = await load([], {
    "Calls.Start": () => call("7", { here: true, participants: [ana] }),
  })
  await calls.start("w", "general", { muted: false, camera: true })
  expect(transport.of("Calls.Start")[0]).toEqual([
    {
      workspace: "w",
      channel: "general",
      media: "page",
      allowRecording: false,
      muted: false,
      camera: true,
    },
  ])
  expect(calls.own?.id).toBe("7")
})

test("two changes after one another keep each other", async () => {
  const { calls, transport } = await load([call("1", { here: true, participants: [ana] })])
  await Promise.all([calls.set({ muted: true }), calls.set({ hand: true })])
  expect(transport.of("Calls.Set").at(-1)).toEqual([
    { muted: true, camera: false, screen: false, hand: true, recording: false },
  ])
  expect(calls.state).toMatchObject({ muted: true, hand: true })
})

test("leaving is shown at once, and having left is no error", async () => {
  const { calls } = await load([call("1", { here: true, participants: [ana] })], {
    "Calls.Leave": () => Promise.reject(new ApiError("invalid", "not in it")),
  })
  const left = calls.leave()
  expect(calls.own).toBeUndefined()
  await left
})

test("what rings can be declined, and stops when it is answered elsewhere", async () => {
  const { calls, transport } = await load([call("1"), call("2", { started: 5 })])
  const ring = { workspace: "w", channel: "general", by: "b", stopped: "" }
  transport.tell("call.ring", { ...ring, id: "1", ringing: true })
  transport.tell("call.ring", { ...ring, id: "2", ringing: true })
  expect(calls.ringing.map(({ id }) => id)).toEqual(["2", "1"])
  await calls.decline(calls.ringing[0] as Call)
  expect(transport.of("Calls.Decline")).toEqual([[{ workspace: "w", id: "2" }]])
  transport.tell("call.ring", { ...ring, id: "1", ringing: false, stopped: "joined" })
  expect(calls.ringing).toEqual([])
})

test("a ring before its call loads the call", async () => {
  const calls: Call[] = []
  const loaded = await load(calls)
  calls.push(call("3", { ringing: true }))
  const ring = { workspace: "w", channel: "general", by: "b", stopped: "" }
  loaded.transport.tell("call.ring", { ...ring, id: "3", ringing: true })
  await new Promise((done) => setTimeout(done))
  expect(loaded.calls.ringing.map(({ id }) => id)).toEqual(["3"])
})

test("a call is missed until the next one", async () => {
  const { calls, transport } = await load([call("1", { missed: true, started: 1 })])
  expect(calls.missed("general")?.id).toBe("1")
  expect(calls.missed("other")).toBeUndefined()
  transport.tell("call", call("2", { started: 2 }))
  expect(calls.missed("general")).toBeUndefined()
})

test("statistics are kept by device", async () => {
  const { calls, transport } = await load([])
  transport.tell("call.stats", {
    workspace: "w",
    id: "1",
    participants: [stat("b", { rttMs: 4 })],
    forwarder: "b",
    bySuperPeer: true,
  })
  expect(calls.forwarder).toBe("b")
  expect(calls.bySuperPeer).toBe(true)
  expect(calls.stat("b")?.rttMs).toBe(4)
  expect(calls.stat("c")).toBeUndefined()
})

test("a call without participants in the answer is none that goes on", async () => {
  const nothing = null as unknown as CallParticipant[]
  const { calls } = await load([call("1", { participants: nothing, here: true })])
  expect(calls.participants).toEqual([])
  expect(calls.state.muted).toBe(true)
})

test("who lost the connection is known until they are back", async () => {
  const lost = [
    { device: "b", person: "b", at: 1 },
    { device: "c", person: "c", at: 2 },
  ]
  const { calls, transport } = await load([call("1", { here: true, participants: [ana], lost })])
  expect(calls.lost.map(({ device }) => device)).toEqual(["c", "b"])
  transport.tell("call", call("1", { here: true, participants: [ana, ben], lost }))
  expect(calls.lost.map(({ device }) => device)).toEqual(["c"])
})

test("a call that the program has left can be joined again while somebody is in it", async () => {
  const left = call("1", { rejoin: true, participants: [ben] })
  const { calls, transport } = await load([left])
  expect(calls.rejoin?.id).toBe("1")
  transport.tell("call", call("2", { here: true, participants: [ana] }))
  expect(calls.rejoin).toBeUndefined()
  transport.tell("call", call("2"))
  transport.tell("call", { ...left, participants: [] })
  expect(calls.rejoin).toBeUndefined()
})

test("who waits is of the own call alone, and is let in or sent away by its id", async () => {
  const knock = { guest: "g", name: "Marc", at: 1 }
  const { calls, transport } = await load(
    [call("1", { participants: [ben], lobby: [knock] }), call("2", { here: true })],
    { "Calls.Admit": () => undefined, "Calls.Remove": () => undefined },
  )
  expect(calls.lobby).toEqual([])
  transport.tell("call", call("2", { here: true, participants: [ana], lobby: [knock] }))
  expect(calls.lobby).toEqual([knock])
  await calls.admit("g")
  await calls.dismiss("g")
  expect(transport.of("Calls.Admit")).toEqual([[{ guest: "g" }]])
  expect(transport.of("Calls.Remove")).toEqual([[{ guest: "g" }]])
})
