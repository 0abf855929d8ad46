import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { expect, test } from "vitest"
import { Opus } from "./opus"

const code = readFileSync(createRequire(import.meta.url).resolve("@evan/opus/wasm/opus.wasm"))

/** Packets of 20 ms of a tone, which the same library makes. */
function tone(channels: number, hertz: number, count: number): Uint8Array[] {
  const nothing = () => 0
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), {
    env: { emscripten_notify_memory_growth: nothing },
    wasi_snapshot_preview1: {
      fd_close: nothing,
      fd_seek: nothing,
      fd_write: nothing,
      proc_exit: nothing,
    },
  })
  const { memory } = exports as { memory: WebAssembly.Memory }
  const call = (name: string, ...values: number[]) =>
    (exports[name] as (...values: number[]) => number)(...values)
  call("_initialize")
  const encoder = call("malloc", call("opus_encoder_get_size", channels))
  const [sound, packet] = [call("malloc", 4 * 960), call("malloc", 1500)]
  call("opus_encoder_init", encoder, 48_000, channels, 2048)
  return Array.from({ length: count }, (_, at) => {
    const samples = new Int16Array(memory.buffer, sound, 960 * channels)
    for (let i = 0; i < samples.length; i++) {
      const time = (at * 960 + Math.floor(i / channels)) / 48_000
      samples[i] = 8000 * Math.sin(2 * Math.PI * hertz * time)
    }
    const length = call("opus_encode", encoder, sound, 960, packet, 1500)
    return new Uint8Array(memory.buffer, packet, length).slice()
  })
}

/** How often a tone crosses zero upwards in a second. */
const pitch = (samples: Float32Array) =>
  (samples.filter((sample, at) => sample >= 0 && (samples[at - 1] ?? 0) < 0).length * 48_000) /
  samples.length

test.each([1, 2])("sound of %i channels is what it was, in one", async (channels) => {
  const opus = await Opus.start(code)
  const decoder = opus.decoder()
  const heard = tone(channels, 400, 25).map((packet) => decoder?.decode(packet))
  expect(heard.map((one) => one?.length)).toEqual(Array.from({ length: 25 }, () => 960))
  const samples = Float32Array.from(heard.slice(5).flatMap((one) => [...(one ?? [])]))
  expect(Math.abs(pitch(samples) - 400)).toBeLessThan(20)
  const loud = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length)
  expect(loud).toBeGreaterThan(0.1)
  expect(loud).toBeLessThan(0.25)
})

test("participants do not disturb each other, and bytes that are no sound disturb nobody", async () => {
  const opus = await Opus.start(code)
  const alone = opus.decoder()
  const packets = tone(1, 300, 20)
  const expected = packets.map((packet) => alone?.decode(packet))
  alone?.close()
  const [one, other] = [opus.decoder(), opus.decoder()]
  packets.forEach((packet, round) => {
    const junk = Uint8Array.from({ length: (round * 97) % 1600 }, (_, at) => round * 31 + at * at)
    const sound = other?.decode(junk)
    if (sound) expect(sound.length).toBeLessThanOrEqual(5760)
    expect(one?.decode(packet)).toEqual(expected[round])
  })
  expect(one?.decode(new Uint8Array())).toBeUndefined()
  expect(one?.decode(new Uint8Array(1501))).toBeUndefined()
})

test("what is encoded here is heard again, in fewer bytes where fewer bits are asked for", async () => {
  const opus = await Opus.start(code)
  const made = (bitrate: number) => {
    const encoder = opus.encoder()
    encoder?.setBitrate(bitrate)
    return Array.from({ length: 30 }, (_, n) =>
      encoder?.encode(
        Float32Array.from(
          { length: 960 },
          (_, i) => 0.5 * Math.sin((2 * Math.PI * 400 * (n * 960 + i)) / 48_000),
        ),
      ),
    )
  }
  const decoder = opus.decoder()
  const heard = made(32_000).map((packet) => packet && decoder?.decode(packet))
  const samples = Float32Array.from(heard.slice(5).flatMap((one) => [...(one ?? [])]))
  expect(samples.length).toBe(25 * 960)
  expect(Math.abs(pitch(samples) - 400)).toBeLessThan(20)
  const size = (bitrate: number) => made(bitrate).reduce((sum, one) => sum + (one?.length ?? 0), 0)
  expect(size(12_000)).toBeLessThan(0.7 * size(32_000))
  expect(opus.encoder()?.encode(new Float32Array(10))).toBeUndefined()
})
