import { Decoders } from "./decoders"
import type { Pixels } from "./pixels"
import { Opus } from "./opus"
import { Ring } from "./ring"
import { PictureEncoder, SoundEncoder } from "./encoders"
import {
  decodeFrames,
  decodeSlots,
  decodeWants,
  encodeFrame,
  Kind,
  type Frame,
  type PictureKind,
  type Wants,
} from "./frames"

/** What of a participant is shown. */
export type Source = "camera" | "screen"

/** A picture of a participant. */
export type Picture = VideoFrame | Pixels

export type ToEngine =
  /**
   * With `pixels`, pictures come as bytes; with `opus`, the codec encodes sound too; with `scales`,
   * encoders take pictures of any size.
   */
  | { do: "open"; url: string; pixels: boolean; opus: boolean; scales: boolean }
  | { do: "close" }
  /** The codec of sound, as WebAssembly. */
  | { do: "codec"; code: ArrayBuffer }
  /** This page captures and plays from now on. */
  | { do: "take" }
  /** The packets of the microphone come through the port, 20 ms each. */
  | { do: "microphone"; port: MessagePort }
  /** The sound of the others goes into this memory, a ring, or through the port. */
  | { do: "speaker"; to: SharedArrayBuffer | MessagePort }
  | { do: "mute"; muted: boolean }
  | { do: "picture"; source: Source; picture: VideoFrame }
  | { do: "stop"; source: Source }
  /** The sound of these devices is recorded. */
  | { do: "keep"; devices: string[] }
  /** Somebody looks at these pictures; those that nobody looks at are not decoded. They go to `to`, or to the page. */
  | { do: "look"; device: string; source: Source; to?: WritableStream<VideoFrame> }
  | { do: "leave"; device: string; source: Source }
  /** The cameras of these are shown larger than the small layer is. */
  | { do: "large"; devices: string[] }

export type FromEngine =
  | { is: "picture"; device: string; source: Source; picture: Picture }
  /** Pictures come, after there were none. */
  | { is: "there"; device: string; source: Source }
  | { is: "gone"; device: string; source: Source }
  | { is: "levels"; levels: Record<string, number> }
  | { is: "line"; open: boolean }
  | { is: "taken" }
  | { is: "failed"; what: "sound" | "picture" }

export type Tell = (message: FromEngine, transfer?: Transferable[]) => void

/** Milliseconds. */
const retry = 1000
const levelsEvery = 150
/** Bytes that may wait for a program that is too slow, before pictures are left out. */
const maxWaiting = 1 << 20

/** Everything may be of use until the program says better. */
const all: Wants = { audio: 32_000, video: true, small: true, screen: true }

/**
 * Encodes what this device captures, once, and decodes what the others send. It runs in a worker,
 * or in the page where there is none.
 */
export class Engine {
  readonly #tell: Tell
  readonly #decoders: Decoders
  readonly #sound: SoundEncoder
  readonly #pictures: Record<PictureKind, PictureEncoder>
  #socket: WebSocket | undefined
  #url = ""
  #taken = false
  #wants: Wants = all
  #large: string[] | undefined
  #again: ReturnType<typeof setTimeout> | undefined
  #levels: ReturnType<typeof setInterval> | undefined

