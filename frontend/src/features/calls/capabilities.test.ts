import { expect, test } from "vitest"
import { capabilities } from "./capabilities"
import { problemOf, problemTexts, type Problem } from "./problems"
import { fit } from "./sizes"

const names = (...all: string[]) => Object.fromEntries(all.map((name) => [name, true]))
const sound = ["AudioEncoder", "AudioContext", "AudioWorkletNode", "WebAssembly"]
const pictures = ["VideoEncoder", "VideoDecoder", "VideoFrame", "OffscreenCanvas"]

test("Chromium can everything", () => {
  const tracks = ["MediaStreamTrackProcessor", "MediaStreamTrackGenerator"]
  const scope = names(...sound, ...pictures, ...tracks)
  expect(capabilities(scope, names("getUserMedia", "getDisplayMedia"))).toEqual({
    grab: "processor",
    scale: "encoder",
    pixels: false,
    show: "track",
    encode: "browser",
    record: true,
    sound: true,
    pictures: true,
    screen: true,
    devices: true,
  })
})

test("WebKitGTK takes pictures from a canvas", () => {
  const can = capabilities(names(...sound, ...pictures), names("getUserMedia", "getDisplayMedia"))
  expect(can).toMatchObject({
    grab: "canvas",
    pixels: true,
    show: "canvas",
    sound: true,
    pictures: true,
  })
})

test("an old WebKit has a codec of sound of ours, and makes no film", () => {
  const scope = names("AudioContext", "AudioWorkletNode", "WebAssembly", ...pictures)
  expect(capabilities(scope, names("getUserMedia"))).toMatchObject({
    sound: true,
    encode: "opus",
    record: false,
    pictures: true,
    screen: false,
  })
})

test("a page without any way to devices can still listen", () =>
  expect(capabilities(names(...sound), undefined)).toMatchObject({ devices: false, sound: true }))

test.each<[string, Problem]>([
  ["NotFoundError", "none"],
  ["NotAllowedError", "denied"],
  ["NotReadableError", "busy"],
  ["NotSupportedError", "unsupported"],
  ["Whatever", "failed"],
])("%s has words with a remedy", (name, problem) => {
  expect(problemOf(new DOMException("", name))).toBe(problem)
  for (const device of ["camera", "microphone"] as const)
    expect(problemTexts({ [device]: problem })[0]).toMatch(/\. .+\.$/)
})

test("pictures keep their shape and are never enlarged", () => {
  const large = { width: 640, height: 360 }
  expect(fit(1280, 720, large)).toEqual(large)
  expect(fit(640, 480, large)).toEqual({ width: 480, height: 360 })
  expect(fit(480, 640, large)).toEqual({ width: 360, height: 480 })
  expect(fit(720, 1280, large)).toEqual({ width: 360, height: 640 })
  expect(fit(320, 180, large)).toEqual({ width: 320, height: 180 })
  expect(fit(1, 1, large)).toEqual({ width: 2, height: 2 })
})
