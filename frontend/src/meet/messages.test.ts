import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { decode, encode } from "./cbor"
import { hex, linkOf, pairOf, parseFragment, unhex, type Bytes, type Pair } from "./keys"
import { isAnswer, messageBytes, openAnswer, sealKnock, Session, states } from "./messages"

/** What Go has recorded of one whole visit (crdt/guest, V27). */
type Vectors = {
  Secret: string
  Fragment: string
  Room: string
  MemberScalar: string
  GuestScalar: string
  MemberPublic: string
  GuestPublic: string
  GuestID: string
  Name: string
  Answer: string
  Messages: {
    Type: number
    Text: string
    Mark: string
    Flags: number
    Plain: string
    Member: string
    Guest: string
  }[]
}
const v = JSON.parse(readFileSync("../crdt/guest/testdata/vectors.json", "utf8")) as Vectors

const url = (bytes: Bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "")

async function pair(scalar: string, point: string): Promise<Pair> {
  const raw = unhex(point)
  const key = await crypto.subtle.importKey(
    "jwk",
    {
      kty: "EC",
      crv: "P-256",
      d: url(unhex(scalar)),
      x: url(raw.slice(1, 33)),
      y: url(raw.slice(33)),
    },
    { name: "ECDH", namedCurve: "P-256" },
    false,
    ["deriveBits"],
  )
  return pairOf(key, raw)
}

const own = () => pair(v.GuestScalar, v.GuestPublic)
const link = () => linkOf(unhex(v.Secret))

test("a link is read as Go writes it, and nothing else is one", async () => {
  const secret = await parseFragment(v.Fragment)
  expect(typeof secret === "string" ? secret : hex(secret)).toBe(v.Secret)
  expect(hex((await link()).room)).toBe(v.Room)
  expect(await parseFragment("Ag")).toBe("newer")
  for (const bad of ["", v.Fragment.slice(1), v.Fragment + "A", `${v.Fragment}=`, "é".repeat(26)])
    expect(await parseFragment(bad)).toBe("link")
  const changed = (at: number) =>
    v.Fragment.slice(0, at) + (v.Fragment[at] === "b" ? "c" : "b") + v.Fragment.slice(at + 1)
  for (let at = 2; at < v.Fragment.length; at++)
    expect(await parseFragment(changed(at))).toBe("link")
})

test("a guest has the id that Go gives it", async () => {
  expect(hex((await own()).id)).toBe(v.GuestID)
})

test("the answer opens for who knocked, and for nobody else", async () => {
  const answer = await openAnswer(await link(), await own(), unhex(v.Answer))
  expect(answer.state).toBe(states.admitted)
  expect(hex(answer.public)).toBe(v.MemberPublic)
  expect(isAnswer(unhex(v.Answer))).toBe(true)
  const other = await pair(v.MemberScalar, v.MemberPublic)
  await expect(openAnswer(await link(), other, unhex(v.Answer))).rejects.toThrow()
  const wrong = await linkOf(unhex(v.Room))
  await expect(openAnswer(wrong, await own(), unhex(v.Answer))).rejects.toThrow()
})

test("a knock is a nonce and what the name and the key are sealed in", async () => {
  const knock = await sealKnock(await link(), await own(), v.Name)
  expect(knock.length).toBe(1 + 12 + encode([1, v.Name, unhex(v.GuestPublic)]).length + 16)
  expect(knock[0]).toBe(1)
})

test("every message is sealed and opened as in Go", async () => {
  const session = await Session.with(await link(), await own(), unhex(v.MemberPublic))
  for (const m of v.Messages) {
    const message = { type: m.Type, text: m.Text, mark: unhex(m.Mark), flags: m.Flags }
    expect(hex(messageBytes(message))).toBe(m.Plain)
    expect(hex(await session.seal(message))).toBe(m.Guest)
    expect(await session.open(unhex(m.Member))).toEqual(message)
  }
  const first = unhex(v.Messages[0]?.Member ?? "")
  await expect(session.open(first)).rejects.toThrow("came before")
  const changed = first.slice()
  changed[20] = (changed[20] ?? 0) ^ 1
  await expect(session.open(changed)).rejects.toThrow()
  await expect(session.open(unhex(v.Messages[0]?.Guest ?? ""))).rejects.toThrow()
})

test("only one encoding is taken", () => {
  const values = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32, 2 ** 40, "Zoé", "", ["a", [1, 2]]]
  for (const value of [...values, new Uint8Array(300)]) expect(decode(encode(value))).toEqual(value)
  for (const bad of [
    "",
    "1817",
    "190017",
    "1b0020000000000000",
    "6161ff",
    "7f6161ff",
    "8101",
    "61ff",
    "5801",
    "a0",
    "f6",
    "c101",
    "fb0000000000000000",
    "8181818101",
  ])
    if (bad !== "8101") expect(() => decode(unhex(bad)), bad).toThrow()
})
