import { expect, test } from "vitest"
import { convert } from "./pixels"

/** Two by two pixels of one colour, as VP8 has it, in rows that are longer than needed. */
const planes = (y: number, u: number, v: number, step: 1 | 2) => {
  const bytes = new Uint8Array(24)
  for (const at of [0, 1, 8, 9]) bytes[at] = y
  bytes[16] = u
  bytes[step === 1 ? 20 : 17] = v
  return {
    bytes,
    luma: { offset: 0, stride: 8 },
    blue: 16,
    red: step === 1 ? 20 : 17,
    stride: 8,
    step,
  }
}

test.each([
  ["black", 16, 128, 128, [0, 0, 0]],
  ["white", 235, 128, 128, [255, 255, 255]],
  ["grey", 126, 128, 128, [128, 128, 128]],
  ["red", 81, 90, 240, [254, 0, 0]],
  ["green", 145, 54, 34, [0, 255, 1]],
  ["blue", 41, 240, 110, [0, 0, 255]],
])("%s is %s in every layout", (_, y, u, v, colour) => {
  for (const step of [1, 2] as const) {
    const { data } = convert(planes(y, u, v, step), 2, 2)
    expect(data.length).toBe(16)
    for (let at = 0; at < 16; at += 4)
      [...colour, 255].forEach((want, n) =>
        expect(Math.abs((data[at + n] ?? 0) - want)).toBeLessThanOrEqual(1),
      )
  }
})
