import { concat, decode, encode, type Value } from "./cbor"
import { aes, agree, open, seal, type Bytes, type Link, type Pair } from "./keys"

/** What a member answers to a knock (V23). What is not known here is read as waiting. */
export const states = { waiting: 1, admitted: 2, refused: 3, full: 4, revoked: 5 } as const

/** The types of messages of a session (V25). */
export const types = {
  hello: 1,
  offer: 2,
  reply: 3,
  ice: 4,
  bye: 5,
  status: 6,
  gone: 7,
  removed: 8,
  ended: 9,
  asks: 10,
  consent: 11,
  other: 12,
  otherGone: 13,
  relay: 14,
} as const

export const flags = { muted: 1, camera: 2, screen: 4, hand: 8 } as const

export type Message = { type: number; text: string; mark: Bytes; flags: number }
export type Answer = { state: number; public: Bytes }

const kinds = { knock: 1, session: 2 } as const
const nonceSize = 12
const countSize = 8
export const zero = new Uint8Array(32)

export const isAnswer = (data: Uint8Array) => data[0] === kinds.knock

/** A knock of the guest, sealed. */
export async function sealKnock(link: Link, own: Pair, name: string): Promise<Bytes> {
  const nonce = crypto.getRandomValues(new Uint8Array(nonceSize))
  const sealed = await seal(await aes(link.up), nonce, encode([1, name, own.public]), link.room)
  return concat(Uint8Array.of(kinds.knock), nonce, sealed)
}

/** The answer to an own knock. Throws on everything else. */
export async function openAnswer(link: Link, own: Pair, data: Bytes): Promise<Answer> {
  if (!isAnswer(data)) throw new Error("no answer")
  const [nonce, sealed] = [data.slice(1, 1 + nonceSize), data.slice(1 + nonceSize)]
  const aad = concat(link.room, own.id)
  const fields = decode(await open(await aes(link.down), nonce, sealed, aad))
  const [v, state, key] = list(fields, 3)
  if (v !== 1 || typeof state !== "number" || !isBytes(key, 65)) throw new Error("no answer")
  return { state, public: key }
}

const list = (value: Value, length: number): Value[] => {
  if (!Array.isArray(value) || value.length !== length) throw new Error("other fields")
  return value
}

const isBytes = (value: Value | undefined, length: number): value is Bytes =>
  value instanceof Uint8Array && value.length === length

const counted = (n: number): Bytes => {
  const raw = new Uint8Array(countSize)
  new DataView(raw.buffer).setBigUint64(0, BigInt(n))
  return raw
}

const pad = new Uint8Array(nonceSize - countSize)

export const messageBytes = (m: Message) => encode([1, m.type, m.text, m.mark, m.flags])

/** The line between this guest and one member, for as long as both have their keys. */
export class Session {
  #sent = 0
  #taken = 0

  private constructor(
    readonly room: Bytes,
    readonly up: CryptoKey,
    readonly down: CryptoKey,
  ) {}

  static async with(link: Link, own: Pair, member: Bytes): Promise<Session> {
    const { up, down } = await agree(link, own, member)
    return new Session(link.room, up, down)
  }

  /** Messages must leave in the order in which this was called. */
  async seal(message: Message): Promise<Bytes> {
    this.#sent++
    const n = counted(this.#sent)
    const sealed = await seal(this.up, concat(pad, n), messageBytes(message), this.room)
    return concat(Uint8Array.of(kinds.session), n, sealed)
  }

  /** Throws on what is not of the member, came before, or has another form. */
  async open(data: Bytes): Promise<Message> {
    if (data[0] !== kinds.session || data.length < 1 + countSize) throw new Error("no message")
    const n = data.slice(1, 1 + countSize)
    const plain = await open(this.down, concat(pad, n), data.slice(1 + countSize), this.room)
    const count = Number(new DataView(n.buffer).getBigUint64(0))
    if (count <= this.#taken) throw new Error("came before")
    this.#taken = count
    const [v, type, text, mark, flags] = list(decode(plain), 5)
    if (v !== 1 || typeof type !== "number" || typeof text !== "string" || !isBytes(mark, 32))
      throw new Error("other fields")
    if (typeof flags !== "number") throw new Error("other fields")
    return { type, text, mark, flags }
  }
}
