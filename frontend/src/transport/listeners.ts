import type { Events } from "./transport"

type Listener = (data: never) => void

/** Who listens to which event. */
export class Listeners {
  readonly #byEvent = new Map<string, Set<Listener>>()

  add<K extends keyof Events>(event: K, listener: (data: Events[K]) => void): () => void {
    const listeners = this.#byEvent.get(event) ?? new Set()
    this.#byEvent.set(event, listeners)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** One listener that throws does not keep the others from hearing. */
  tell(event: string, data: unknown) {
    for (const listener of [...(this.#byEvent.get(event) ?? [])]) {
      try {
        listener(data as never)
      } catch (error) {
        console.error(error)
      }
    }
  }
}
