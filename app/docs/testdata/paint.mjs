// Writes documents as the page makes them to paint.json; the pictures of them are added by
// `go test -run TestPaint -update ./app/docs`:
//
//	node app/docs/testdata/paint.mjs
import { readFileSync, readdirSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"

const here = new URL(".", import.meta.url)
const A = createRequire(new URL("../../../frontend/package.json", here))("@automerge/automerge/next")
const root = Buffer.from(
  "hW9Kg7ga9kcBZwAQAAAAAAAAAAAAAAAAAAAAAAEBAAAABhU2NAFCBVYEVwFwAnkGcGFydmlzBHRleHQFbm90ZXMIY29tbWVudHMLc3VnZ2VzdGlvbnMEcGFnZQh2ZXJzaW9ucwd+AQQFAH8UBgABBwA=",
  "base64",
)
const open = (file, actor) => A.getBackend(A.load(file, { actor: actor.repeat(16) }))
const text = (value, marks) => ({ type: "text", value, marks })
const block = (type, attrs = {}, parents = []) => ({ type: "block", value: { type, parents, attrs, isEmbed: false } })
const embed = (type, attrs, marks) => ({ type: "block", value: { type, parents: [], attrs, isEmbed: true }, marks })

/** Texts in a marker are scalar, as the page writes them. */
function raw(value) {
  if (typeof value === "string") return new A.RawString(value)
  if (Array.isArray(value)) return value.map(raw)
  if (value?.constructor !== Object) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, raw(one)]))
}

function write(doc, spans, scalar = raw) {
  let at = 0
  const places = spans.map(({ type, value }) => {
    const start = at
    if (type === "block") doc.splitBlock("/text", at++, scalar(value))
    else {
      doc.splice("/text", at, 0, value)
      at += value.length
    }
    return { start, end: at, expand: "none" }
  })
  spans.forEach(({ marks = {} }, index) => {
    if (places[index].start < at)
      for (const [name, value] of Object.entries(marks)) doc.mark("/text", places[index], name, value)
  })
  doc.commit(undefined, 0)
}

/** A document of spans. */
function of(spans, scalar) {
  const doc = open(root, "01")
  write(doc, spans, scalar)
  return doc
}

/** Two people who write into one text at once. */
function together() {
  const ana = of([block("paragraph"), text("one two three"), embed("image", { file: "00ff" }), text("four")])
  const ben = open(ana.save(), "02")
  ana.mark("/text", { start: 1, end: 8, expand: "both" }, "color", "#ff0000")
  ben.mark("/text", { start: 5, end: 15, expand: "both" }, "color", "#0000ff")
  ana.splitBlock("/text", 5, raw(block("heading", { level: 2 }).value))
  ben.splice("/text", 4, 4, "2")
  ana.updateBlock("/text", 0, raw(block("heading", { level: 1 }).value))
  ben.updateBlock("/text", 0, raw(block("unordered-list-item").value))
  for (const doc of [ana, ben]) doc.commit(undefined, 0)
  ana.applyChanges(ben.getChanges([]))
  return ana
}

const strange = {
  null: null, float: 0.25, negative: -3, big: 2 ** 60, bytes: new Uint8Array([1]), date: new Date(5),
  list: [1], map: { a: 1 }, empty: "", yes: true,
}
const suggested = { "suggestion:s1": "insert", strong: true }
const made = {
  "nothing": () => open(root, "01"),
  "marks over embeds": () =>
    of([
      embed("image", { file: "0a", width: 20 }, suggested), text("😀 before ", { em: true }), block("paragraph"),
      text("a", suggested), embed("image", { file: "00ff", name: "x.png", alt: "<b>", width: 640, height: 480 }, suggested),
      text("b", suggested), embed("footnote", { id: "n1" }, { "comment:c1": true }), embed("footnote", { id: "n2" }),
      embed("strange", strange, { link: '{"href":"https://example.org"}' }), embed("image", { file: "1" }, { unknown: 1, color: "red" }),
    ]),
  "attributes of every kind": () => of([block("strange", strange), text("x"), block("heading", { ...strange, level: 2.5 }), text("y")]),
  "parents of every kind": () => of([block("paragraph", {}, ["blockquote", 3, null, "strange", ""]), text("x"), block("paragraph", {}, [7, "blockquote"])]),
  "texts that can be edited": () =>
    of([block("heading", { align: "center" }, ["blockquote"]), text("x"), embed("image", { file: "1" })], (value) => value),
  "two at once": together,
}
const rich = new URL("../../../crdt/doc/rich/testdata/", here)
for (const file of readdirSync(rich).filter((name) => name.endsWith(".json")))
  for (const { name, spans } of JSON.parse(readFileSync(new URL(file, rich), "utf8"))) made[name] = () => of(spans)

const written = Object.entries(made).map(([name, make]) =>
  JSON.stringify({ name, file: Buffer.from(make().save()).toString("base64") }),
)
writeFileSync(new URL("paint.json", here), `[\n${written.join(",\n")}\n]\n`)
