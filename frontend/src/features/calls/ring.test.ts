import { afterEach, expect, test, vi } from "vitest"
import { Ring, ringMemory } from "./ring"

afterEach(() => vi.unstubAllGlobals())

function ring() {
  vi.stubGlobal("crossOriginIsolated", true)
  const memory = ringMemory() as SharedArrayBuffer
  const [writer, reader] = [new Ring(memory), new Ring(memory)]
  const read = () => {
    const all: [number, number, boolean, number[]][] = []
    reader.read((slot, at, keep, samples) => all.push([slot, at, keep, [...samples]]))
    return all
  }
  return { writer, read }
}

test("what is written is read once, in order", () => {
  const { writer, read } = ring()
  expect(read()).toEqual([])
  writer.write(3, 1_800_000_000_123_456, true, Float32Array.of(0.5, -1))
  writer.write(255, 7, false, Float32Array.of(0.25))
  expect(read()).toEqual([
    [3, 1_800_000_000_123_456, true, [0.5, -1]],
    [255, 7, false, [0.25]],
  ])
  expect(read()).toEqual([])
})

test("a long packet comes as several, each with its time", () => {
  const { writer, read } = ring()
  writer.write(1, 1000, false, new Float32Array(2400))
  expect(read().map(([, at, , { length }]) => [at, length])).toEqual([
    [1000, 960],
    [21_000, 960],
    [41_000, 480],
  ])
})

test("what nobody reads is lost, and nothing that is in it changes", () => {
  const { writer, read } = ring()
  for (let at = 0; at < 1000; at++) writer.write(1, at, false, Float32Array.of(at))
  const first = read()
  expect(first).toHaveLength(256)
  expect(first.every(([, at], index) => at === index)).toBe(true)
  for (let at = 0; at < 1000; at++) {
    writer.write(1, at, false, Float32Array.of(at))
    expect(read()).toEqual([[1, at, false, [at]]])
  }
})

test("counts may run over", () => {
  vi.stubGlobal("crossOriginIsolated", true)
  const memory = ringMemory() as SharedArrayBuffer
  new Int32Array(memory, 0, 2).fill(0x7fffffff)
  const ring = new Ring(memory)
  for (let at = 0; at < 300; at++) ring.write(1, at, false, Float32Array.of(at))
  const all: number[] = []
  for (const _ of [1, 2]) ring.read((_slot, at) => all.push(at))
  expect(all).toEqual(Array.from({ length: 256 }, (_, at) => at))
})

test("there is none where memory cannot be shared", () => {
  vi.stubGlobal("crossOriginIsolated", false)
  expect(ringMemory()).toBeUndefined()
})
