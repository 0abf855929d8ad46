import { Listeners } from "./listeners"
import { apiError, type Events, type Transport } from "./transport"

type Answer = (...args: never[]) => unknown

/** A transport for tests: answers calls from a table, and lets events arrive. */
export class TestTransport implements Transport {
  readonly calls: { method: string; args: unknown[] }[] = []
  readonly #listeners = new Listeners()

  constructor(readonly answers: Record<string, Answer> = {}) {}

  async call(method: string, args: unknown[]): Promise<unknown> {
    this.calls.push({ method, args })
    const answer = this.answers[method]
    if (!answer) throw apiError({ code: "internal", message: `no answer for ${method}` })
    return (answer as (...args: unknown[]) => unknown)(...args)
  }

  on<K extends keyof Events>(event: K, listener: (data: Events[K]) => void) {
    return this.#listeners.add(event, listener)
  }

  /** Lets an event arrive. */
  tell<K extends keyof Events>(event: K, data: Events[K]) {
    this.#listeners.tell(event, data)
  }

  /** The arguments of all calls of a method. */
  of(method: string): unknown[][] {
    return this.calls.filter((call) => call.method === method).map((call) => call.args)
  }
}
