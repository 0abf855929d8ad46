import { expect, test } from "vitest"
import type { CallStat } from "../../transport/types"
import { fault, participant, stat } from "./sample"
import { sentence } from "./sentences"

const names: Record<string, string> = { a: "Ana", b: "Ben", f: "Flo" }
const around = {
  named: (device: string) => names[device] ?? "",
  self: "a",
  forwarder: "",
  bySuperPeer: false,
  tiny: false,
}
const they = participant("b", { camera: true })
const say = (change: Partial<CallStat> = {}, line = {}, who = they, more = {}) =>
  sentence("Ben", stat("b", change, line), who, { ...around, ...more })

test.each([
  ["waiting", "weak", "Connecting to Ben…"],
  ["connecting", "weak", "Connecting to Ben…"],
  ["interrupted", "bad", "The connection to Ben broke"],
])("%s is said", (state, quality, text) => {
  expect(say({ state })).toMatchObject({ quality })
  expect(say({ state }).text).toContain(text)
})

test("a good connection says by which way", () => {
  expect(say()).toEqual({
    quality: "good",
    text: "Ben: good connection on the local network, 2 ms.",
  })
  expect(say({ path: "tunnel" }).text).toContain("through another computer")
  expect(say({ path: "direct" }).text).toContain("direct")
  expect(say({}, {}, they, { forwarder: "f" }).text).toBe(
    "Ben: good connection through Flo’s computer.",
  )
  for (const forwarder of ["a", "b"])
    expect(say({}, {}, they, { forwarder }).text).toContain("local network")
})

const loss = (from: string, to: string, whose: string, incoming = true) => ({
  fault: fault("loss", { from, to, whose, incoming, amount: 55 }),
})
const slow = (from: string, to: string, whose: string, incoming = true) => ({
  fault: fault("narrow", { from, to, whose, incoming, amount: 120 }),
})

test("what is wrong, whose it is, and what is done about it", () => {
  expect(
    say({ fault: fault("loss", { from: "b", to: "a", whose: "b", amount: 120 }) }, { layerIn: "" }),
  ).toEqual({
    quality: "bad",
    text: "Ben’s upload loses 12 % of the packets; video is paused, sound is kept.",
  })
})

const advice = "Use a cable, sit closer to the access point or close programs that use the line."
const seen = "Ben sees you smaller or not at all, your sound is kept."

test.each([
  [
    "their upload",
    loss("b", "a", "b"),
    "Ben’s upload loses 6 % of the packets; video is smaller, sound is kept.",
  ],
  [
    "their narrow upload",
    slow("b", "a", "b"),
    "Ben’s upload carries only 120 kbit/s; video is smaller, sound is kept.",
  ],
  [
    "my download",
    loss("b", "a", "a"),
    `Your download loses 6 % of the packets; video is smaller, sound is kept. ${advice}`,
  ],
  [
    "my narrow download",
    slow("b", "a", "a"),
    `Your download carries only 120 kbit/s; video is smaller, sound is kept. ${advice}`,
  ],
  [
    "the line from them",
    loss("b", "a", ""),
    "The line from Ben to you loses 6 % of the packets; video is smaller, sound is kept.",
  ],
  [
    "the narrow line from them",
    slow("b", "a", ""),
    "The line from Ben to you carries only 120 kbit/s; video is smaller, sound is kept.",
  ],
  [
    "my upload",
    loss("a", "b", "a", false),
    `Your upload loses 6 % of the packets; ${seen} ${advice}`,
  ],
  [
    "my narrow upload",
    slow("a", "b", "a", false),
    `Your upload carries only 120 kbit/s; ${seen} ${advice}`,
  ],
  [
    "their download",
    loss("a", "b", "b", false),
    `Ben’s download loses 6 % of the packets; ${seen}`,
  ],
  [
    "their narrow download",
    slow("a", "b", "b", false),
    `Ben’s download carries only 120 kbit/s; ${seen}`,
  ],
  [
    "the line to them",
    loss("a", "b", "", false),
    `The line from you to Ben loses 6 % of the packets; ${seen}`,
  ],
  [
    "the narrow line to them",
    slow("a", "b", "", false),
    `The line from you to Ben carries only 120 kbit/s; ${seen}`,
  ],
])("%s", (_, change, text) => {
  expect(say(change, { layerIn: "small" })).toEqual({ quality: "weak", text })
})

test("a small picture in a small tile is nothing to be told", () => {
  const change = slow("b", "a", "", true)
  const effect = (tiny: boolean) => say(change, { layerIn: "small" }, they, { tiny }).text
  expect(effect(false)).toContain("video is smaller")
  expect(effect(true)).toContain("sound is repaired")
})

const through = "The call goes through Flo’s computer."

test.each([
  [
    "their upload to it",
    loss("b", "f", "b"),
    "Ben’s upload loses 6 % of the packets; sound is repaired.",
  ],
  [
    "its download",
    loss("b", "f", "f"),
    "Flo’s download loses 6 % of the packets; sound is repaired.",
  ],
  ["its upload", slow("f", "a", "f"), "Flo’s upload carries only 120 kbit/s; sound is repaired."],
  [
    "my download from it",
    loss("f", "a", "a"),
    `Your download loses 6 % of the packets; sound is repaired. ${advice}`,
  ],
  [
    "the line between",
    loss("b", "f", ""),
    "The line from Ben to Flo loses 6 % of the packets; sound is repaired.",
  ],
  [
    "the narrow line between",
    slow("f", "b", "", false),
    `The line from Flo to Ben carries only 120 kbit/s; ${seen}`,
  ],
])("through a forwarder: %s", (_, change, text) => {
  expect(say(change, {}, they, { forwarder: "f" }).text).toBe(`${text} ${through}`)
})

test("without a camera nothing is paused", () => {
  const text = say(loss("b", "a", "b"), { layerIn: "" }, participant("b")).text
  expect(text).toBe("Ben’s upload loses 6 % of the packets; sound is repaired.")
})

test("a long way is named", () => expect(say({ rttMs: 650 }).text).toContain("650 ms"))

test("a super-peer that carries the call is named, and so is a line that is bad all the same", () => {
  const over = { bySuperPeer: true }
  expect(say({ path: "direct", rttMs: 900 }, {}, they, over)).toEqual({
    quality: "good",
    text: "Ben: good connection through the super-peer.",
  })
  const fault = {
    kind: "loss",
    from: "a",
    to: "b",
    whose: "a",
    amount: 50,
    incoming: false,
  } as const
  expect(say({ fault }, {}, they, over).text).toMatch(/The call goes through the super-peer\.$/)
})
