/** What this page can do in a call. */
export type Capabilities = {
  /** How pictures are taken from a camera. */
  grab: "processor" | "canvas"
  /**
   * Whether decoded pictures come as bytes: WebKitGTK draws pictures of a decoder and of a camera one
   * for the other, and where it does is where the processor of tracks is missing.
   */
  pixels: boolean
  /** Who makes pictures smaller before they are encoded. */
  scale: "encoder" | "canvas"
  /** How decoded pictures are shown: written into a track, or painted by the page. */
  show: "track" | "canvas"
  /** Whether sound can be sent and heard. */
  sound: boolean
  /** Who encodes sound: the browser, or libopus where it cannot. */
  encode: "browser" | "opus"
  /** Whether pictures can be sent and seen. */
  pictures: boolean
  screen: boolean
  /** Whether a call can be made into a file. */
  record: boolean
  /** Whether there is any way to a camera and a microphone at all. */
  devices: boolean
}

/** Looks at what is there. WebKit lacks some of it, depending on its version and the system. */
export function capabilities(scope: object, media: object | undefined): Capabilities {
  const has = (...names: string[]) => names.every((name) => name in scope)
  return {
    grab: has("MediaStreamTrackProcessor") ? "processor" : "canvas",
    pixels: !has("MediaStreamTrackProcessor"),
    // Chromium's encoders take pictures of any size; it alone has the processor of tracks.
    scale: has("MediaStreamTrackProcessor") ? "encoder" : "canvas",
    show: has("MediaStreamTrackProcessor", "MediaStreamTrackGenerator") ? "track" : "canvas",
    encode: has("AudioEncoder") ? "browser" : "opus",
    sound: has("AudioContext", "AudioWorkletNode", "WebAssembly"),
    pictures: has("VideoEncoder", "VideoDecoder", "VideoFrame", "OffscreenCanvas"),
    record: has("AudioEncoder", "AudioWorkletNode", "VideoEncoder", "VideoFrame"),
    screen: media !== undefined && "getDisplayMedia" in media && has("VideoEncoder"),
    devices: media !== undefined && "getUserMedia" in media,
  }
}
