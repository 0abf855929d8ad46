// Writes a trace with another engine and prints, as JSON, what that takes. Usage:
//   node rivals.mjs <frontend folder> <package> <trace, .json.gz> <edits> <edits per change>
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { gunzipSync } from "node:zlib"

const [frontend, name, file, count, every] = process.argv.slice(2)
const library = createRequire(`${frontend}/package.json`)(name)
const folder = `${frontend}/node_modules/${name.replace(/\/next$/, "")}`
const { name: title, version } = JSON.parse(readFileSync(`${folder}/package.json`))
const { txns } = JSON.parse(gunzipSync(readFileSync(file)).toString())
const edits = txns.flatMap(({ patches }) => patches).slice(0, Number(count))

/** The edits in groups, one for each change. */
function* groups() {
  for (let at = 0; at < edits.length; at += Number(every)) yield edits.slice(at, at + Number(every))
}

const yjs = {
  write() {
    const doc = new library.Doc()
    const text = doc.getText("text")
    for (const group of groups())
      doc.transact(() => {
        for (const [at, del, insert] of group) {
          if (del > 0) text.delete(at, del)
          if (insert) text.insert(at, insert)
        }
      })
    return doc
  },
  save: (doc) => library.encodeStateAsUpdate(doc),
  load(bytes) {
    const doc = new library.Doc()
    library.applyUpdate(doc, bytes)
    return doc
  },
  text: (doc) => doc.getText("text").toString(),
}

const automerge = {
  write() {
    let doc = library.from({ text: "" })
    for (const group of groups())
      doc = library.change(doc, (d) => {
        for (const [at, del, insert] of group) library.splice(d, ["text"], at, del, insert)
      })
    return doc
  },
  save: (doc) => library.save(doc),
  load: (bytes) => library.load(bytes),
  text: (doc) => doc.text,
}

function timed(act) {
  const begun = performance.now()
  const result = act()
  return [result, performance.now() - begun]
}

const engine = name === "yjs" ? yjs : automerge
const [doc, apply] = timed(engine.write)
const [bytes, save] = timed(() => engine.save(doc))
const [again, load] = timed(() => engine.load(bytes))
console.log(
  JSON.stringify({
    version: `${title} ${version}`,
    applyMs: apply,
    saveMs: save,
    loadMs: load,
    bytes: bytes.length,
    peakKB: process.resourceUsage().maxRSS,
    text: engine.text(again),
  }),
)
