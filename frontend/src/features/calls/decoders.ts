import type { Picture, Source, Tell } from "./engine"
import type { Opus, OpusDecoder } from "./opus"
import { pixelsOf, type Pixels } from "./pixels"
import type { Heard } from "./playout"
import { Ring } from "./ring"
import { isPicture, Kind, type Frame, type PictureKind } from "./frames"

/** Milliseconds. */
const askEvery = 600
/** A source that sends nothing for this long is not shown any more. */
const goneAfter = 3000
/** Pictures that may wait in a decoder, before all up to the next key frame are left out. */
const maxQueue = 12

type Ask = (slot: number, kind: PictureKind) => void

const sourceOf = (kind: number): Source => (kind === Kind.screen ? "screen" : "camera")

/** Decodes what all participants send. */
export class Decoders {
  readonly #tell: Tell
  readonly #ask: Ask
  readonly #pictures = new Map<string, PictureDecoder>()
  readonly #sounds = new Map<number, SoundDecoder>()
  #devices = new Map<number, string>()
  /** Who is looked at, as "device source", and where the pictures go if not to the page. */
  readonly #looks = new Map<string, WritableStreamDefaultWriter<VideoFrame> | undefined>()
  readonly #turns = new Turns()
  #heard: { slot: number; at: number; keep: boolean; samples: Float32Array }[] = []
  speaker: Ring | MessagePort | undefined
  /** What decodes sound, as soon as it is there. */
  opus: Opus | undefined
  /** Whether pictures are told as bytes. */
  pixels = false
  /** Whose sound is recorded. */
  kept: ReadonlySet<string> = new Set()

  constructor(tell: Tell, ask: Ask) {
    this.#tell = tell
    this.#ask = ask
  }

