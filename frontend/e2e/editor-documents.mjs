import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { deflateSync, crc32, gunzipSync } from "node:zlib"
import * as Automerge from "@automerge/automerge/next"
import * as Y from "yjs"

const actor = "aa".repeat(16)
const root = Buffer.from(
  "hW9Kg7ga9kcBZwAQAAAAAAAAAAAAAAAAAAAAAAEBAAAABhU2NAFCBVYEVwFwAnkGcGFydmlzBHRleHQFbm90ZXMIY29tbWVudHMLc3VnZ2VzdGlvbnMEcGFnZQh2ZXJzaW9ucwd+AQQFAH8UBgABBwA=",
  "base64",
)
const raw = (text) => new Automerge.RawString(text)
const marker = (type, attrs = {}, isEmbed = false) => ({
  type: raw(type),
  parents: [],
  attrs,
  isEmbed,
})
const start = () => Automerge.getBackend(Automerge.load(root, { actor }))

/** The edits of the trace: [position, deleted, inserted]. */
export function traceEdits(file) {
  const trace = JSON.parse(gunzipSync(readFileSync(file)).toString())
  return { edits: trace.txns.flatMap(({ patches }) => patches), end: trace.endContent }
}

/** The trace typed into a document, `every` edits per change; a new line begins a paragraph. */
export function traceDocument(edits, every) {
  const doc = start()
  edits.forEach(([at, del, text], index) => {
    if (del > 0) doc.splice("/text", at, del, "")
    let place = at
    text.split("\n").forEach((line, number) => {
      if (number > 0) doc.splitBlock("/text", place++, marker("paragraph"))
      if (line) doc.splice("/text", place, 0, line)
      place += line.length
    })
    if ((index + 1) % every === 0) doc.commit(undefined, 0)
  })
  doc.commit(undefined, 0)
  return doc.save()
}

const words =
  "the document of a team is written by many hands and read by more eyes than one can count while the work goes on every day".split(
    " ",
  )

/** 300 pages: 500,000 characters in 2,560 blocks, with 200 images. */
export function longDocument() {
  const doc = start()
  let at = 0
  let seed = 7
  const random = (below) => (seed = (seed * 16807) % 2147483647) % below
  for (let block = 0; block < 2_560; block++) {
    const kind = block % 20
    const type =
      kind === 0 ? "heading" : kind === 7 || kind === 8 ? "unordered-list-item" : "paragraph"
    doc.splitBlock("/text", at++, marker(type, kind === 0 ? { level: 1 + (block % 3) } : {}))
    let text = ""
    while (text.length < 194) text += `${words[random(words.length)]} `
    doc.splice("/text", at, 0, text)
    if (kind === 3)
      doc.mark("/text", { start: at + 5, end: at + 40, expand: "both" }, "strong", true)
    if (kind === 5) doc.mark("/text", { start: at + 15, end: at + 60, expand: "both" }, "em", true)
    at += text.length
    if (block % 12 === 6 && block < 2_400)
      doc.splitBlock(
        "/text",
        at++,
        marker(
          "image",
          { file: raw(`${(block % 9) + 10}`), alt: raw("picture"), width: 300, height: 200 },
          true,
        ),
      )
  }
  doc.commit(undefined, 0)
  return doc.save()
}

/** The trace in Yjs and in JS Automerge, as plain text. */
export function rivalDocuments(edits) {
  const y = new Y.Doc()
  y.clientID = 1
  const text = y.getText("text")
  for (const [at, del, insert] of edits)
    y.transact(() => {
      if (del > 0) text.delete(at, del)
      if (insert) text.insert(at, insert)
    })
  const a = Automerge.getBackend(Automerge.init({ actor }))
  a.putObject("/", "text", "")
  for (const [at, del, insert] of edits) {
    a.splice("/text", at, del, insert)
    a.commit(undefined, 0)
  }
  return { yjs: Y.encodeStateAsUpdate(y), automerge: a.save() }
}

/** A picture of one colour. */
export function picture(hue) {
  const [width, height] = [300, 200]
  const line = Buffer.alloc(1 + width * 3)
  for (let x = 0; x < width; x++) line.set([hue * 20, (x * 255) / width, 128], 1 + x * 3)
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(8)
    out.writeUInt32BE(data.length, 0)
    out.writeUInt32BE(crc32(body) >>> 0, 4)
    return Buffer.concat([out.subarray(0, 4), body, out.subarray(4)])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const rows = Buffer.concat(Array(height).fill(line))
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ])
}

/** Makes a file once; the trace takes a while. */
export function once(folder, name, make) {
  mkdirSync(folder, { recursive: true })
  const path = `${folder}/${name}`
  if (!existsSync(path)) writeFileSync(path, make())
  return path
}
