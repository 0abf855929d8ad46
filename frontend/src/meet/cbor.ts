/** What members and guests say is written in: deterministic CBOR, as far as they use it. */
export type Value = number | string | Uint8Array | Value[]

const kinds = { number: 0, bytes: 2, text: 3, list: 4 } as const
const maxDepth = 4

function head(kind: number, value: number): number[] {
  const first = kind << 5
  if (value < 24) return [first | value]
  if (value < 0x100) return [first | 24, value]
  if (value < 0x10000) return [first | 25, value >> 8, value & 0xff]
  const low = value % 0x100000000
  const word = (n: number) => [(n >>> 24) & 0xff, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff]
  if (value < 0x100000000) return [first | 26, ...word(low)]
  return [first | 27, ...word(Math.floor(value / 0x100000000)), ...word(low)]
}

export function encode(value: Value): Uint8Array<ArrayBuffer> {
  if (typeof value === "number") return Uint8Array.from(head(kinds.number, value))
  if (Array.isArray(value))
    return concat(Uint8Array.from(head(kinds.list, value.length)), ...value.map(encode))
  const text = typeof value === "string"
  const bytes = text ? new TextEncoder().encode(value) : value
  return concat(Uint8Array.from(head(text ? kinds.text : kinds.bytes, bytes.length)), bytes)
}

export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export const same = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, at) => byte === b[at])

/** Takes exactly what encode makes. */
export function decode(bytes: Uint8Array): Value {
  const [value, end] = read(bytes, 0, maxDepth)
  if (end !== bytes.length || !same(encode(value), bytes)) throw new Error("not one encoding")
  return value
}

function read(bytes: Uint8Array, at: number, depth: number): [Value, number] {
  const first = bytes[at]
  if (first === undefined || depth === 0) throw new Error("cut short")
  const size = [1, 2, 4, 8][(first & 31) - 24] ?? 0
  let value = first & 31
  if (value > 27) throw new Error("not in use")
  const view = bytes.subarray(at + 1, at + 1 + size)
  if (view.length < size) throw new Error("cut short")
  if (size > 0) value = view.reduce((sum, byte) => sum * 256 + byte, 0)
  if (!Number.isSafeInteger(value)) throw new Error("too large")
  let next = at + 1 + size
  switch (first >> 5) {
    case kinds.number:
      return [value, next]
    case kinds.bytes:
    case kinds.text: {
      const body = bytes.slice(next, next + value)
      if (body.length < value) throw new Error("cut short")
      const text = first >> 5 === kinds.text
      return [
        text ? new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body) : body,
        next + value,
      ]
    }
    case kinds.list: {
      const list: Value[] = []
      for (let i = 0; i < value; i++) {
        const [one, end] = read(bytes, next, depth - 1)
        list.push(one)
        next = end
      }
      return [list, next]
    }
  }
  throw new Error("not in use")
}
