import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { begin } from "./begin"
import { concat, decode, encode } from "./cbor"
import { aes, hex, linkOf, open, seal, unhex, type Bytes, type Link, type Pair } from "./keys"
import { Meeting } from "./meeting.svelte"
import { states, types, zero, type Message } from "./messages"
import { OtherGuest } from "./other.svelte"
import { Studio } from "./studio.svelte"

const secret = unhex("0102030405060708090a0b0c0d0e0f10")

/** The super-peer's end of each line, in the order in which they came. */
let lines: FakeSocket[] = []

class FakeSocket {
  static readonly OPEN = 1
  readyState = 0
  binaryType = ""
  onopen: (() => void) | undefined
  onmessage: ((event: { data: ArrayBuffer }) => void) | undefined
  onclose: ((event: { code: number }) => void) | undefined
  readonly said: Bytes[] = []

  constructor(readonly url: string) {
    lines.push(this)
  }

  send(data: Bytes) {
    this.said.push(data)
  }

  close() {
    this.readyState = 3
  }

  /** What the super-peer does. */
  opens() {
    this.readyState = FakeSocket.OPEN
    this.onopen?.()
  }

  tells(kind: number, member = "", data: Bytes = new Uint8Array(0)) {
    const name = member ? unhex(member) : new Uint8Array(16)
    this.onmessage?.({ data: concat(Uint8Array.of(kind), name, data).buffer })
  }

  ends(code: number) {
    this.readyState = 3
    this.onclose?.({ code })
  }
}

/** A member at the other end, who opens knocks and seals answers. */
class Host {
  #n = 0
  guest: Bytes = zero
  name = ""
  readonly heard: Message[] = []
  #up: CryptoKey | undefined
  #down: CryptoKey | undefined

  constructor(
    readonly link: Link,
    readonly own: Pair,
    readonly stream: string,
  ) {}

