import { expect, test } from "vitest"
import { decodeFrames, decodeSlots, decodeWants, encodeFrame, Kind, type Frame } from "./frames"

const bytes = (...values: number[]) => new Uint8Array(values)
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const frame = (change: Partial<Frame>): Frame => ({
  slot: 3,
  kind: Kind.video,
  key: true,
  at: 1_800_000_000_123_456,
  payload: bytes(1, 2),
  ...change,
})

/** Several messages as one, as the program sends them. */
function bundle(...messages: Uint8Array[]): ArrayBuffer {
  const raw = new Uint8Array(messages.reduce((sum, { length }) => sum + 4 + length, 0))
  let at = 0
  for (const message of messages) {
    new DataView(raw.buffer).setUint32(at, message.length)
    raw.set(message, at + 4)
    at += 4 + message.length
  }
  return raw.buffer
}

test("messages are read as they were written", () => {
  const all = [frame({}), frame({ kind: Kind.audio, key: false }), frame({ at: 0 })]
  for (const one of all) expect(decodeFrames(bundle(encodeFrame(one)))).toEqual([one])
  expect(decodeFrames(bundle(...all.map(encodeFrame)))).toEqual(all)
  expect(decodeFrames(bundle())).toEqual([])
})

test("what is no message does not hide those beside it", () => {
  const good = encodeFrame(frame({}))
  expect(decodeFrames(bundle(good, bytes(1, 2, 3), bytes(), good))).toHaveLength(2)
  const cut = bundle(good, good)
  expect(decodeFrames(cut.slice(0, cut.byteLength - 1))).toHaveLength(1)
  expect(decodeFrames(cut.slice(0, 3))).toEqual([])
})

test("the header is that of the program", () => {
  expect([...encodeFrame(frame({ at: 258, payload: bytes(9) }))]).toEqual([
    3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 9,
  ])
})

test("what the program never sends is not read", () => {
  for (const [name, one] of Object.entries({
    "sound of this device": frame({ kind: Kind.audio, slot: 0, key: false }),
    "sound with a key": frame({ kind: Kind.audio }),
    "sound too long": frame({ kind: Kind.audio, key: false, payload: new Uint8Array(1101) }),
    "an empty picture": frame({ payload: bytes() }),
    "an unknown kind": frame({ kind: 9 }),
    "a key frame of sound": frame({ kind: Kind.key, slot: 0, payload: bytes(1) }),
    "slots of somebody": frame({ kind: Kind.slots, payload: json({}) }),
  }))
    expect([name, decodeFrames(bundle(encodeFrame(one)))]).toEqual([name, []])
  expect(decodeFrames(bundle(new Uint8Array(11)))).toEqual([])
  const reserved = encodeFrame(frame({}))
  reserved[3] = 1
  expect(decodeFrames(bundle(reserved))).toEqual([])
  reserved.set([2, 0], 2)
  expect(decodeFrames(bundle(reserved))).toEqual([])
})

test("any bytes are a message or not, and never an exception", () => {
  for (let round = 0; round < 500; round++) {
    const raw = new Uint8Array(round % 40)
    for (let at = 0; at < raw.length; at++) raw[at] = (round * 31 + at * at * 7) & 255
    for (const { payload } of decodeFrames(bundle(raw, raw)))
      expect(payload.length).toBe(raw.length - 12)
    for (const { payload } of decodeFrames(raw.buffer))
      expect(payload.length).toBeLessThan(raw.length - 15)
    decodeWants(raw)
    decodeSlots(raw)
  }
})

test("wants and slots keep what makes sense", () => {
  expect(decodeWants(json({ audio: 12000, video: true, small: false, screen: 1 }))).toEqual({
    audio: 12000,
    video: true,
    small: false,
    screen: false,
  })
  expect(decodeWants(json({ audio: 1e9 }))?.audio).toBe(128_000)
  expect(decodeWants(json("x"))).toBeUndefined()
  expect([...decodeSlots(json({ 1: "aa", 0: "bb", 300: "cc", x: "dd", 2: 5 }))]).toEqual([
    [1, "aa"],
  ])
})
