/** Time that one slice of background work may take, in milliseconds, to leave a frame intact. */
const slice = 6

const idle: (run: () => void) => number =
  typeof requestIdleCallback === "function"
    ? (run) => requestIdleCallback(run, { timeout: 1000 })
    : (run) => setTimeout(run, 16) as unknown as number
const cancelIdle: (id: number) => void =
  typeof cancelIdleCallback === "function" ? cancelIdleCallback : clearTimeout

/**
 * Does work in idle time, in slices that leave frames intact. `steps` yields wherever it may be
 * interrupted. Returns what cancels the rest.
 */
export function inIdle(steps: Iterator<void>): () => void {
  let id = 0
  const run = () => {
    const until = performance.now() + slice
    do {
      if (steps.next().done) return
    } while (performance.now() < until)
    id = idle(run)
  }
  id = idle(run)
  return () => cancelIdle(id)
}

/** Calls `run` once in the next frame, however often it is asked to. */
export class NextFrame {
  #id = 0
  readonly #run: () => void

  constructor(run: () => void) {
    this.#run = run
  }

  ask(): void {
    this.#id ||= requestAnimationFrame(() => {
      this.#id = 0
      this.#run()
    })
  }

  cancel(): void {
    cancelAnimationFrame(this.#id)
    this.#id = 0
  }
}

/** Calls `run` once when the next frame is made, however often it is asked to: what may follow a key. */
export class AfterFrame {
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #run: () => void
  readonly #frame = new NextFrame(() => {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#run)
  })

  constructor(run: () => void) {
    this.#run = run
  }

  ask(): void {
    this.#frame.ask()
  }

  cancel(): void {
    this.#frame.cancel()
    clearTimeout(this.#timer)
  }
}
