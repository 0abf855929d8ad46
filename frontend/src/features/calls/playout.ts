/** Sound is 48,000 samples a second, on its way in packets of 20 ms. */
export const rate = 48_000
const ms = rate / 1000

/** Samples. */
const least = 40 * ms
const most = 400 * ms
/** What may be left when the next packet comes, with the least delay. */
const reserve = 10 * ms
const first = 60 * ms
const fade = 5 * ms
/** A hole of this length was lost; a longer one is somebody who was silent. */
const hole = 120 * ms
/** How long there must have been more than needed before something is left out, and how often then. */
const patience = 2 * rate
const again = 100 * ms
const step = 10 * ms
/** So much more than needed is from a moment in which nothing was played: it goes sooner and faster. */
const heap = 150 * ms
/** After this long without a break less delay is tried. */
const calm = 5 * rate

/** Some sound on its way to the loudspeaker: whose each part of the samples is, one after another. */
export type Heard = {
  /** `at` is the sender's clock in microseconds; with `keep` it is recorded. */
  parts: { slot: number; at: number; keep: boolean; length: number }[]
  samples: Float32Array<ArrayBuffer>
}

/**
 * Plays the sound of one participant as late as needed and as early as possible: each break
 * raises the delay, and calm lowers it again. It has no clock but the samples that are pulled.
 */
export class Playout {
  readonly #queue: Float32Array[] = []
  #offset = 0
  #depth = 0
  #target = first
  #playing = false
  #dry = false
  #next = -1
  #smallest = Number.POSITIVE_INFINITY
  #since = 0
  #quiet = 0
  #last = 0

  /** Samples that wait. */
  get depth() {
    return this.#depth
  }

  /** The delay that is aimed at, in samples. */
  get target() {
    return this.#target
  }

  /** Takes a packet; packets come in order. */
  push(at: number, samples: Float32Array) {
    const gap = this.#next < 0 ? 0 : Math.round(((at - this.#next) / 1e6) * rate)
    const silent = this.#next < 0 || gap > hole || gap < -hole
    // Dry although nothing is missing: it came late, so more delay is needed.
    if (this.#dry && !silent) {
      this.#target = Math.min(Math.round(this.#target * 1.4) + 10 * ms, most)
      this.#quiet = 0
    }
    this.#dry = false
    if (!silent && gap > ms && this.#playing) this.#add(new Float32Array(gap))
    this.#next = at + (samples.length / rate) * 1e6
    this.#add(samples)
    // More than a second waits: the page stood still. What is old is left out.
    while (this.#depth > rate && this.#queue.length > 1) this.#drop()
  }

  /** Adds the next samples to what is played. */
  pull(out: Float32Array) {
    if (!this.#playing) {
      if (this.#depth < this.#target) {
        this.#ring(out, 0)
        return
      }
      this.#playing = true
      this.#forget()
    }
    if (this.#depth < out.length) {
      this.#playing = false
      this.#dry = true
      this.#ring(out, this.#take(out))
      return
    }
    this.#take(out)
    this.#watch(out.length)
  }

  #add(samples: Float32Array) {
    this.#queue.push(samples)
    this.#depth += samples.length
  }

  #drop() {
    const old = this.#queue.shift()
    this.#depth -= (old?.length ?? 0) - this.#offset
    this.#offset = 0
  }

  /** Returns how many samples there were. */
  #take(out: Float32Array): number {
    let done = 0
    while (done < out.length) {
      const head = this.#queue[0]
      if (!head) break
      const count = Math.min(head.length - this.#offset, out.length - done)
      const from = this.#offset
      for (let i = 0; i < count; i++)
        out[done + i] = (out[done + i] as number) + (head[from + i] as number)
      if (count > 0) this.#last = head[from + count - 1] as number
      this.#offset += count
      this.#depth -= count
      done += count
      if (this.#offset === head.length) {
        this.#queue.shift()
        this.#offset = 0
      }
    }
    return done
  }

  /** Lets the last sample die away instead of a click. */
  #ring(out: Float32Array, from: number) {
    for (let i = from; i < out.length && Math.abs(this.#last) > 1e-4; i++) {
      this.#last *= 1 - 3 / fade
      out[i] = (out[i] as number) + this.#last
    }
    if (Math.abs(this.#last) <= 1e-4) this.#last = 0
  }

  /** Leaves something out when more waits than needed, and tries less delay after calm. */
  #watch(pulled: number) {
    this.#smallest = Math.min(this.#smallest, this.#depth)
    this.#since += pulled
    this.#quiet += pulled
    if (this.#quiet >= calm) {
      // What breaks have added goes quickly at first: most come while a call begins.
      this.#target -= Math.floor((this.#target - least) / 4)
      this.#quiet = 0
    }
    const spare = this.#smallest - (reserve + this.#target - least)
    const hurry = spare > heap ? 4 : 1
    if (this.#since * hurry < patience) return
    if (spare < step) return this.#forget()
    if (!this.#shorten(step)) return
    this.#smallest -= step
    this.#since = patience / hurry - again / hurry
  }

  #forget() {
    this.#smallest = Number.POSITIVE_INFINITY
    this.#since = 0
  }

  /** Takes some samples out of the next packet, blending over the seam; false: it is too short. */
  #shorten(count: number): boolean {
    const head = this.#queue[0]
    if (!head || head.length - this.#offset < count + fade) return false
    const from = this.#offset
    const kept = head.slice(from + count)
    for (let i = 0; i < fade; i++) {
      const part = i / fade
      kept[i] = (head[from + i] ?? 0) * (1 - part) + (kept[i] ?? 0) * part
    }
    this.#queue[0] = kept
    this.#offset = 0
    this.#depth -= count
    return true
  }
}
