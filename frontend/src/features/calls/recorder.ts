import type { Source } from "./engine"
import { Film, film, type Sink } from "./film"
import { watch } from "./grab"
import { paintPicture } from "./pixels"
import { paintScene, type Part } from "./scene"
import type { Studio } from "./studio.svelte"

/** Somebody who is in the film. */
export type Actor = {
  device: string
  name: string
  camera: boolean
  screen: boolean
  self: boolean
}

type Picture = { canvas: HTMLCanvasElement; end: () => void }

/** Makes a film of a call out of what the studio of this page shows and plays. */
export class Recorder {
  readonly #studio: Studio
  readonly #film: Film
  readonly #canvas = Object.assign(document.createElement("canvas"), film)
  readonly #pictures = new Map<string, Picture>()
  readonly #timer: ReturnType<typeof setInterval>
  #actors: readonly Actor[] = []
  #silence = () => {}

  private constructor(studio: Studio, sink: Sink, failed: () => void) {
    this.#studio = studio
    this.#film = new Film(sink, failed)
    this.#timer = setInterval(() => this.#look(), 1000 / film.rate)
  }

  static async start(studio: Studio, sink: Sink, failed: () => void): Promise<Recorder> {
    const recorder = new Recorder(studio, sink, failed)
    recorder.#silence = await studio.record((samples) => {
      if (recorder.#actors.length > 0) recorder.#film.hear(samples)
    })
    return recorder
  }

  /** Films these and nobody else; with none it waits. */
  show(actors: readonly Actor[]) {
    this.#actors = actors
    this.#studio.keep(actors.filter(({ self }) => !self).map(({ device }) => device))
    const wanted = new Set<string>()
    for (const actor of actors)
      for (const source of sources(actor)) {
        const key = this.#key(actor, source)
        wanted.add(key)
        if (!this.#pictures.has(key)) this.#pictures.set(key, this.#follow(actor, source))
      }
    for (const [key, { end }] of this.#pictures)
      if (!wanted.has(key)) {
        end()
        this.#pictures.delete(key)
      }
  }

  /** Writes the end of the file. False when there is no whole film. */
  async end(): Promise<boolean> {
    this.show([])
    clearInterval(this.#timer)
    this.#silence()
    return await this.#film.end()
  }

  /** Writes the end of the file while the page goes. */
  endNow() {
    clearInterval(this.#timer)
    this.#film.endNow()
  }

  /** The own camera is another one after it was changed. */
  #key({ device, self }: Actor, source: Source) {
    const own = source === "screen" ? this.#studio.shared : this.#studio.self
    return `${device} ${source} ${self ? own?.id : ""}`
  }

  #follow({ device, self }: Actor, source: Source): Picture {
    const canvas = document.createElement("canvas")
    if (self) {
      const stream = source === "screen" ? this.#studio.shared : this.#studio.self
      return { canvas, end: stream ? watch(stream, canvas, film.rate) : () => {} }
    }
    canvas.width = 0
    if (this.#studio.can.show === "track") {
      const look = this.#studio.look(device, source)
      const end = look.stream ? watch(look.stream, canvas, film.rate) : () => {}
      return { canvas, end: () => (end(), look.end()) }
    }
    const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true })
    const { end } = this.#studio.paint(device, source, (picture) => {
      if (context) paintPicture(context, picture)
    })
    return { canvas, end }
  }

  #look() {
    if (this.#actors.length === 0) return
    const parts = this.#actors.flatMap((actor): Part[] =>
      (actor.screen ? (["screen", "camera"] as const) : (["camera"] as const)).map((source) => {
        const canvas = this.#pictures.get(this.#key(actor, source))?.canvas
        const picture = canvas && canvas.width > 2 ? canvas : undefined
        return { name: actor.name, picture, screen: source === "screen" }
      }),
    )
    paintScene(this.#canvas, parts)
    this.#film.see(this.#canvas)
  }
}

const sources = ({ camera, screen }: Actor): Source[] => [
  ...(camera ? (["camera"] as const) : []),
  ...(screen ? (["screen"] as const) : []),
]