  /** Says which slot is which device. */
  name(devices: Map<number, string>) {
    for (const [slot, device] of this.#devices) if (devices.get(slot) !== device) this.#forget(slot)
    this.#devices = devices
  }

  /** The slots of devices; undefined while there are none at all. */
  slots(devices: string[]): Uint8Array<ArrayBuffer> | undefined {
    if (this.#devices.size === 0) return undefined
    const all = [...this.#devices].filter(([, device]) => devices.includes(device))
    return new Uint8Array(all.map(([slot]) => slot))
  }

  /** Decodes these pictures, which nobody does that are not looked at. */
  look(device: string, source: Source, to: WritableStream<VideoFrame> | undefined) {
    const writer = to?.getWriter()
    // What shows them may end first.
    writer?.closed.catch(() => {})
    this.#looks.set(`${device} ${source}`, writer)
  }

  leave(device: string, source: Source) {
    const key = `${device} ${source}`
    void this.#looks
      .get(key)
      ?.close()
      .catch(() => {})
    this.#looks.delete(key)
  }

  picture(frame: Frame) {
    const device = this.#devices.get(frame.slot)
    if (!device || !isPicture(frame.kind)) return
    const source = sourceOf(frame.kind)
    const key = `${frame.slot} ${source}`
    const look = `${device} ${source}`
    let decoder = this.#pictures.get(key)
    if (!decoder) {
      const told = this.#told((picture, whole) =>
        this.#tell({ is: "picture", device, source, picture }, [whole]),
      )
      decoder = new PictureDecoder(
        (picture) => {
          const writer = this.#looks.get(look)
          if (writer) this.#turns.show(writer, picture, this.#looks.size)
          else told(picture)
        },
        (there) => this.#tell({ is: there ? "there" : "gone", device, source }),
        (kind) => this.#ask(frame.slot, kind),
        this.pixels,
      )
      this.#pictures.set(key, decoder)
    }
    decoder.decode(frame, this.#looks.has(look))
  }

  /** Takes the pictures of one decoder for the page, in the form that is wanted. */
  #told(show: (picture: Picture, whole: Transferable) => void) {
    let [last, shown] = [0, 0]
    return (picture: VideoFrame) => {
      if (!this.pixels) return show(picture, picture)
      const turn = ++last
      void pixelsOf(picture)
        .catch(() => undefined)
        .then((pixels: Pixels | undefined) => {
          // One that a newer one has overtaken is of no use.
          const late = turn < shown
          shown = Math.max(turn, shown)
          if (!late && !pixels) return show(picture, picture)
          if (!late && pixels) show(pixels, pixels.data.buffer)
          picture.close()
        })
    }
  }

  sound(frame: Frame) {
    const { slot } = frame
    if (!this.#devices.has(slot)) return
    let decoder = this.#sounds.get(slot)
    if (!decoder) this.#sounds.set(slot, (decoder = new SoundDecoder()))
    const samples = this.opus && decoder.decode(this.opus, frame.payload)
    if (!samples) return
    const keep = this.#keeps(slot)
    if (this.speaker instanceof Ring) this.speaker.write(slot, frame.at, keep, samples)
    else this.#heard.push({ slot, at: frame.at, samples, keep })
  }

  /** Gives what was decoded to the loudspeaker, all as one: to hand over each alone costs more than to copy it. */
  play() {
    const heard = this.#heard
    if (heard.length === 0) return
    this.#heard = []
    if (!(this.speaker instanceof MessagePort)) return
    const samples = new Float32Array(heard.reduce((sum, one) => sum + one.samples.length, 0))
    let begin = 0
    const parts = heard.map(({ slot, at, keep, samples: some }) => {
      samples.set(some, begin)
      begin += some.length
      return { slot, at, keep, length: some.length }
    })
    this.speaker.postMessage({ parts, samples } satisfies Heard, [samples.buffer])
  }

  #keeps = (slot: number) => this.kept.has(this.#devices.get(slot) ?? "")

  /** How loud each device is, 0 to 1; undefined when nobody has sent sound. */
  levels(): Record<string, number> | undefined {
    for (const decoder of this.#pictures.values()) decoder.look()
    if (this.#sounds.size === 0) return undefined
    const levels: Record<string, number> = {}
    for (const [slot, decoder] of this.#sounds) {
      const device = this.#devices.get(slot)
      if (device) levels[device] = decoder.level()
    }
    return levels
  }

  close() {
    for (const slot of [...this.#devices.keys()]) this.#forget(slot)
    this.#devices = new Map()
    for (const writer of this.#looks.values()) void writer?.close().catch(() => {})
    this.#looks.clear()
    this.#turns.close()
    if (this.speaker instanceof MessagePort) this.speaker.close()
    this.speaker = undefined
  }

  #forget(slot: number) {
    for (const source of ["camera", "screen"]) {
      this.#pictures.get(`${slot} ${source}`)?.close()
      this.#pictures.delete(`${slot} ${source}`)
    }
    this.#sounds.get(slot)?.close()
    this.#sounds.delete(slot)
  }
}

/** Milliseconds between the turns in which the pictures of several people are shown. */
const turn = 1000 / 30
/** For so many each picture is shown at once. */
const few = 2

/**
 * Shows what comes of several people in common turns: each time that anything changes costs the
 * display about the same, however much it is.
 */
class Turns {
  readonly #waiting = new Map<WritableStreamDefaultWriter<VideoFrame>, VideoFrame>()
  #timer: ReturnType<typeof setTimeout> | undefined

  show(to: WritableStreamDefaultWriter<VideoFrame>, picture: VideoFrame, looks: number) {
    const before = this.#waiting.get(to)
    if (before) write(to, before)
    this.#waiting.delete(to)
    if (looks <= few) return write(to, picture)
    this.#waiting.set(to, picture)
    this.#timer ??= setTimeout(this.#take, turn - (performance.now() % turn))
  }

  close() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const picture of this.#waiting.values()) picture.close()
    this.#waiting.clear()
  }

  #take = () => {
    this.#timer = undefined
    for (const [to, picture] of this.#waiting) write(to, picture)
    this.#waiting.clear()
  }
}

/** Gives a picture to what shows it; one for which there is no time is left out. */
function write(to: WritableStreamDefaultWriter<VideoFrame>, picture: VideoFrame) {
  if ((to.desiredSize ?? 0) <= 0) return picture.close()
  to.write(picture).catch(() => picture.close())
}

/** A number for the size that a key frame of VP8 says it has (RFC 6386, 9.1). */
const sizeOf = (frame: Uint8Array) =>
  frame.length < 10 ? 0 : new DataView(frame.buffer, frame.byteOffset).getUint32(6)

/** Decodes one camera, whichever layer of it comes, or one shared screen. */
class PictureDecoder {
  readonly #show: (picture: VideoFrame) => void
  readonly #there: (there: boolean) => void
  readonly #ask: (kind: PictureKind) => void
  #decoder: VideoDecoder | undefined
  #kind: PictureKind | 0 = 0
  #asked = 0
  #last = 0
  #told = false
  #size = 0
  /** WebKitGTK says of pictures that they are as large as the first of their decoder was. */
  readonly #sized: boolean

  constructor(
    show: (picture: VideoFrame) => void,
    there: (there: boolean) => void,
    ask: (kind: PictureKind) => void,
    sized: boolean,
  ) {
    this.#sized = sized
    this.#show = show
    this.#there = there
    this.#ask = ask
  }

  decode(frame: Frame, watching: boolean) {
    if (!isPicture(frame.kind)) return
    this.#last = performance.now()
    if (!watching) {
      this.#kind = 0
      return
    }
    if ((this.#decoder?.decodeQueueSize ?? 0) > maxQueue) this.#kind = 0
    if (frame.key) this.#kind = frame.kind
    if (this.#kind !== frame.kind) {
      if (this.#kind === 0) this.#wish(frame.kind)
      return
    }
    const type = frame.key ? "key" : "delta"
    const size = frame.key ? sizeOf(frame.payload) : this.#size
    if (this.#sized && size !== this.#size) this.#end()
    this.#size = size
    try {
      const decoder = (this.#decoder ??= this.#open(frame.kind))
      decoder.decode(new EncodedVideoChunk({ type, timestamp: frame.at, data: frame.payload }))
    } catch {
      this.#broken(frame.kind)
    }
  }

  /** Notices that nothing comes any more. */
  look() {
    if (this.#told && performance.now() - this.#last > goneAfter) this.#tell(false)
  }

  close() {
    this.#end()
    this.#tell(false)
  }

  #tell(there: boolean) {
    if (there !== this.#told) this.#there(there)
    this.#told = there
  }

  #end() {
    if (this.#decoder?.state !== "closed") this.#decoder?.close()
    this.#decoder = undefined
  }

  #open(kind: PictureKind): VideoDecoder {
    const decoder: VideoDecoder = new VideoDecoder({
      output: (picture) => {
        if (this.#decoder !== decoder) return picture.close()
        this.#tell(true)
        this.#show(picture)
      },
      error: () => this.#decoder === decoder && this.#broken(kind),
    })
    decoder.configure({ codec: "vp8", optimizeForLatency: true })
    return decoder
  }

  #broken(kind: PictureKind) {
    this.#end()
    this.#kind = 0
    this.#wish(kind)
  }

  #wish(kind: PictureKind) {
    const now = performance.now()
    if (now - this.#asked < askEvery) return
    this.#asked = now
    this.#ask(kind)
  }
}

/** Decodes the sound of one participant. */
class SoundDecoder {
  #decoder: OpusDecoder | undefined
  #peak = 0

  /** Returns the samples of a packet, if it is one. */
  decode(opus: Opus, packet: Uint8Array): Float32Array<ArrayBuffer> | undefined {
    this.#decoder ??= opus.decoder()
    const samples = this.#decoder?.decode(packet)
    if (!samples) {
      this.close()
      return undefined
    }
    let sum = 0
    for (let i = 0; i < samples.length; i++) sum += (samples[i] as number) ** 2
    this.#peak = Math.max(this.#peak, Math.sqrt(sum / samples.length))
    return samples
  }

  /** The loudest since it was asked last. */
  level(): number {
    const level = this.#peak
    this.#peak = 0
    return level
  }

  close() {
    this.#decoder?.close()
    this.#decoder = undefined
  }
}
