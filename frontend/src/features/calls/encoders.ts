import { fit, type Size } from "./sizes"
import { maxPayload, maxSound } from "./frames"
import type { Opus, OpusEncoder } from "./opus"

/** The clock of everything that is sent: microseconds, the same for sound and pictures. */
export const clock = () => Math.round((performance.timeOrigin + performance.now()) * 1000)

const rate = 48_000
/** Microseconds of one packet of sound. */
const packet = 20_000
/** A key frame at least this often, whatever happened to the wishes for one. Microseconds. */
const keyEvery = 20_000_000
/** Pictures that may wait in an encoder. */
const maxQueue = 2

type Bytes = Uint8Array<ArrayBuffer>

function bytesOf(chunk: EncodedVideoChunk | EncodedAudioChunk): Bytes {
  const data = new Uint8Array(chunk.byteLength)
  chunk.copyTo(data)
  return data
}

/** Makes packets of 20 ms of the microphone's sound. */
export class SoundEncoder {
  readonly #packet: (at: number, data: Bytes) => void
  readonly #failed: () => void
  #encoder: AudioEncoder | undefined
  #own: OpusEncoder | undefined
  #port: MessagePort | undefined
  #bitrate = 32_000
  #at = 0
  muted = true
  /** Whether the browser cannot encode, and the codec that does as soon as it is there. */
  byOpus = false
  opus: Opus | undefined

  constructor(packet: (at: number, data: Bytes) => void, failed: () => void) {
    this.#packet = packet
    this.#failed = failed
  }

  set bitrate(bitrate: number) {
    if (bitrate === this.#bitrate) return
    this.#bitrate = bitrate
    if (this.#encoder?.state === "configured") this.#configure(this.#encoder)
    this.#own?.setBitrate(bitrate)
  }

  listen(port: MessagePort) {
    this.#port?.close()
    this.#port = port
    port.onmessage = ({ data }) => this.#encode(data as Float32Array<ArrayBuffer>)
  }

  close() {
    this.#port?.close()
    this.#port = undefined
    if (this.#encoder?.state !== "closed") this.#encoder?.close()
    this.#encoder = undefined
    this.#own?.close()
    this.#own = undefined
  }

  #encode(samples: Float32Array<ArrayBuffer>) {
    if (this.muted) return
    // The clock of the samples, unless it is far from that of the computer.
    const now = clock()
    this.#at += packet
    if (Math.abs(now - this.#at) > 5 * packet) this.#at = now
    if (!this.byOpus) this.#byBrowser(samples)
    else if (this.opus) this.#byOpus(this.opus, samples)
  }

  #byBrowser(samples: Float32Array<ArrayBuffer>) {
    try {
      const encoder = (this.#encoder ??= this.#open())
      const sound = new AudioData({
        format: "f32-planar",
        sampleRate: rate,
        numberOfFrames: samples.length,
        numberOfChannels: 1,
        timestamp: this.#at,
        data: samples,
      })
      encoder.encode(sound)
      sound.close()
    } catch {
      this.#encoder = undefined
      this.#failed()
    }
  }

  #byOpus(opus: Opus, samples: Float32Array) {
    if (!this.#own) {
      this.#own = opus.encoder()
      this.#own?.setBitrate(this.#bitrate)
    }
    const data = this.#own?.encode(samples)
    if (data) return this.#packet(this.#at, data)
    this.#own = undefined
    this.#failed()
  }

  #open(): AudioEncoder {
    const encoder = new AudioEncoder({
      output: (chunk) => {
        if (!this.muted && chunk.byteLength <= maxSound)
          this.#packet(Math.max(0, chunk.timestamp), bytesOf(chunk))
      },
      error: () => {
        this.#encoder = undefined
        this.#failed()
      },
    })
    this.#configure(encoder)
    return encoder
  }

  #configure(encoder: AudioEncoder) {
    const opus = {
      frameDuration: packet,
      useinbandfec: true,
      packetlossperc: 10,
      application: "voip",
      signal: "voice",
    }
    encoder.configure({
      codec: "opus",
      sampleRate: rate,
      numberOfChannels: 1,
      bitrate: this.#bitrate,
      opus,
    } as AudioEncoderConfig)
  }
}

/** Encodes one layer of pictures. */
export class PictureEncoder {
  readonly #size: { width: number; height: number; kbps: number }
  readonly #frame: (at: number, key: boolean, data: Bytes) => boolean
  readonly #failed: () => void
  readonly #canvas = typeof OffscreenCanvas === "undefined" ? undefined : new OffscreenCanvas(2, 2)
  /** Whether the encoder makes pictures smaller itself, which costs less than a canvas. */
  scales = false
  #encoder: VideoEncoder | undefined
  #now = ""
  #wished = true
  #keyAt = 0

  constructor(
    size: { width: number; height: number; kbps: number },
    frame: (at: number, key: boolean, data: Bytes) => boolean,
    failed: () => void,
  ) {
    this.#size = size
    this.#frame = frame
    this.#failed = failed
  }

  needKey() {
    this.#wished = true
  }

  close() {
    if (this.#encoder?.state !== "closed") this.#encoder?.close()
    this.#encoder = undefined
    this.#now = ""
    this.#wished = true
  }

  /** Encodes a picture, which stays the caller's. One that finds the encoder busy is left out. */
  encode(picture: VideoFrame) {
    if ((this.#encoder?.encodeQueueSize ?? 0) > maxQueue) return
    const at = clock()
    const size = fit(picture.displayWidth, picture.displayHeight, this.#size)
    let scaled: VideoFrame | undefined
    try {
      scaled = this.#scaled(picture, size, at)
      const encoder = this.#ready(size)
      const keyFrame = this.#wished || at - this.#keyAt > keyEvery
      if (keyFrame) this.#keyAt = at
      this.#wished = false
      encoder.encode(scaled, { keyFrame })
    } catch {
      this.close()
      this.#failed()
    } finally {
      scaled?.close()
    }
  }

  #scaled(picture: VideoFrame, size: Size, at: number): VideoFrame {
    const same = size.width === picture.codedWidth && size.height === picture.codedHeight
    const canvas = this.#canvas
    if (same || this.scales || !canvas) return new VideoFrame(picture, { timestamp: at })
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size)
    const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true })
    context?.drawImage(picture, 0, 0, size.width, size.height)
    return new VideoFrame(canvas, { timestamp: at })
  }

  #ready({ width, height }: Size): VideoEncoder {
    const size = `${width}×${height}`
    const encoder = (this.#encoder ??= this.#open())
    if (size === this.#now) return encoder
    encoder.configure({
      codec: "vp8",
      width,
      height,
      bitrate: this.#size.kbps * 1000,
      framerate: 15,
      latencyMode: "realtime",
    })
    this.#now = size
    this.#wished = true
    return encoder
  }

  #open(): VideoEncoder {
    const encoder: VideoEncoder = new VideoEncoder({
      output: (chunk) => {
        if (this.#encoder !== encoder || chunk.byteLength > maxPayload) return
        // A picture that is left out makes those after it useless.
        if (!this.#frame(chunk.timestamp, chunk.type === "key", bytesOf(chunk))) this.#wished = true
      },
      error: () => {
        if (this.#encoder !== encoder) return
        this.#encoder = undefined
        this.#now = ""
        this.#failed()
      },
    })
    return encoder
  }
}
