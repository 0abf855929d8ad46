/** A decoded picture as bytes, for where pictures of a decoder cannot be drawn reliably. */
export type Pixels = {
  width: number
  height: number
  /** Red, green, blue and opacity of each pixel. */
  data: Uint8ClampedArray<ArrayBuffer>
}

/** What a decoder gives in bytes: how bright, and two colours for each four pixels. */
type Planes = {
  bytes: Uint8Array
  luma: PlaneLayout
  /** Where the two colours begin, and how far one is from the next. */
  blue: number
  red: number
  stride: number
  step: number
}

/**
 * Copies a picture without asking the browser to convert it; undefined where it lies in another
 * form than decoders of VP8 give. It stays the caller's.
 */
export async function pixelsOf(picture: VideoFrame): Promise<Pixels | undefined> {
  const { format } = picture
  const rect = picture.visibleRect
  if (!rect || (format !== "I420" && format !== "NV12")) return undefined
  const bytes = new Uint8Array(picture.allocationSize())
  const [luma, chroma, third] = await picture.copyTo(bytes)
  if (!luma || !chroma) return undefined
  const planar = format === "I420" && third
  const planes = {
    bytes,
    luma,
    blue: chroma.offset,
    red: planar ? planar.offset : chroma.offset + 1,
    stride: chroma.stride,
    step: planar ? 1 : 2,
  }
  return convert(planes, rect.width, rect.height)
}

/** Paints a picture on a canvas, which becomes as large as it. */
export function paintPicture(context: CanvasRenderingContext2D, picture: VideoFrame | Pixels) {
  const { canvas } = context
  const bytes = "data" in picture
  const [width, height] = bytes
    ? [picture.width, picture.height]
    : [picture.displayWidth, picture.displayHeight]
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  if (bytes) context.putImageData(new ImageData(picture.data, width, height), 0, 0)
  else context.drawImage(picture, 0, 0, width, height)
}

/** BT.601 with limited range, which is what VP8 is, in 16 bits behind the point. */
export function convert(planes: Planes, width: number, height: number): Pixels {
  const { bytes, luma, blue, red, stride, step } = planes
  const data = new Uint8ClampedArray(width * height * 4)
  let to = 0
  for (let y = 0; y < height; y++) {
    const from = luma.offset + y * luma.stride
    const colours = (y >> 1) * stride
    for (let x = 0; x < width; x++, to += 4) {
      const at = colours + (x >> 1) * step
      const light = 76309 * ((bytes[from + x] ?? 0) - 16) + 32768
      const u = (bytes[blue + at] ?? 128) - 128
      const v = (bytes[red + at] ?? 128) - 128
      data[to] = (light + 104597 * v) >> 16
      data[to + 1] = (light - 25675 * u - 53279 * v) >> 16
      data[to + 2] = (light + 132201 * u) >> 16
      data[to + 3] = 255
    }
  }
  return { width, height, data }
}
