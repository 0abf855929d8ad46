/** Samples that a place holds: 20 ms at 48 kHz. What is longer takes several. */
const samplesOfPlace = 960
const microseconds = 1_000_000 / 48_000
/** Some more than half a second of ten people; a power of two, so that counts may run over. */
const places = 256
/** Of a place: the sender's clock, then slot, length and whether it is recorded. */
const head = 24
const placeSize = head + 4 * samplesOfPlace
/** How much was written and read so far. */
const countSize = 8

/** Memory for a ring; undefined where memory cannot be shared. */
export function ringMemory(): SharedArrayBuffer | undefined {
  return globalThis.crossOriginIsolated
    ? new SharedArrayBuffer(countSize + places * placeSize)
    : undefined
}

type Place = {
  at: Float64Array
  about: Int32Array
  samples: Float32Array
}

/**
 * Sound on its way to the loudspeaker, in memory that both sides see: one writes, one reads, and
 * neither waits. A message for each would cost more than what it says.
 */
export class Ring {
  readonly #counts: Int32Array
  readonly #places: Place[]

  constructor(memory: SharedArrayBuffer) {
    this.#counts = new Int32Array(memory, 0, 2)
    this.#places = Array.from({ length: places }, (_, at) => {
      const begin = countSize + at * placeSize
      return {
        at: new Float64Array(memory, begin, 1),
        about: new Int32Array(memory, begin + 8, 3),
        samples: new Float32Array(memory, begin + head, samplesOfPlace),
      }
    })
  }

  /** Adds the sound of a participant; where nobody reads, it is lost. */
  write(slot: number, at: number, keep: boolean, samples: Float32Array) {
    for (let begin = 0; begin < samples.length; begin += samplesOfPlace) {
      const written = Atomics.load(this.#counts, 0)
      if (((written - Atomics.load(this.#counts, 1)) | 0) >= places) return
      const part = samples.subarray(begin, begin + samplesOfPlace)
      const place = this.#place(written)
      place.at[0] = at + begin * microseconds
      place.about.set([slot, part.length, keep ? 1 : 0])
      place.samples.set(part)
      Atomics.store(this.#counts, 0, written + 1)
    }
  }

  /** Gives all that was written since, in order; the samples belong to who takes them. */
  read(take: (slot: number, at: number, keep: boolean, samples: Float32Array) => void) {
    const written = Atomics.load(this.#counts, 0)
    for (let read = Atomics.load(this.#counts, 1); read !== written; read = (read + 1) | 0) {
      const { at, about, samples } = this.#place(read)
      const [slot = 0, length = 0, keep] = about
      take(slot, at[0] ?? 0, keep === 1, samples.slice(0, length))
      Atomics.store(this.#counts, 1, read + 1)
    }
  }

  #place(count: number): Place {
    return this.#places[count & (places - 1)] as Place
  }
}
