import { expect, test } from "vitest"
import { Muxer, StreamTarget } from "webm-muxer"
import { mend } from "./mend"

/** A film of so many pictures, ended or not, as it stands in the file. */
function film(pictures: number, ended: boolean) {
  let file = new Uint8Array(0)
  const muxer = new Muxer({
    target: new StreamTarget({
      onData: (data, position) => {
        const larger = new Uint8Array(Math.max(file.length, position + data.length))
        larger.set(file)
        larger.set(data, position)
        file = larger
      },
      chunked: true,
      chunkSize: 1 << 10,
    }),
    video: { codec: "V_VP8", width: 64, height: 36, frameRate: 10 },
  })
  for (let n = 0; n < pictures; n++)
    muxer.addVideoChunkRaw(new Uint8Array(200).fill(n), n % 30 ? "delta" : "key", n * 100_000)
  if (ended) muxer.finalize()
  return file
}

/** The elements of a file or of a part of it: id, begin and end of what is in them. */
function elements(data: Uint8Array, from = 0, to = data.length) {
  const all = []
  for (let at = from; at < to;) {
    const long = Math.clz32(data[at] ?? 0) - 23
    const id = [...data.subarray(at, at + long)].map((one) => one.toString(16)).join("")
    at += long
    const wide = Math.clz32(data[at] ?? 0) - 23
    let size = (data[at] ?? 0) & (0xff >> wide)
    for (let n = 1; n < wide; n++) size = size * 256 + (data[at + n] ?? 0)
    all.push({ id, begin: at + wide, end: at + wide + size })
    at += wide + size
  }
  return all
}

test.each([40, 75, 200])(
  "a film of %i pictures that was never ended is whole again",
  (pictures) => {
    const whole = mend(film(pictures, false))
    const [, segment] = elements(whole)
    expect(segment?.end).toBe(whole.length)
    const parts = elements(whole, segment?.begin, segment?.end)
    expect(parts.at(-1)?.end).toBe(whole.length)
    const clusters = parts.filter(({ id }) => id === "1f43b675")
    const blocks = clusters.flatMap(({ begin, end }) => elements(whole, begin, end))
    expect(blocks.every(({ end }) => end <= whole.length)).toBe(true)
    // No more is missing than what had not come into the file.
    const kept = blocks.filter(({ id }) => id === "a3").length
    expect(kept).toBeGreaterThan(pictures - 16)
    const info = parts.find(({ id }) => id === "1549a966")
    const length = elements(whole, info?.begin, info?.end).find(({ id }) => id === "4489")
    const view = new DataView(whole.buffer, whole.byteOffset)
    expect(view.getFloat64(length?.begin ?? 0)).toBe((kept - 1) * 100)
  },
)

test("what is no film stays as it is", () => {
  const data = new Uint8Array([1, 2, 3])
  expect(mend(data)).toBe(data)
})