  static async make(stream: string): Promise<Host> {
    const made = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, [
      "deriveBits",
    ])
    const raw = new Uint8Array(await crypto.subtle.exportKey("raw", made.publicKey))
    return new Host(await linkOf(secret), { key: made.privateKey, public: raw, id: zero }, stream)
  }

  /** Opens the newest knock for it on a line. */
  async knocked(line: FakeSocket) {
    const knock = await vi.waitFor(() => {
      const found = line.said.findLast(
        (one) => hex(one.slice(1, 17)) === this.stream && one[17] === 1,
      )
      if (!found) throw new Error("no knock")
      return found
    })
    const fields = decode(
      await open(await aes(this.link.up), knock.slice(18, 30), knock.slice(30), this.link.room),
    ) as [number, string, Bytes]
    this.name = fields[1]
    this.guest = fields[2]
  }

  async answer(line: FakeSocket, state: number) {
    const { hash } = await import("./keys")
    const id = await hash("parvis1/guest/id", this.guest)
    id.fill(0, 0, 4)
    const nonce = crypto.getRandomValues(new Uint8Array(12))
    const plain = encode([1, state, this.own.public])
    const sealed = await seal(await aes(this.link.down), nonce, plain, concat(this.link.room, id))
    line.tells(1, this.stream, concat(Uint8Array.of(1), nonce, sealed))
  }

  async says(line: FakeSocket, message: Partial<Message> & { type: number }) {
    await this.#agree()
    const whole = { text: "", mark: zero, flags: 0, ...message }
    const n = new Uint8Array(12)
    new DataView(n.buffer).setBigUint64(4, BigInt(++this.#n))
    const plain = encode([1, whole.type, whole.text, whole.mark, whole.flags])
    if (!this.#down) throw new Error("no session")
    const sealed = await seal(this.#down, n, plain, this.link.room)
    line.tells(1, this.stream, concat(Uint8Array.of(2), n.slice(4), sealed))
  }

  /** What the guest has said in the session on a line. */
  async hears(line: FakeSocket): Promise<Message[]> {
    await this.#agree()
    const all = line.said.filter((one) => hex(one.slice(1, 17)) === this.stream && one[17] === 2)
    return Promise.all(
      all.map(async (one) => {
        const nonce = concat(new Uint8Array(4), one.slice(18, 26))
        if (!this.#up) throw new Error("no session")
        const plain = decode(await open(this.#up, nonce, one.slice(26), this.link.room))
        const [, type, text, mark, flags] = plain as [number, number, string, Bytes, number]
        return { type, text, mark, flags }
      }),
    )
  }

  /** The same keys from the other end. */
  async #agree() {
    const curve = { name: "ECDH", namedCurve: "P-256" }
    const theirs = await crypto.subtle.importKey("raw", this.guest, curve, false, [])
    const { derive, hash } = await import("./keys")
    const shared = new Uint8Array(
      await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, this.own.key, 256),
    )
    const label = "parvis1/guest/session"
    const salt = await hash(label, this.guest, this.own.public, this.link.up, this.link.down)
    this.#up = await aes(await derive(shared, salt, `${label}/up`))
    this.#down = await aes(await derive(shared, salt, `${label}/down`))
  }
}

const ana = "a".repeat(32)
const ben = "b".repeat(32)

beforeEach(() => {
  lines = []
  vi.stubGlobal("WebSocket", FakeSocket)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const meeting = () => new Meeting(secret, "wss://meet.example.org/meet", new Studio(undefined))
const at = (index: number): FakeSocket => {
  const line = lines[index]
  if (!line) throw new Error("no line")
  return line
}

/** A guest whom Ana has let in. */
async function admitted() {
  const visit = meeting()
  await visit.knock("Marc")
  const [line, host] = [at(0), await Host.make(ana)]
  line.opens()
  line.tells(2, ana)
  await host.knocked(line)
  await host.answer(line, states.admitted)
  await host.says(line, { type: types.hello, text: "Ana", mark: zero.map(() => 7) })
  await vi.waitFor(() => expect(visit.shown.map(({ name }) => name)).toEqual(["Ana"]))
  return { visit, line, host }
}

test("a guest waits, is seen, and is let in", async () => {
  const visit = meeting()
  await visit.knock("Marc")
  const line = at(0)
  expect(line.url).toBe(`wss://meet.example.org/meet/line?room=${hex((await linkOf(secret)).room)}`)
  expect(visit.phase.at).toBe("lobby")
  expect([visit.online, visit.doors.size, visit.seen]).toEqual([false, 0, false])
  line.opens()
  expect(visit.online).toBe(true)
  line.tells(2, ana)
  const host = await Host.make(ana)
  await host.knocked(line)
  expect(host.name).toBe("Marc")
  await host.answer(line, states.waiting)
  await vi.waitFor(() => expect(visit.seen).toBe(true))
  await host.answer(line, 99) // of a later version
  await host.answer(line, states.admitted)
  await vi.waitFor(() => expect(visit.phase.at).toBe("in"))
  expect(visit.shown).toEqual([]) // until it says who it is
  await host.says(line, { type: types.hello, text: "Ana", mark: zero.map(() => 7) })
  await host.says(line, { type: types.status, flags: 2 })
  await vi.waitFor(() => expect(visit.shown[0]?.said).toBe(2))
  await vi.waitFor(async () => {
    const [status] = await host.hears(line)
    expect([status?.type, status?.text, status?.flags]).toEqual([types.status, "Marc", 1])
  })
})

test.each([
  [states.refused, "refused"],
  [states.full, "full"],
  [states.revoked, "revoked"],
])("answer %i ends the visit: %s", async (state, why) => {
  const visit = meeting()
  await visit.knock("Marc")
  const [line, host] = [at(0), await Host.make(ana)]
  line.opens()
  line.tells(2, ana)
  await host.knocked(line)
  await host.answer(line, state)
  await vi.waitFor(() => expect(visit.phase).toEqual({ at: "over", why }))
})

test.each([
  [types.removed, "removed"],
  [types.ended, "ended"],
])("message %i ends the visit: %s", async (type, why) => {
  const { visit, line, host } = await admitted()
  await host.says(line, { type })
  await vi.waitFor(() => expect(visit.phase).toEqual({ at: "over", why }))
})

test.each([
  [4001, "full"],
  [4002, "waited"],
  [4003, "flood"],
  [4004, "refused"],
])("the line ends with %i: %s", async (code, why) => {
  const visit = meeting()
  await visit.knock("Marc")
  at(0).opens()
  at(0).ends(code)
  await vi.waitFor(() => expect(visit.phase).toEqual({ at: "over", why }))
  expect(lines).toHaveLength(1)
})

test("a line that broke is mended with the same key, and the session goes on", async () => {
  const { visit, line, host } = await admitted()
  const before = hex(host.guest)
  line.ends(1006)
  expect(visit.online).toBe(false)
  expect(visit.phase.at).toBe("in")
  await vi.waitFor(() => expect(lines).toHaveLength(2), { timeout: 3000 })
  at(1).opens()
  const again = new Host(host.link, host.own, ben) // another stream, the same device
  at(1).tells(2, ben)
  await again.knocked(at(1))
  expect(hex(again.guest)).toBe(before)
  await again.answer(at(1), states.admitted)
  for (let n = 0; n < 2; n++) await again.says(at(1), { type: types.status, flags: 4 }) // n = 1 came before
  await vi.waitFor(() => expect(visit.shown[0]?.said).toBe(4))
  expect(visit.members.size).toBe(1)
})

test("who asks again is somebody new", async () => {
  const { visit, line, host } = await admitted()
  await host.says(line, { type: types.removed })
  await vi.waitFor(() => expect(visit.phase.at).toBe("over"))
  await visit.knock("Marc")
  at(1).opens()
  at(1).tells(2, ana)
  const other = await Host.make(ana)
  await other.knocked(at(1))
  expect(hex(other.guest)).not.toBe(hex(host.guest))
})

test("what does not open is nobody's, and what follows is taken", async () => {
  const { visit, line, host } = await admitted()
  line.tells(1, ana, Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3))
  line.tells(1, ana, Uint8Array.of(1, 2, 3))
  line.tells(1, "c".repeat(32), Uint8Array.of(2, 2, 3))
  line.tells(77)
  await host.says(line, { type: 99, text: "of a later version" })
  await host.says(line, { type: types.status, text: "Anne", flags: 8 })
  await vi.waitFor(() => expect(visit.shown[0]?.name).toBe("Anne"))
  await host.says(line, { type: types.gone })
  await vi.waitFor(() => expect(visit.members.size).toBe(0))
})

test("a recording is asked for and may be refused at any time", async () => {
  const { visit, line, host } = await admitted()
  const mark = zero.map(() => 5)
  await host.says(line, { type: types.asks, mark })
  await vi.waitFor(() => expect(visit.asking).toHaveLength(1))
  visit.asking[0]?.answer(true)
  await host.says(line, { type: types.asks, mark }) // again: the answer is repeated
  const consents = async () => {
    const all = (await host.hears(line)).filter(({ type }) => type === types.consent)
    return all.map(({ mark: of, flags }) => `${hex(of) === hex(mark)} ${flags}`)
  }
  await vi.waitFor(async () => expect(await consents()).toEqual(["true 1", "true 1"]))
  visit.asking[0]?.answer(false)
  await vi.waitFor(async () => expect((await consents()).at(-1)).toBe("true 0"))
  await host.says(line, { type: types.asks })
  await vi.waitFor(() => expect(visit.asking).toHaveLength(0))
})

test("other guests are known while a member tells of them, and are spoken to through it", async () => {
  const { visit, line, host } = await admitted()
  const zoe = zero.map((_, at) => (at < 4 ? 0 : 255)) // greater: it offers
  await host.says(line, { type: types.other, mark: zoe, text: "Zoé", flags: 1 })
  await vi.waitFor(() => expect(visit.shown.map(({ name }) => name)).toEqual(["Ana", "Zoé"]))
  expect([visit.shown[1]?.guest, visit.shown[1]?.muted]).toEqual([true, true])
  visit.shown[1]?.send({ type: types.ice, text: "a line", mark: zero, flags: 0 })
  await vi.waitFor(async () => {
    const said = (await host.hears(line)).find(({ type }) => type === types.relay)
    expect([said?.text, hex(said?.mark ?? zero)]).toEqual(['[4,"a line"]', hex(zoe)])
  })
  await host.says(line, { type: types.otherGone, mark: zoe })
  await vi.waitFor(() => expect(visit.shown).toHaveLength(1))
})

test("of two guests one offers, and what is of another form is nobody's", async () => {
  const taken: number[] = []
  const other = (offers: boolean) => {
    const made = new OtherGuest("00".repeat(32), () => [], offers)
    vi.spyOn(made.peer, "take").mockImplementation(async ({ type }) => void taken.push(type))
    return made
  }
  for (const offers of [true, false])
    for (const type of [2, 3, 4, 5, 6, "x"]) await other(offers).hear(JSON.stringify([type, "x"]))
  expect(taken).toEqual([3, 4, 5, 2, 4, 5])
  await expect(other(true).hear("{")).rejects.toThrow()
})

test("the secret of a link leaves the address bar and stays for a reload", async () => {
  const fragment = "AQECAwQFBgcICQoLDA0ODxB" // cut
  const scope = (hash: string, kept: string | null, secure = true) => ({
    isSecureContext: secure,
    location: { hash, pathname: "/meet", origin: "https://meet.example.org" } as Location,
    history: { replaceState: vi.fn() } as unknown as History,
    sessionStorage: { getItem: () => kept, setItem: vi.fn() } as unknown as Storage,
    RTCPeerConnection: {},
  })
  const whole = await (async () => {
    const { hash } = await import("./keys")
    const raw = concat(
      Uint8Array.of(1),
      secret,
      (await hash("parvis1/guest/check", secret)).slice(0, 2),
    )
    return btoa(String.fromCharCode(...raw))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "")
  })()
  const first = scope(`#${whole}`, null)
  expect(await begin(first)).toEqual({ secret, address: "wss://meet.example.org/meet" })
  expect(first.history.replaceState).toHaveBeenCalledWith(null, "", "/meet")
  expect(first.sessionStorage.setItem).toHaveBeenCalledWith("parvis-meeting", whole)
  expect(await begin(scope("", whole))).toHaveProperty("secret")
  expect(await begin(scope(`#${fragment}`, null))).toEqual({ obstacle: "link" })
  expect(await begin(scope("", null))).toEqual({ obstacle: "link" })
  expect(await begin(scope(`#${whole}`, null, false))).toEqual({ obstacle: "insecure" })
})
