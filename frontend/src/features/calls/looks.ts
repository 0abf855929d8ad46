import type { Source, ToEngine } from "./engine"

type Generator = new (init: { kind: "video" }) => MediaStreamTrack & {
  writable: WritableStream<VideoFrame>
}
type Post = (message: ToEngine, transfer?: Transferable[]) => void

/** Somebody who looks at pictures, until the end. */
export type Look = {
  /** Shows the pictures, where they come as a track. */
  stream: MediaStream | undefined
  /** Says how high the picture is shown, in pixels of the display; before, all there is may be of use. */
  sized(height: number): void
  end(): void
}

type User = { height: number }
type Shared = {
  device: string
  source: Source
  users: Set<User>
  stream: MediaStream | undefined
}

/** A picture that is shown no higher than this has all it needs in the small layer, which is 180 high. */
const small = 200
/** Milliseconds after which a new size counts: windows are dragged. */
const settles = 250

/** Whose pictures are looked at in this page: nothing else is decoded. */
export class Looks {
  readonly #all = new Map<string, Shared>()
  readonly #post: Post
  readonly #tracks: boolean
  #settling: ReturnType<typeof setTimeout> | undefined
  #large = ""

  /** With `tracks` pictures never pass through the page: they are written into what shows them. */
  constructor(post: Post, tracks: boolean) {
    this.#post = post
    this.#tracks = tracks
  }

  add(device: string, source: Source): Look {
    const key = `${device} ${source}`
    let shared = this.#all.get(key)
    if (!shared) {
      const stream = this.#tracks ? new MediaStream() : undefined
      shared = { device, source, users: new Set(), stream }
      this.#all.set(key, shared)
      this.#begin(shared)
    }
    const { stream, users } = shared
    const user = { height: Infinity }
    users.add(user)
    this.#settle()
    const sized = (height: number) => {
      user.height = height
      this.#settle()
    }
    const end = () => {
      if (users.delete(user)) this.#end(key, shared)
    }
    return { stream, sized, end }
  }

  /** Tells all to an engine that is new. */
  renew() {
    for (const shared of this.#all.values()) this.#begin(shared)
    this.#large = ""
    this.#settle()
  }

  #settle() {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined
      this.#tellLarge()
    }, settles)
  }

  /** Tells of whom the camera is shown large. */
  #tellLarge() {
    const devices = [...this.#all.values()]
      .filter(
        ({ source, users }) =>
          source === "camera" && [...users].some(({ height }) => isLarge(height)),
      )
      .map(({ device }) => device)
    const told = devices.sort().join(" ") || "nobody"
    if (told !== this.#large) this.#post({ do: "large", devices })
    this.#large = told
  }

  #begin({ device, source, stream }: Shared) {
    if (!stream) return this.#post({ do: "look", device, source })
    stopTracks(stream)
    const { MediaStreamTrackGenerator } = globalThis as unknown as {
      MediaStreamTrackGenerator: Generator
    }
    const track = new MediaStreamTrackGenerator({ kind: "video" })
    stream.addTrack(track)
    this.#post({ do: "look", device, source, to: track.writable }, [track.writable])
  }

  #end(key: string, shared: Shared) {
    this.#settle()
    if (shared.users.size > 0) return
    this.#all.delete(key)
    const { device, source, stream } = shared
    this.#post({ do: "leave", device, source })
    if (stream) stopTracks(stream)
  }
}

/** Whether a picture that is shown so high, in pixels of the display, needs more than the small layer. */
export const isLarge = (height: number) => height > small

/**
 * Says how high an element shows a picture, 16 to 9 as those of cameras are, in pixels of the
 * display, until the returned function is called.
 */
export function measure(element: HTMLElement, say: (height: number) => void): () => void {
  const observer = new ResizeObserver(() => {
    const { width, height } = element.getBoundingClientRect()
    say(Math.min(height, (width * 9) / 16) * devicePixelRatio)
  })
  observer.observe(element)
  return () => observer.disconnect()
}

function stopTracks(stream: MediaStream) {
  for (const track of stream.getTracks()) {
    track.stop()
    stream.removeTrack(track)
  }
}
