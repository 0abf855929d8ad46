/** What a message between the page and the program is about. The numbers travel. */
export const Kind = {
  audio: 1,
  video: 2,
  small: 3,
  screen: 4,
  /** A key frame is wanted; the payload is the stream. */
  key: 16,
  /** What of the own streams is of use. */
  wants: 17,
  /** Which slot is which device. */
  slots: 18,
  /** This page captures and plays; to a page: another one does. */
  take: 19,
  /** Of whom the camera is shown larger than the small layer is; the payload is their slots. */
  look: 20,
} as const

export type PictureKind = typeof Kind.video | typeof Kind.small | typeof Kind.screen

export type Frame = {
  /** The participant; 0 is this device. */
  slot: number
  kind: number
  /** Pictures: decodable alone. */
  key: boolean
  /** Microseconds of the sender's clock. */
  at: number
  payload: Uint8Array<ArrayBuffer>
}

/** What the participants can use; bits/s for the sound. */
export type Wants = { audio: number; video: boolean; small: boolean; screen: boolean }

const headerSize = 12
const lengthSize = 4
const keyFlag = 1
/** Bytes; what is larger comes from no program of ours. */
export const maxPayload = 1 << 20
/** Bytes of one packet of sound. */
export const maxSound = 1100
const maxJSON = 64 << 10

export const isPicture = (kind: number): kind is PictureKind =>
  kind === Kind.video || kind === Kind.small || kind === Kind.screen

/** Writes a message: 12 bytes of header and the payload. */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const raw = new Uint8Array(headerSize + frame.payload.length)
  const view = new DataView(raw.buffer)
  view.setUint8(0, frame.slot)
  view.setUint8(1, frame.kind)
  view.setUint8(2, frame.key ? keyFlag : 0)
  view.setBigUint64(4, BigInt(Math.max(0, Math.floor(frame.at))))
  raw.set(frame.payload, headerSize)
  return raw
}

/**
 * Reads the messages of the program that came as one, each behind its length; what it never sends
 * is left out. The payloads are not copied.
 */
export function decodeFrames(raw: ArrayBuffer): Frame[] {
  const frames: Frame[] = []
  const view = new DataView(raw)
  for (let at = 0; at + lengthSize <= raw.byteLength;) {
    const begin = at + lengthSize
    at = begin + view.getUint32(at)
    if (at > raw.byteLength) break
    const frame = decodeFrame(view, begin, at)
    if (frame) frames.push(frame)
  }
  return frames
}

function decodeFrame(view: DataView<ArrayBuffer>, begin: number, end: number): Frame | undefined {
  const length = end - begin - headerSize
  if (length < 0 || length > maxPayload) return undefined
  const flags = view.getUint8(begin + 2)
  if (view.getUint8(begin + 3) !== 0 || flags > keyFlag) return undefined
  const at = view.getUint32(begin + 4) * 2 ** 32 + view.getUint32(begin + 8)
  const frame: Frame = {
    slot: view.getUint8(begin),
    kind: view.getUint8(begin + 1),
    key: flags === keyFlag,
    at: at > Number.MAX_SAFE_INTEGER ? 0 : at,
    payload: new Uint8Array(view.buffer, begin + headerSize, length),
  }
  return fits(frame) ? frame : undefined
}

function fits({ slot, kind, key, payload }: Frame): boolean {
  switch (kind) {
    case Kind.audio:
      return slot > 0 && !key && payload.length > 0 && payload.length <= maxSound
    case Kind.video:
    case Kind.small:
    case Kind.screen:
      return slot > 0 && payload.length > 0
    case Kind.key:
      return slot === 0 && payload.length === 1 && isPicture(payload[0] ?? 0)
    case Kind.wants:
    case Kind.slots:
      return slot === 0 && payload.length <= maxJSON
    case Kind.take:
      return slot === 0 && payload.length === 0
  }
  return false
}

/** Reads the payload of a "wants"; undefined when it is none. */
export function decodeWants(payload: Uint8Array): Wants | undefined {
  const value = parsed(payload)
  if (!value || typeof value.audio !== "number") return undefined
  return {
    audio: Math.min(Math.max(value.audio, 6_000), 128_000),
    video: value.video === true,
    small: value.small === true,
    screen: value.screen === true,
  }
}

/** Reads the payload of a "slots": the id of the device of each. */
export function decodeSlots(payload: Uint8Array): Map<number, string> {
  const slots = new Map<number, string>()
  for (const [slot, device] of Object.entries(parsed(payload) ?? {})) {
    const number = Number(slot)
    if (Number.isInteger(number) && number > 0 && number < 256 && typeof device === "string")
      slots.set(number, device)
  }
  return slots
}

function parsed(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(payload))
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
