import type { Capabilities } from "./capabilities"

/** What a camera's own clock may be off, in milliseconds. */
const early = 6

export type Grab = { stop(): void }

type Processor = new (init: { track: MediaStreamTrack }) => { readable: ReadableStream<VideoFrame> }

/** Takes pictures of a track, at most so many a second. Whoever gets one closes it. */
export function grab(
  how: Capabilities["grab"],
  track: MediaStreamTrack,
  rate: number,
  take: (picture: VideoFrame) => void,
): Grab {
  return how === "processor" ? byProcessor(track, rate, take) : byCanvas(track, rate, take)
}

function byProcessor(
  track: MediaStreamTrack,
  rate: number,
  take: (picture: VideoFrame) => void,
): Grab {
  const { MediaStreamTrackProcessor } = globalThis as unknown as {
    MediaStreamTrackProcessor: Processor
  }
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader()
  let last: VideoFrame | undefined
  let next = 0
  let stopped = false
  const give = (picture: VideoFrame) => {
    const now = performance.now()
    if (now < next - early) {
      picture.close()
      return
    }
    next = Math.max(next + 1000 / rate, now)
    last?.close()
    last = picture.clone()
    take(picture)
  }
  // A screen on which nothing moves gives no pictures, but those who come later need one.
  const again = setInterval(() => {
    if (last && performance.now() - next > 1000) take(last.clone())
  }, 1000)
  void (async () => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (stopped) value.close()
      else give(value)
    }
  })().catch(() => {})
  return {
    stop: () => {
      stopped = true
      clearInterval(again)
      last?.close()
      last = undefined
      // What still comes until the track ends is closed above.
    },
  }
}

/** Where there is no processor: WebKit's video plays, and a timer looks at it. */
function byCanvas(
  track: MediaStreamTrack,
  rate: number,
  take: (picture: VideoFrame) => void,
): Grab {
  const canvas = document.createElement("canvas")
  const stop = watch(new MediaStream([track]), canvas, rate, () =>
    take(new VideoFrame(canvas, { timestamp: Math.round(performance.now() * 1000) })),
  )
  return { stop }
}

/** Draws a stream on a canvas, so many times a second, until the returned function is called. */
export function watch(
  stream: MediaStream,
  canvas: HTMLCanvasElement,
  rate: number,
  drawn = () => {},
): () => void {
  const video = document.createElement("video")
  video.muted = true
  video.playsInline = true
  video.srcObject = stream
  void video.play().catch(() => {})
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true })
  const timer = setInterval(() => {
    const { videoWidth: width, videoHeight: height } = video
    if (width === 0 || height === 0) return
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
    context?.drawImage(video, 0, 0)
    drawn()
  }, 1000 / rate)
  return () => {
    clearInterval(timer)
    video.srcObject = null
  }
}
