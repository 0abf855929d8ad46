import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { SocketTransport } from "./socket"
import { ApiError, type Transport } from "./transport"
import { WailsTransport } from "./wails"

/** The program's side of a carrier. */
type Program = {
  transport: Transport
  /** What the program received last. */
  received(): { method: string; args: unknown[] }
  answer(result: unknown): void
  refuse(error: { code: string; message: string }): void
  tell(event: string, data: unknown): void
}

class FakeSocket {
  static readonly OPEN = 1
  static last: FakeSocket
  static all: FakeSocket[] = []
  readyState = 0
  sent: string[] = []
  onopen?: () => void
  onmessage?: (message: { data: string }) => void
  onclose?: () => void

  constructor(readonly url: string) {
    FakeSocket.last = this
    FakeSocket.all.push(this)
  }
  open() {
    this.readyState = 1
    this.onopen?.()
  }
  send(text: string) {
    this.sent.push(text)
  }
  receive(frame: unknown) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  close() {
    this.readyState = 3
    this.onclose?.()
  }
}

function overSocket(): Program {
  vi.stubGlobal("WebSocket", FakeSocket)
  const transport = new SocketTransport("ws://127.0.0.1/api")
  const socket = FakeSocket.last
  socket.open()
  const last = () => JSON.parse(socket.sent.at(-1) ?? "{}")
  return {
    transport,
    received: () => ({ method: last().method, args: last().args }),
    answer: (result) => socket.receive({ id: last().id, result }),
    refuse: (error) => socket.receive({ id: last().id, error }),
    tell: (event, data) => socket.receive({ event, data }),
  }
}

function overWails(wrap: (text: string) => unknown): Program {
  let call: { method: string; args: unknown[]; resolve(v: unknown): void; reject(v: unknown): void }
  const listeners = new Map<string, (data: never) => void>()
  window.go = {
    api: {
      Chat: {
        Send: (...args) =>
          new Promise((resolve, reject) => (call = { method: "Chat.Send", args, resolve, reject })),
      },
    },
  }
  window.runtime = {
    EventsOn: (event, listener) => {
      listeners.set(event, listener)
      return () => listeners.delete(event)
    },
    BrowserOpenURL: () => {},
    WindowSetTitle: () => undefined,
  }
  return {
    transport: new WailsTransport(),
    received: () => ({ method: call.method, args: call.args }),
    answer: (result) => call.resolve(result),
    refuse: (error) => call.reject(wrap(JSON.stringify(error))),
    tell: (event, data) => listeners.get(event)?.(data as never),
  }
}

const carriers: [string, () => Program][] = [
  ["the WebSocket", overSocket],
  ["Wails up to 2.12", () => overWails((text) => text)],
  ["Wails from 2.13", () => overWails((text) => new Error(text))],
]

afterEach(() => {
  delete window.go
  delete window.runtime
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe.each(carriers)("%s", (_, start) => {
  let program: Program
  beforeEach(() => (program = start()))

  /** Calls, and waits until the program has it. */
  async function call() {
    const result = program.transport.call("Chat.Send", [{ text: "hello" }])
    await Promise.resolve()
    return { result }
  }

  test("carries a call and its result", async () => {
    const { result } = await call()
    expect(program.received()).toEqual({ method: "Chat.Send", args: [{ text: "hello" }] })
    program.answer({ id: "m1" })
    expect(await result).toEqual({ id: "m1" })
  })

  test("rejects with the program's own error", async () => {
    const { result } = await call()
    program.refuse({ code: "disk-full", message: "The disk is full." })
    const error = await result.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code: "disk-full", message: "The disk is full." })
  })

  test("carries events until the subscription ends", () => {
    const heard: unknown[] = []
    const end = program.transport.on("invites", (notice) => heard.push(notice))
    program.tell("invites", { workspace: "w" })
    end()
    program.tell("invites", { workspace: "x" })
    expect(heard).toEqual([{ workspace: "w" }])
  })
})

test("an unknown method of the window is an error, not silence", async () => {
  const { transport } = overWails((text) => text)
  await expect(transport.call("Chat.Nothing", [])).rejects.toMatchObject({ code: "internal" })
})

describe("a lost WebSocket", () => {
  test("rejects what waits, says so, and comes back by itself", async () => {
    vi.useFakeTimers()
    const { transport } = overSocket()
    const states: string[] = []
    transport.on("transport", ({ state }) => states.push(state))
    const waiting = transport.call("Chat.Send", []).catch((reason: ApiError) => reason.code)
    await Promise.resolve()
    FakeSocket.last.close()
    expect(await waiting).toBe("offline")
    await vi.advanceTimersByTimeAsync(300)
    FakeSocket.last.open()
    expect(states).toEqual(["lost", "open"])
  })

  test("is tried again ever more slowly", async () => {
    vi.useFakeTimers()
    overSocket()
    FakeSocket.all = []
    FakeSocket.last.close()
    for (let second = 0; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1000)
      if (FakeSocket.last.readyState === 0) FakeSocket.last.close()
    }
    expect(FakeSocket.all.length).toBeGreaterThan(10)
    expect(FakeSocket.all.length).toBeLessThan(25)
  })

  test("lets a call wait for the connection, but not for ever", async () => {
    vi.useFakeTimers()
    const { transport } = overSocket()
    FakeSocket.last.close()
    const early = transport.call("Chat.Send", [1])
    await vi.advanceTimersByTimeAsync(300)
    FakeSocket.last.open()
    await vi.advanceTimersByTimeAsync(0)
    expect(FakeSocket.last.sent).toHaveLength(1)
    void early.catch(() => {})
    FakeSocket.last.close()
    const late = transport.call("Chat.Send", [2]).catch((reason: ApiError) => reason.code)
    await vi.advanceTimersByTimeAsync(6000)
    expect(await late).toBe("offline")
  })
})
