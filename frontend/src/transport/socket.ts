import { Listeners } from "./listeners"
import { ApiError, apiError, type Events, type Transport } from "./transport"

type Waiting = {
  resolve: (result: unknown) => void
  reject: (error: ApiError) => void
  timer: number
}

type Frame = { id?: number; result?: unknown; error?: unknown; event?: string; data?: unknown }

/** How long a call may take; joining has its own, longer wait. Milliseconds. */
const patience = 60_000
/** How long a call waits for a lost connection to come back. Milliseconds. */
const grace = 4_000
const firstRetry = 250
const lastRetry = 4_000

/** Calls and events over one WebSocket, which is opened again whenever it is lost. */
export class SocketTransport implements Transport {
  readonly #listeners = new Listeners()
  readonly #waiting = new Map<number, Waiting>()
  readonly #url: string
  #socket: WebSocket | undefined
  #onOpen: (() => void)[] = []
  #lastId = 0
  #retry = firstRetry
  #closed = false

  constructor(url: string) {
    this.#url = url
    this.#connect()
  }

  async call(method: string, args: unknown[]): Promise<unknown> {
    const socket = await this.#open()
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => {
        this.#waiting.delete(id)
        reject(new ApiError("timeout", "Parvis did not answer in time. Try again."))
      }, patience)
      this.#waiting.set(id, { resolve, reject, timer })
      socket.send(JSON.stringify({ id, method, args }))
    })
  }

  on<K extends keyof Events>(event: K, listener: (data: Events[K]) => void) {
    return this.#listeners.add(event, listener)
  }

  close() {
    this.#closed = true
    this.#socket?.close()
  }

  async #open(): Promise<WebSocket> {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      await new Promise<void>((done) => {
        this.#onOpen.push(done)
        window.setTimeout(done, grace)
      })
    }
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      throw new ApiError("offline", "Parvis is not running. Start it again.")
    }
    return this.#socket
  }

  #connect() {
    const socket = new WebSocket(this.#url)
    this.#socket = socket
    socket.onopen = () => {
      this.#retry = firstRetry
      for (const done of this.#onOpen.splice(0)) done()
      this.#listeners.tell("transport", { state: "open" })
    }
    socket.onmessage = (message) => this.#receive(JSON.parse(String(message.data)) as Frame)
    socket.onclose = () => this.#lost()
  }

  #receive(frame: Frame) {
    if (frame.event !== undefined) {
      this.#listeners.tell(frame.event, frame.data)
      return
    }
    const waiting = this.#waiting.get(frame.id ?? 0)
    if (!waiting) return
    this.#waiting.delete(frame.id ?? 0)
    window.clearTimeout(waiting.timer)
    if (frame.error) waiting.reject(apiError(frame.error))
    else waiting.resolve(frame.result)
  }

  #lost() {
    for (const waiting of this.#waiting.values()) {
      window.clearTimeout(waiting.timer)
      waiting.reject(new ApiError("offline", "The connection to Parvis was lost."))
    }
    this.#waiting.clear()
    if (this.#closed) return
    this.#listeners.tell("transport", { state: "lost" })
    window.setTimeout(() => this.#connect(), this.#retry)
    this.#retry = Math.min(this.#retry * 2, lastRetry)
  }
}
