/** Something that is done once, later. */
export class Alarm {
  readonly #ring: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #at = 0

  constructor(ring: () => void) {
    this.#ring = ring
  }

  /** Rings after `ms`, or earlier when it is to ring earlier already. */
  set(ms: number): void {
    const at = performance.now() + ms
    if (this.#timer !== undefined && this.#at <= at) return
    this.again(ms)
  }

  /** Rings after `ms` from now, whatever was to be before. */
  again(ms: number): void {
    this.stop()
    this.#at = performance.now() + ms
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#ring()
    }, ms)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

/** Those who want to hear of something. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>()

  /** Subscribes; returns the cancel. */
  add(listener: (value: T) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Makes the value only where somebody listens. */
  tell(make: () => T): void {
    if (this.#listeners.size === 0) return
    const value = make()
    for (const listener of this.#listeners) listener(value)
  }
}

/** Calls back once per frame at most; a window that is not drawn has none, so also after `ms`. */
export function nextFrame(call: () => void, ms: number): () => void {
  let waiting = false
  return () => {
    if (waiting) return
    waiting = true
    const run = () => {
      if (!waiting) return
      waiting = false
      clearTimeout(timer)
      call()
    }
    const timer = setTimeout(run, ms)
    requestAnimationFrame(run)
  }
}
