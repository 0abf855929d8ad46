import { concat, same } from "./cbor"

/** Bytes that the browser's cryptography takes. */
export type Bytes = Uint8Array<ArrayBuffer>

const utf8 = (text: string) => new TextEncoder().encode(text)
export const hex = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
export const unhex = (text: string): Bytes =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

/** H(label, x1, x2 …) of the rules: SHA-256 over the label, a zero and each part behind its length. */
export async function hash(label: string, ...parts: Uint8Array[]): Promise<Bytes> {
  const all: Uint8Array[] = [utf8(label), new Uint8Array(1)]
  for (const part of parts) {
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, part.length)
    all.push(length, part)
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...all)))
}

/** HKDF-SHA256, 32 bytes. */
export async function derive(secret: Bytes, salt: Bytes, info: string): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"])
  const how = { name: "HKDF", hash: "SHA-256", salt, info: utf8(info) }
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256))
}

export const aes = (raw: Bytes) =>
  crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"])

export async function seal(key: CryptoKey, nonce: Bytes, plain: Bytes, aad: Bytes) {
  const how = { name: "AES-GCM", iv: nonce, additionalData: aad }
  return new Uint8Array(await crypto.subtle.encrypt(how, key, plain))
}

export async function open(key: CryptoKey, nonce: Bytes, sealed: Bytes, aad: Bytes) {
  const how = { name: "AES-GCM", iv: nonce, additionalData: aad }
  return new Uint8Array(await crypto.subtle.decrypt(how, key, sealed))
}

/** What is derived from the secret of a meeting link (V21). */
export type Link = { room: Bytes; up: Bytes; down: Bytes }

const none = new Uint8Array(0)

export async function linkOf(secret: Bytes): Promise<Link> {
  const key = (name: string) => derive(secret, none, `parvis1/guest/${name}`)
  return { room: (await key("room")).slice(0, 16), up: await key("up"), down: await key("down") }
}

/** What stands behind # in a meeting link, or why it is none. */
export async function parseFragment(text: string): Promise<Bytes | "link" | "newer"> {
  if (!/^[A-Za-z0-9_-]{2,100}$/.test(text)) return "link"
  let raw: Bytes
  try {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"))
    raw = Uint8Array.from(plain, (letter) => letter.charCodeAt(0))
  } catch {
    return "link"
  }
  if ((raw[0] ?? 0) > 1) return "newer"
  if (raw.length !== 19 || raw[0] !== 1) return "link"
  const secret = raw.slice(1, 17)
  const check = (await hash("parvis1/guest/check", secret)).slice(0, 2)
  return same(check, raw.slice(17)) ? secret : "link"
}

/** The keys of a guest, made each time the page is loaded. */
export type Pair = { key: CryptoKey; public: Bytes; id: Bytes }

const curve = { name: "ECDH", namedCurve: "P-256" }

export async function makePair(): Promise<Pair> {
  const made = await crypto.subtle.generateKey(curve, false, ["deriveBits"])
  return pairOf(
    made.privateKey,
    new Uint8Array(await crypto.subtle.exportKey("raw", made.publicKey)),
  )
}

/** A guest is its public key (V22). */
export async function pairOf(key: CryptoKey, publicKey: Bytes): Promise<Pair> {
  const id = await hash("parvis1/guest/id", publicKey)
  id.fill(0, 0, 4)
  return { key, public: publicKey, id }
}

/** The keys of both directions between a guest and a member (V24). */
export async function agree(link: Link, own: Pair, member: Bytes) {
  const theirs = await crypto.subtle.importKey("raw", member, curve, false, [])
  const secret = new Uint8Array(
    await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own.key, 256),
  )
  const label = "parvis1/guest/session"
  const salt = await hash(label, own.public, member, link.up, link.down)
  const key = async (way: string) => aes(await derive(secret, salt, `${label}/${way}`))
  return { up: await key("up"), down: await key("down") }
}
