import { open } from "node:fs/promises"

const width = 640
const height = 360
const rate = 15
/** Pictures; Chromium begins anew after the last. */
const length = 60

/** Numbers that look like chance, the same each time. */
function chance(seed) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Values around zero, as the sensor of a camera adds them to a picture of a room. */
function noise(count, deviation) {
  const next = chance(count)
  return Int8Array.from({ length: count }, () => {
    const sum = next() + next() + next() + next() + next() + next() - 3
    return Math.round(sum * Math.SQRT2 * deviation)
  })
}

/**
 * Writes what a camera sees of somebody who sits in a room and talks: things that stand still, a
 * head that moves, and the noise of the sensor. Chromium's own picture is flat and stands still,
 * which costs an encoder next to nothing.
 */
export async function writeCamera(path) {
  const grain = noise(3 * width * height, 2)
  const next = chance(7)
  const room = Float32Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)]
    const shelf = Math.floor(x / 46) % 3 === 0 || Math.floor(y / 58) % 4 === 0 ? 26 : 0
    return 92 + 34 * (x / width) - 22 * (y / height) + shelf + 6 * next()
  })
  const file = await open(path, "w")
  try {
    await file.write(`YUV4MPEG2 W${width} H${height} F${rate}:1 Ip A1:1 C420jpeg\n`)
    for (let at = 0; at < length; at++) {
      await file.write("FRAME\n")
      await file.write(picture(room, grain, next, at))
    }
  } finally {
    await file.close()
  }
}

/** One picture: how bright, then two colours for each four pixels. */
function picture(room, grain, next, at) {
  const bytes = Buffer.alloc((width * height * 3) / 2)
  const turn = (2 * Math.PI * at) / length
  const [headX, headY] = [320 + 36 * Math.sin(turn), 165 + 12 * Math.sin(3 * turn)]
  const mouth = 6 + 5 * Math.sin(15 * turn)
  const inside = (x, y, centreX, centreY, across, down) =>
    ((x - centreX) / across) ** 2 + ((y - centreY) / down) ** 2 < 1
  const person = (x, y) =>
    inside(x, y, headX, headY, 70, 92) || inside(x, y, headX * 0.7 + 96, 385, 190, 120)
  let from = Math.floor(next() * 2 * width * height)
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to++) {
      let light = room[to]
      if (inside(x, y, headX, headY + 44, 24, mouth)) light = 60
      else if (inside(x, y, headX - 26, headY - 16, 11, 6)) light = 50
      else if (inside(x, y, headX + 26, headY - 16, 11, 6)) light = 50
      else if (person(x, y)) light = 150 + 28 * Math.sin((x - headX) / 31) + 9 * Math.sin(y / 4)
      bytes[to] = Math.max(0, Math.min(255, light + grain[from++]))
    }
  const colours = width * height
  from = Math.floor(next() * 2 * width * height)
  for (let y = 0, to = colours; y < height; y += 2)
    for (let x = 0; x < width; x += 2, to++) {
      const [blue, red] = person(x, y) ? [112, 150] : [130, 126]
      bytes[to] = blue + (grain[from++] >> 1)
      bytes[to + colours / 4] = red + (grain[from++] >> 1)
    }
  return bytes
}
