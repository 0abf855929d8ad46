import { expect, test } from "vitest"
import { Playout, rate } from "./playout"

const packet = 960
const tone = (value = 0.5) => new Float32Array(packet).fill(value)
const at = (n: number) => n * 20_000

/** Pulls some milliseconds in blocks of 128 samples, and returns what was played. */
function play(playout: Playout, milliseconds: number): number[] {
  const all: number[] = []
  for (let left = milliseconds * 48; left > 0; left -= 128) {
    const out = new Float32Array(128)
    playout.pull(out)
    all.push(...out)
  }
  return all
}

/** Packets that come in time, each played. */
function steady(playout: Playout, from: number, count: number) {
  let due = 0
  for (let n = from; n < from + count; n++) {
    playout.push(at(n), tone())
    for (due += packet; due >= 128; due -= 128) playout.pull(new Float32Array(128))
  }
}

test("nothing is played before the first delay is there, then everything", () => {
  const playout = new Playout()
  playout.push(at(0), tone())
  expect(play(playout, 20).every((v) => v === 0)).toBe(true)
  playout.push(at(1), tone())
  playout.push(at(2), tone())
  const heard = play(playout, 60).filter((v) => v === 0.5).length
  expect(heard).toBeGreaterThan(2.5 * packet)
})

test("sounds of several are added", () => {
  const [a, b] = [new Playout(), new Playout()]
  for (let n = 0; n < 5; n++) [a, b].forEach((one) => one.push(at(n), tone(0.25)))
  const out = new Float32Array(128)
  a.pull(out)
  b.pull(out)
  expect(out[64]).toBe(0.5)
})

test("a late packet raises the delay, silence does not", () => {
  const late = new Playout()
  for (let n = 0; n < 4; n++) late.push(at(n), tone())
  play(late, 120)
  const before = late.target
  late.push(at(4), tone())
  expect(late.target).toBeGreaterThan(before)

  const silent = new Playout()
  for (let n = 0; n < 4; n++) silent.push(at(n), tone())
  play(silent, 120)
  silent.push(at(100), tone())
  expect(silent.target).toBe(before)
})

test("the delay is bounded, however bad the line", () => {
  const playout = new Playout()
  for (let round = 0; round < 60; round++) {
    for (let n = 0; n < 30; n++) playout.push(at(round * 30 + n), tone())
    play(playout, 700)
  }
  expect(playout.target).toBeLessThanOrEqual(0.4 * rate)
})

test("a lost packet leaves a hole of its length", () => {
  const playout = new Playout()
  for (let n = 0; n < 4; n++) playout.push(at(n), tone())
  play(playout, 5)
  const depth = playout.depth
  playout.push(at(5), tone())
  expect(playout.depth - depth).toBe(2 * packet)
})

test("after calm less waits, and what was too much is left out", () => {
  const playout = new Playout()
  for (let n = 0; n < 15; n++) playout.push(at(n), tone())
  const first = playout.target
  steady(playout, 15, 2000)
  expect(playout.target).toBeLessThan(first)
  expect(playout.depth).toBeLessThan(0.12 * rate)
})

test("on a quiet line next to nothing waits", () => {
  const playout = new Playout()
  for (let n = 0; n < 10; n++) playout.push(at(n), tone())
  steady(playout, 10, 1000)
  expect(playout.depth).toBeLessThanOrEqual(0.025 * rate)
})

test("what went wrong while a call began is forgotten within a minute", () => {
  const playout = new Playout()
  for (let round = 0; round < 10; round++) {
    for (let n = 0; n < 30; n++) playout.push(at(round * 30 + n), tone())
    play(playout, 700)
  }
  expect(playout.target).toBeGreaterThan(0.3 * rate)
  for (let n = 300; n < 330; n++) playout.push(at(n), tone())
  steady(playout, 330, 1500)
  expect(playout.target).toBeLessThan(0.15 * rate)
  steady(playout, 1830, 1500)
  expect(playout.depth).toBeLessThanOrEqual(0.05 * rate)
})

test("where packets come five at a time, the delay that this needs is kept", () => {
  const playout = new Playout()
  let [due, holes] = [0, 0]
  for (let n = 0; n < 5000; n += 5) {
    for (let i = 0; i < 5; i++) playout.push(at(n + i), tone())
    for (due += 5 * packet; due >= 128; due -= 128) {
      const out = new Float32Array(128)
      playout.pull(out)
      if (n > 500 && out.some((value) => value < 0.4)) holes++
    }
  }
  expect(holes).toBe(0)
})

test("a page that stood still does not stay late", () => {
  const playout = new Playout()
  for (let n = 0; n < 500; n++) playout.push(at(n), tone())
  expect(playout.depth).toBeLessThanOrEqual(rate)
  steady(playout, 500, 250)
  expect(playout.depth).toBeLessThanOrEqual(0.25 * rate)
})

test("a break dies away without a click", () => {
  const playout = new Playout()
  for (let n = 0; n < 3; n++) playout.push(at(n), tone())
  const heard = play(playout, 200)
  const steps = heard.slice(1).map((v, i) => Math.abs(v - (heard[i] ?? 0)))
  // The beginning may jump; the end may not.
  expect(Math.max(...steps.slice(heard.indexOf(0.5)))).toBeLessThan(0.1)
  expect(heard.at(-1)).toBe(0)
})