  constructor(tell: Tell) {
    this.#tell = tell
    this.#decoders = new Decoders(tell, (slot, kind) =>
      this.#send(slot, Kind.key, false, 0, new Uint8Array([kind])),
    )
    const failed = (what: "sound" | "picture") => () => tell({ is: "failed", what })
    this.#sound = new SoundEncoder(
      (at, data) => this.#send(0, Kind.audio, false, at, data),
      failed("sound"),
    )
    const pictures = (kind: PictureKind, width: number, height: number, kbps: number) =>
      new PictureEncoder(
        { width, height, kbps },
        (at, key, data) => this.#send(0, kind, key, at, data),
        failed("picture"),
      )
    this.#pictures = {
      [Kind.video]: pictures(Kind.video, 640, 360, 700),
      [Kind.small]: pictures(Kind.small, 320, 180, 150),
      [Kind.screen]: pictures(Kind.screen, 1920, 1080, 600),
    }
  }

  take(message: ToEngine) {
    switch (message.do) {
      case "open":
        this.#url = message.url
        this.#decoders.pixels = message.pixels
        this.#sound.byOpus = message.opus
        for (const encoder of Object.values(this.#pictures)) encoder.scales = message.scales
        this.#connect()
        break
      case "close":
        this.#close()
        break
      case "codec":
        void Opus.start(message.code).then(
          (opus) => (this.#decoders.opus = this.#sound.opus = opus),
          () => this.#tell({ is: "failed", what: "sound" }),
        )
        break
      case "take":
        this.#taken = true
        this.#send(0, Kind.take, false, 0, new Uint8Array())
        this.#tellLarge()
        break
      case "microphone":
        this.#sound.listen(message.port)
        break
      case "speaker":
        this.#decoders.speaker =
          message.to instanceof MessagePort ? message.to : new Ring(message.to)
        break
      case "mute":
        this.#sound.muted = message.muted
        break
      case "picture":
        this.#picture(message.source, message.picture)
        break
      case "stop":
        this.#stop(message.source)
        break
      case "keep":
        this.#decoders.kept = new Set(message.devices)
        break
      case "look":
        this.#decoders.look(message.device, message.source, message.to)
        break
      case "leave":
        this.#decoders.leave(message.device, message.source)
        break
      case "large":
        this.#large = message.devices
        this.#tellLarge()
    }
  }

  /** Tells the program whose cameras are shown large, once it has said who is who. */
  #tellLarge() {
    const slots = this.#large && this.#decoders.slots(this.#large)
    if (slots) this.#send(0, Kind.look, false, 0, slots)
  }

  #connect() {
    clearTimeout(this.#again)
    if (!this.#url) return
    const socket = new WebSocket(this.#url)
    socket.binaryType = "arraybuffer"
    this.#socket = socket
    socket.onopen = () => {
      this.#tell({ is: "line", open: true })
      if (this.#taken) this.take({ do: "take" })
    }
    socket.onmessage = ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return
      for (const frame of decodeFrames(data)) this.#receive(frame)
      this.#decoders.play()
    }
    socket.onclose = () => {
      if (this.#socket !== socket) return
      this.#tell({ is: "line", open: false })
      this.#again = setTimeout(() => this.#connect(), retry)
    }
    this.#levels ??= setInterval(() => this.#tellLevels(), levelsEvery)
  }

  #close() {
    clearTimeout(this.#again)
    clearInterval(this.#levels)
    this.#levels = undefined
    this.#url = ""
    this.#taken = false
    this.#wants = all
    this.#large = undefined
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
    this.#sound.close()
    for (const encoder of Object.values(this.#pictures)) encoder.close()
    this.#decoders.close()
  }

  #tellLevels() {
    const levels = this.#decoders.levels()
    if (levels) this.#tell({ is: "levels", levels })
  }

  #send(slot: number, kind: number, key: boolean, at: number, payload: Uint8Array<ArrayBuffer>) {
    const socket = this.#socket
    if (socket?.readyState !== WebSocket.OPEN) return false
    const picture = kind === Kind.video || kind === Kind.small || kind === Kind.screen
    if (picture && socket.bufferedAmount > maxWaiting) return false
    socket.send(encodeFrame({ slot, kind, key, at, payload }))
    return true
  }

  #receive(frame: Frame) {
    switch (frame.kind) {
      case Kind.wants:
        this.#want(decodeWants(frame.payload) ?? this.#wants)
        return
      case Kind.slots:
        this.#decoders.name(decodeSlots(frame.payload))
        this.#tellLarge()
        return
      case Kind.key:
        this.#pictures[frame.payload[0] as PictureKind].needKey()
        return
      case Kind.take:
        this.#taken = false
        this.#tell({ is: "taken" })
        return
      case Kind.audio:
        this.#decoders.sound(frame)
        return
      default:
        this.#decoders.picture(frame)
    }
  }

  #want(wants: Wants) {
    this.#wants = wants
    this.#sound.bitrate = wants.audio
  }

  #picture(source: Source, picture: VideoFrame) {
    const to = this.#pictures
    if (source === "screen") {
      if (this.#wants.screen) to[Kind.screen].encode(picture)
    } else {
      if (this.#wants.video) to[Kind.video].encode(picture)
      if (this.#wants.small) to[Kind.small].encode(picture)
    }
    picture.close()
  }

  #stop(source: Source) {
    const to = this.#pictures
    if (source === "screen") to[Kind.screen].close()
    else [to[Kind.video], to[Kind.small]].forEach((encoder) => encoder.close())
  }
}
