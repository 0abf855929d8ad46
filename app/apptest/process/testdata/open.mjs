// Opens a file with Automerge as it comes from npm and prints what is in it, as JSON. Usage:
//   node open.mjs <frontend folder> <package> <file>
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"

const [frontend, name, file] = process.argv.slice(2)
const Automerge = createRequire(`${frontend}/package.json`)(name)
const doc = Automerge.load(new Uint8Array(readFileSync(file)))

/** Strings that are no texts are objects of their own in Automerge. */
const plain = (value) => {
  if (value instanceof (Automerge.ImmutableString ?? Automerge.RawString)) return value.toString()
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== "object") return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}

const spans = (...path) =>
  Automerge.spans(doc, path).map(({ type, value, marks }) =>
    type === "block" ? { block: plain(value) } : { text: value, marks: plain(marks ?? {}) },
  )

const notes = Object.fromEntries(Object.keys(doc.notes).map((id) => [id, spans("notes", id)]))
console.log(
  JSON.stringify({ heads: Automerge.getHeads(doc).toSorted(), text: spans("text"), notes, comments: plain(doc.comments) }),
)
