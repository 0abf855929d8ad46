/**
 * Makes a WebM file whole whose end was never written: how long it and its clusters are stands
 * where the muxer of a film leaves room for it (features/calls/film.ts).
 */
export function mend(film: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(film.buffer, film.byteOffset, film.length)
  const clusters = found(film, cluster, film.length).filter(
    // The length of a cluster has five bytes, and its time comes first.
    (at) => (film[at + 4] ?? 0) >> 3 === 1 && film[at + 9] === timeId,
  )
  const last = clusters.at(-1)
  const [start] = found(film, segment, 100)
  if (last === undefined || start === undefined) return film
  const { end, time } = readCluster(view, last + 9)
  clusters.forEach((at, n) => setLength(view, at + 4, 5, (clusters[n + 1] ?? end) - at - 9))
  setLength(view, start + 4, 6, end - start - 10)
  // What it says of places in the file was not known yet: it becomes room that means nothing.
  for (const at of found(film, seekHead, clusters[0] ?? 0).slice(0, 1)) {
    const size = view.getUint32(at + 4) & 0x0fff_ffff
    view.setUint8(at, voidId)
    setLength(view, at + 1, 7, size)
  }
  for (const at of found(film, duration, clusters[0] ?? 0).slice(0, 1))
    view.setFloat64(at + duration.length, time)
  return film.subarray(0, end)
}

const segment = [0x18, 0x53, 0x80, 0x67]
const seekHead = [0x11, 0x4d, 0x9b, 0x74]
const cluster = [0x1f, 0x43, 0xb6, 0x75]
/** With its length: eight bytes. */
const duration = [0x44, 0x89, 0x88]
const timeId = 0xe7
const simpleBlock = 0xa3
const blockGroup = 0xa0
const voidId = 0xec

function found(film: Uint8Array, id: readonly number[], limit: number): number[] {
  const places = []
  const [first = 0] = id
  for (let at = film.indexOf(first); at >= 0 && at < limit; at = film.indexOf(first, at + 1))
    if (id.every((byte, n) => film[at + n] === byte)) places.push(at)
  return places
}

/** Reads a number that says its own length, and where it ends. */
function readNumber(view: DataView, at: number): { value: number; next: number } | undefined {
  if (at >= view.byteLength) return undefined
  const first = view.getUint8(at)
  const size = Math.clz32(first) - 23
  if (first === 0 || at + size > view.byteLength) return undefined
  let value = first & (0xff >> size)
  for (let n = 1; n < size; n++) value = value * 256 + view.getUint8(at + n)
  return { value, next: at + size }
}

function setLength(view: DataView, at: number, size: number, length: number) {
  let rest = length
  for (let n = size - 1; n >= 0; n--) {
    view.setUint8(at + n, rest % 256)
    rest = Math.floor(rest / 256)
  }
  view.setUint8(at, view.getUint8(at) | (1 << (8 - size)))
}

/** Reads a cluster up to the last block that is whole: where that ends, and its time. */
function readCluster(view: DataView, begin: number): { end: number; time: number } {
  let [at, base, time] = [begin, 0, 0]
  for (;;) {
    const size = readNumber(view, at + 1)
    if (!size || size.next + size.value > view.byteLength) break
    const id = view.getUint8(at)
    if (id === timeId) {
      base = 0
      for (let n = 0; n < size.value; n++) base = base * 256 + view.getUint8(size.next + n)
      time = base
    } else if (id === simpleBlock) time = Math.max(time, base + view.getInt16(size.next + 1))
    else if (id !== blockGroup) break
    at = size.next + size.value
  }
  return { end: at, time }
}
