/** Bytes as one piece of a string; longer ones would not fit into the arguments of a call. */
const piece = 0x8000

export function toBase64(bytes: Uint8Array): string {
  let text = ""
  for (let at = 0; at < bytes.length; at += piece)
    text += String.fromCharCode(...bytes.subarray(at, at + piece))
  return btoa(text)
}

/** Throws where the text is no base64. */
export const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))

const hex = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")

/** Magic bytes and checksum before the type of a chunk of Automerge. */
const prefix = 8
const plain = 1
const deflated = 2

/**
 * The hash that names a change, in hex: SHA-256 of the uncompressed chunk after its checksum. It
 * needs no engine, so that a change which the engine refuses can be named too. Rejects on bytes
 * that are no chunk.
 */
export async function changeHash(change: Uint8Array): Promise<string> {
  const type = change[prefix]
  if (type === plain) return digest(change.subarray(prefix))
  if (type !== deflated) throw new TypeError("not a change")
  let start = prefix + 1
  while ((change[start] ?? 0) & 0x80) start++
  const content = await inflate(change.subarray(start + 1))
  return digest(new Uint8Array([plain, ...leb128(content.length), ...content]))
}

async function digest(bytes: Uint8Array): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource)))
}

async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as BlobPart]).stream()
  const whole = new Response(stream.pipeThrough(new DecompressionStream("deflate-raw")))
  return new Uint8Array(await whole.arrayBuffer())
}

function leb128(value: number): number[] {
  const out: number[] = []
  for (let rest = value; ;) {
    const low = rest & 0x7f
    rest >>>= 7
    if (rest === 0) return [...out, low]
    out.push(low | 0x80)
  }
}
