import { concat } from "./cbor"
import type { Bytes } from "./keys"

/** What the super-peer tells (p2p/guest). Members are named by 16 bytes, here in hexadecimal. */
const kinds = { said: 1, came: 2, gone: 3, admitted: 4, dropped: 5 } as const
const headSize = 17

/** Why the super-peer ends a line. After any other end it is tried again. */
export type End = "full" | "waited" | "flood" | "dropped"
const ends: Record<number, End> = { 4001: "full", 4002: "waited", 4003: "flood", 4004: "dropped" }

export type Events = {
  open: () => void
  /** The line is broken, and is being mended. */
  broken: () => void
  came: (member: string) => void
  gone: (member: string) => void
  said: (member: string, data: Bytes) => Promise<void>
  admitted: (servers: RTCIceServer[]) => void
  end: (why: End) => void
}

const firstPause = 500
const longestPause = 10_000

/** The line to the super-peer. What comes is taken in order, one after the other. */
export class Line {
  #socket: WebSocket | undefined
  #pause = firstPause
  #timer: ReturnType<typeof setTimeout> | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #ended = false

  constructor(
    readonly address: string,
    readonly events: Events,
  ) {
    this.#connect()
  }

  /** Gives sealed bytes to a member; lost where there is no line. */
  send(member: string, data: Uint8Array) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    const name = Uint8Array.from(member.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    this.#socket.send(concat(Uint8Array.of(kinds.said), name, data))
  }

  close() {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#socket?.close()
  }

  #connect() {
    const socket = new WebSocket(this.address)
    socket.binaryType = "arraybuffer"
    this.#socket = socket
    socket.onopen = () => {
      this.#pause = firstPause
      this.events.open()
    }
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!(data instanceof ArrayBuffer)) return
      const bytes = new Uint8Array(data)
      this.#queue = this.#queue.then(() => this.#take(bytes)).catch(() => {}) // what does not open is nobody's
    }
    socket.onclose = ({ code }) => {
      if (this.#ended || this.#socket !== socket) return
      const why = ends[code]
      if (why) {
        this.#ended = true
        this.#queue = this.#queue.then(() => this.events.end(why))
        return
      }
      this.events.broken()
      this.#timer = setTimeout(() => this.#connect(), this.#pause * (0.8 + 0.4 * Math.random()))
      this.#pause = Math.min(longestPause, this.#pause * 2)
    }
  }

  async #take(bytes: Bytes) {
    if (bytes.length < headSize) return
    const member = [...bytes.subarray(1, headSize)]
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join("")
    const data = bytes.slice(headSize)
    switch (bytes[0]) {
      case kinds.said:
        return this.events.said(member, data)
      case kinds.came:
        return this.events.came(member)
      case kinds.gone:
        return this.events.gone(member)
      case kinds.admitted:
        return this.events.admitted(serversOf(data))
    }
  }
}

function serversOf(data: Uint8Array): RTCIceServer[] {
  try {
    const { iceServers } = JSON.parse(new TextDecoder().decode(data)) as { iceServers?: unknown }
    return Array.isArray(iceServers) ? (iceServers as RTCIceServer[]) : []
  } catch {
    return []
  }
}
