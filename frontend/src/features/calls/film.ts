import { Muxer, StreamTarget } from "webm-muxer"

/** Takes the bytes of a file, mostly one after the other; some are written anew. */
export interface Sink {
  write(data: Uint8Array<ArrayBuffer>, position: number): void
  /** Ends the file, which is worth keeping or not. False when it could not be kept. */
  close(keep: boolean): Promise<boolean>
  /** What the file is called, where the page knows. */
  readonly name?: string
  /** The page goes, with all written that there is. */
  leave?(): void
}

/** What a film is like. */
export const film = { width: 1280, height: 720, rate: 12, kbps: 1200, soundRate: 48_000 } as const

/** Microseconds. */
const packet = 20_000
const keyEvery = 5_000_000
/** Pictures that may wait in the encoder. */
const maxQueue = 3

/**
 * Encodes pictures and sound into a WebM file (VP8 and Opus). Its clock is that of the sound: what
 * is not heard takes no time.
 */
export class Film {
  readonly #muxer: Muxer<StreamTarget>
  readonly #pictures: VideoEncoder
  readonly #sound: AudioEncoder
  readonly #failed: () => void
  #at = 0
  #keyAt = -keyEvery
  #pictureAt = -1
  #ended = false

  constructor(sink: Sink, failed: () => void) {
    this.#failed = failed
    const { width, height, rate, kbps, soundRate } = film
    this.#muxer = new Muxer({
      target: new StreamTarget({
        onData: (data, position) => sink.write(data.slice(), position),
        chunked: true,
        // What the page has not written is lost with it.
        chunkSize: 1 << 15,
      }),
      video: { codec: "V_VP8", width, height, frameRate: rate },
      audio: { codec: "A_OPUS", numberOfChannels: 1, sampleRate: soundRate },
      firstTimestampBehavior: "offset",
    })
    const error = () => this.#fail()
    this.#pictures = new VideoEncoder({
      output: (chunk, about) => this.#muxer.addVideoChunk(chunk, about ?? {}),
      error,
    })
    this.#pictures.configure({
      codec: "vp8",
      width,
      height,
      bitrate: kbps * 1000,
      framerate: rate,
      latencyMode: "realtime",
    })
    this.#sound = new AudioEncoder({
      output: (chunk) => this.#muxer.addAudioChunk(chunk, { decoderConfig: opus }),
      error,
    })
    this.#sound.configure({
      codec: "opus",
      sampleRate: soundRate,
      numberOfChannels: 1,
      bitrate: 64_000,
    })
  }

  /** Adds 20 ms of sound. */
  hear(samples: Float32Array<ArrayBuffer>) {
    if (this.#ended) return
    const sound = new AudioData({
      format: "f32-planar",
      sampleRate: film.soundRate,
      numberOfFrames: samples.length,
      numberOfChannels: 1,
      timestamp: this.#at,
      data: samples,
    })
    this.#at += packet
    this.#sound.encode(sound)
    sound.close()
  }

  /** Adds what a canvas shows now. */
  see(canvas: HTMLCanvasElement) {
    if (this.#ended || this.#pictureAt === this.#at) return
    if (this.#pictures.encodeQueueSize > maxQueue) return
    this.#pictureAt = this.#at
    const keyFrame = this.#at - this.#keyAt >= keyEvery
    if (keyFrame) this.#keyAt = this.#at
    const picture = new VideoFrame(canvas, { timestamp: this.#at })
    try {
      this.#pictures.encode(picture, { keyFrame })
    } finally {
      picture.close()
    }
  }

  /** Writes what is missing. False when there is nothing in the file, or not all. */
  async end(): Promise<boolean> {
    if (this.#ended) return false
    this.#ended = true
    try {
      await Promise.all([this.#pictures.flush(), this.#sound.flush()])
      this.#pictures.close()
      this.#sound.close()
      if (this.#at === 0) return false
      this.#muxer.finalize()
      return true
    } catch {
      return false
    }
  }

  /** Writes what is missing at once, without what the encoders still have. */
  endNow() {
    if (this.#ended) return
    this.#ended = true
    if (this.#at > 0) this.#muxer.finalize()
  }

  #fail() {
    if (!this.#ended) this.#failed()
  }
}

/** The head of Opus in one channel at 48 kHz (RFC 7845, 5.1), which not every encoder tells. */
const opus: AudioDecoderConfig = {
  codec: "opus",
  numberOfChannels: 1,
  sampleRate: film.soundRate,
  // "OpusHead", version 1, one channel, 312 samples to leave out, 48,000 Hz, no gain, no map.
  description: new Uint8Array([
    0x4f, 0x70, 0x75, 0x73, 0x48, 0x65, 0x61, 0x64, 1, 1, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0,
  ]),
}
