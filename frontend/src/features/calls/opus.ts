/** What of libopus is called; addresses are those of its memory. */
type Library = {
  memory: WebAssembly.Memory
  _initialize(): void
  malloc(bytes: number): number
  free(at: number): void
  opus_encoder_get_size(channels: number): number
  opus_encoder_init(encoder: number, rate: number, channels: number, application: number): number
  opus_encoder_ctl_set(encoder: number, what: number, value: number): number
  opus_encode(encoder: number, sound: number, count: number, packet: number, room: number): number
  opus_decoder_get_size(channels: number): number
  opus_decoder_init(decoder: number, rate: number, channels: number): number
  opus_decode(
    decoder: number,
    packet: number,
    length: number,
    sound: number,
    room: number,
    repair: number,
  ): number
}

const rate = 48_000
/** Samples of the longest packet, 120 ms (RFC 6716, 3.2.5). */
const longest = (rate * 120) / 1000
/** Bytes. */
const maxPacket = 1500
/** Samples of a packet that is made here, 20 ms. */
const packetSamples = rate / 50

/** Names and numbers of opus_defines.h. */
const voip = 2048
const voice = 3001
const what = { bitrate: 4002, complexity: 4010, repair: 4012, loss: 4014, signal: 4024 }
/** Without an expected loss nothing is said twice. */
const settings = [
  [what.complexity, 5],
  [what.signal, voice],
  [what.repair, 1],
  [what.loss, 10],
] as const

/**
 * libopus as WebAssembly. A packet costs a third of what it costs through the browser's own
 * decoder, which sends each to another thread and back; and WebKit has no encoder of its own before
 * Safari 26.
 */
export class Opus {
  readonly #module: WebAssembly.Module
  #library: Library
  #packet: number
  #sound: number

  private constructor(module: WebAssembly.Module, library: Library) {
    this.#module = module
    this.#library = library
    this.#packet = library.malloc(maxPacket)
    this.#sound = library.malloc(2 * longest)
  }

  static async start(code: BufferSource): Promise<Opus> {
    const module = await WebAssembly.compile(code)
    return new Opus(module, load(module))
  }

  /** A decoder of one channel; undefined where there is no room for it. */
  decoder(): OpusDecoder | undefined {
    const library = this.#library
    const at = library.malloc(library.opus_decoder_get_size(1))
    if (at === 0 || library.opus_decoder_init(at, rate, 1) < 0) return undefined
    return {
      decode: (packet) => (this.#library === library ? this.#decode(at, packet) : undefined),
      close: () => {
        if (this.#library === library) library.free(at)
      },
    }
  }

  /** An encoder of one channel; undefined where there is no room for it. */
  encoder(): OpusEncoder | undefined {
    const library = this.#library
    const at = library.malloc(library.opus_encoder_get_size(1))
    if (at === 0 || library.opus_encoder_init(at, rate, 1, voip) < 0) return undefined
    for (const [name, value] of settings) library.opus_encoder_ctl_set(at, name, value)
    return {
      setBitrate: (bitrate) => library.opus_encoder_ctl_set(at, what.bitrate, bitrate),
      encode: (samples) => (this.#library === library ? this.#encode(at, samples) : undefined),
      close: () => {
        if (this.#library === library) library.free(at)
      },
    }
  }

  #encode(encoder: number, samples: Float32Array): Uint8Array<ArrayBuffer> | undefined {
    if (samples.length !== packetSamples) return undefined
    const { memory, opus_encode } = this.#library
    const sound = new Int16Array(memory.buffer, this.#sound, packetSamples)
    for (let i = 0; i < packetSamples; i++)
      sound[i] = 32767 * Math.min(1, Math.max(-1, samples[i] as number))
    let length: number
    try {
      length = opus_encode(encoder, this.#sound, packetSamples, this.#packet, maxPacket)
    } catch {
      this.#renew()
      return undefined
    }
    if (length <= 0) return undefined
    return new Uint8Array(memory.buffer, this.#packet, length).slice()
  }

  #decode(decoder: number, packet: Uint8Array): Float32Array<ArrayBuffer> | undefined {
    if (packet.length === 0 || packet.length > maxPacket) return undefined
    const { memory, opus_decode } = this.#library
    new Uint8Array(memory.buffer, this.#packet, packet.length).set(packet)
    let count: number
    try {
      count = opus_decode(decoder, this.#packet, packet.length, this.#sound, longest, 0)
    } catch {
      this.#renew()
      return undefined
    }
    if (count <= 0) return undefined
    const sound = new Int16Array(memory.buffer, this.#sound, count)
    const samples = new Float32Array(count)
    for (let i = 0; i < count; i++) samples[i] = (sound[i] as number) / 32768
    return samples
  }

  /** After a trap nothing in the memory is as it should be; all decoders are of no use any more. */
  #renew() {
    this.#library = load(this.#module)
    this.#packet = this.#library.malloc(maxPacket)
    this.#sound = this.#library.malloc(2 * longest)
  }
}

export type OpusEncoder = {
  /** Bits a second. */
  setBitrate(bitrate: number): void
  /** The packet of 960 samples; undefined for another number, and for all once the library broke. */
  encode(samples: Float32Array): Uint8Array<ArrayBuffer> | undefined
  close(): void
}

export type OpusDecoder = {
  /** 48,000 samples a second; undefined for what is no packet, and for all once the library broke. */
  decode(packet: Uint8Array): Float32Array<ArrayBuffer> | undefined
  close(): void
}

function load(module: WebAssembly.Module): Library {
  // It has no business with files: its only use for them is a last word before it gives up.
  const nothing = () => 0
  const { exports } = new WebAssembly.Instance(module, {
    env: { emscripten_notify_memory_growth: nothing },
    wasi_snapshot_preview1: {
      fd_close: nothing,
      fd_seek: nothing,
      fd_write: nothing,
      proc_exit: () => {
        throw new Error("the audio codec gave up")
      },
    },
  })
  const library = exports as unknown as Library
  library._initialize()
  return library
}
