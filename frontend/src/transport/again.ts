/** How long what changes often is left alone between two loads. Milliseconds. */
const pause = 200

/**
 * A load that may be asked for at any time: it runs at once, then at most once a pause, and
 * always once more after the last time it was asked for. What fails is left to the next time.
 */
export function again(load: () => Promise<unknown>): { ask: () => void; close: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let busy = false
  let asked = false
  let closed = false

  async function run() {
    asked = false
    busy = true
    await load().catch(() => {})
    if (closed) return
    timer = setTimeout(() => {
      busy = false
      if (asked) void run()
    }, pause)
  }

  return {
    ask: () => {
      asked = true
      if (!busy && !closed) void run()
    },
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }
}
