import { Playout, type Heard } from "./playout"
import { Ring } from "./ring"

// The types of this place are in no library of the compiler.
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare function registerProcessor(name: string, made: new () => AudioWorkletProcessor): void

const packet = 960

/** Cuts the microphone's sound into packets of 20 ms. */
class Microphone extends AudioWorkletProcessor {
  #samples = new Float32Array(packet)
  #filled = 0
  #to: MessagePort | undefined

  constructor() {
    super()
    this.port.onmessage = ({ data }) => (this.#to = data as MessagePort)
  }

  process([input]: Float32Array[][]): boolean {
    const channel = input?.[0]
    if (!channel) return true
    for (let from = 0; from < channel.length;) {
      const count = Math.min(channel.length - from, packet - this.#filled)
      this.#samples.set(channel.subarray(from, from + count), this.#filled)
      this.#filled += count
      from += count
      if (this.#filled < packet) break
      this.#to?.postMessage(this.#samples, [this.#samples.buffer])
      this.#samples = new Float32Array(packet)
      this.#filled = 0
    }
    return true
  }
}

/** Plays the sound of all participants, each as late as its line needs. */
class Speaker extends AudioWorkletProcessor {
  readonly #playouts = new Map<number, Playout>()
  /** Who is recorded: what of the second output is theirs. */
  readonly #kept = new Set<number>()
  readonly #one = new Float32Array(128)
  #ring: Ring | undefined

  constructor() {
    super()
    this.port.onmessage = ({ data }) => {
      if (!(data instanceof MessagePort)) {
        this.#ring = new Ring(data as SharedArrayBuffer)
        return
      }
      data.onmessage = ({ data }) => {
        const { parts, samples } = data as Heard
        let begin = 0
        for (const { slot, at, keep, length } of parts)
          this.#take(slot, at, keep, samples.subarray(begin, (begin += length)))
      }
    }
  }

  process(_: Float32Array[][], [output, recorded]: Float32Array[][]): boolean {
    const [first, ...others] = output ?? []
    if (!first) return true
    this.#ring?.read(this.#take)
    const film = this.#kept.size > 0 ? recorded?.[0] : undefined
    for (const [slot, playout] of this.#playouts) {
      if (!film || !this.#kept.has(slot)) {
        playout.pull(first)
        continue
      }
      const one = this.#one.fill(0)
      playout.pull(one)
      add(first, one)
      add(film, one)
    }
    limit(first)
    if (film) limit(film)
    for (const other of others) other.set(first)
    return true
  }

  #take = (slot: number, at: number, keep: boolean, samples: Float32Array) => {
    if (keep) this.#kept.add(slot)
    else this.#kept.delete(slot)
    let playout = this.#playouts.get(slot)
    if (!playout) this.#playouts.set(slot, (playout = new Playout()))
    playout.push(at, samples)
  }
}

function add(to: Float32Array, more: Float32Array) {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] as number) + (more[i] as number)
}

function limit(samples: Float32Array) {
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number
    if (sample > 1) samples[i] = 1
    else if (sample < -1) samples[i] = -1
  }
}

registerProcessor("microphone", Microphone)
registerProcessor("speaker", Speaker)
