/** The picture of a test participant carries its number: 16 × 4 cells, white is 1. */
const columns = 16
const rows = 4

/** FNV-1a of 32 bits. */
const hash = (text) => {
  let value = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193)
  return value >>> 0
}

/** CRC-16/CCITT-FALSE of words of 16 bits. */
function sum(words) {
  let crc = 0xffff
  for (const word of words)
    for (let bit = 15; bit >= 0; bit--) {
      const carry = (crc >> 15) ^ ((word >> bit) & 1)
      crc = ((crc << 1) ^ (carry ? 0x1021 : 0)) & 0xffff
    }
  return crc
}

/** Where a tile shows what a participant sends: a video, or a canvas where there are no tracks to write into. */
export const picture = (tile) => tile.locator("video, canvas")

/** Reads the words of the mark from the picture of a tile; null when nothing was drawn yet. */
const read = (picture, { columns, rows }) => {
  const [width, height] = [
    picture.videoWidth ?? picture.width,
    picture.videoHeight ?? picture.height,
  ]
  if (width < 160) return null
  const canvas = Object.assign(document.createElement("canvas"), { width, height })
  const context = canvas.getContext("2d", { willReadFrequently: true })
  context.drawImage(picture, 0, 0)
  const [across, down] = [width / 20, (height * 4) / 45]
  const words = []
  for (let row = 0; row < rows; row++) {
    let word = 0
    for (let column = 0; column < columns; column++) {
      const box = [(column + 2.25) * across, (row + 1.25) * down, across / 2, down / 2]
      const [x, y, w, h] = box.map((value) => Math.max(1, Math.floor(value)))
      const { data } = context.getImageData(x, y, w, h)
      let light = 0
      for (let at = 0; at < data.length; at += 4) light += data[at] + data[at + 1] + data[at + 2]
      word = (word << 1) | (light / ((data.length / 4) * 3) > 127 ? 1 : 0)
    }
    words.push(word)
  }
  return words
}

/** The number of the picture that a tile shows, or undefined where it is none of this sender's. */
export async function counter(tile, name) {
  const words = await picture(tile).evaluate(read, { columns, rows })
  if (!words || words[3] !== sum(words.slice(0, 3)) || words[2] !== (hash(name) & 0xffff))
    return undefined
  return words[0] * 65536 + words[1]
}

/** Whether a tile shows a picture. */
export const shows = (tile) =>
  picture(tile).evaluate((picture) => {
    const [width, height] = [
      picture.videoWidth ?? picture.width,
      picture.videoHeight ?? picture.height,
    ]
    if (width < 160) return false
    const canvas = Object.assign(document.createElement("canvas"), { width, height })
    const context = canvas.getContext("2d", { willReadFrequently: true })
    context.drawImage(picture, 0, 0)
    const { data } = context.getImageData(0, 0, width, height)
    return (
      getComputedStyle(picture).visibility === "visible" &&
      data.some((value, at) => at % 4 < 3 && value > 48)
    )
  })
