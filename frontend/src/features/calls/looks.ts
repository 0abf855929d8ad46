import type { Source, ToEngine } from "./engine"

type Generator = new (init: { kind: "video" }) => MediaStreamTrack & {
  writable: WritableStream<VideoFrame>
}
type Post = (message: ToEngine, transfer?: Transferable[]) => void

/** Somebody who looks at pictures, until the end. */
export type Look = {
  /** Shows the pictures, where they come as a track. */
  stream: MediaStream | undefined
  end(): void
}

type Shared = { device: string; source: Source; users: number; stream: MediaStream | undefined }

/** Whose pictures are looked at in this page: nothing else is decoded. */
export class Looks {
  readonly #all = new Map<string, Shared>()
  readonly #post: Post
  readonly #tracks: boolean

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
      shared = { device, source, users: 0, stream }
      this.#all.set(key, shared)
      this.#begin(shared)
    }
    shared.users++
    const { stream } = shared
    let ended = false
    const end = () => {
      if (!ended) this.#end(key, shared)
      ended = true
    }
    return { stream, end }
  }

  /** Tells all to an engine that is new. */
  renew() {
    for (const shared of this.#all.values()) this.#begin(shared)
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
    if (--shared.users > 0) return
    this.#all.delete(key)
    const { device, source, stream } = shared
    this.#post({ do: "leave", device, source })
    if (stream) stopTracks(stream)
  }
}

function stopTracks(stream: MediaStream) {
  for (const track of stream.getTracks()) {
    track.stop()
    stream.removeTrack(track)
  }
}
