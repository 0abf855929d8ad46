// Types the first keystrokes of an editing trace into a document, one change each,
// by two versions of Automerge in turn, and writes the changes one after the other:
//
//	node trace.mjs automerge-paper.json.gz out.am 6000
import { createRequire } from "node:module"
import { readFileSync, writeFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"

const require = createRequire(new URL("../../../../frontend/package.json", import.meta.url))
const [trace, out, count] = process.argv.slice(2)
const { txns } = JSON.parse(gunzipSync(readFileSync(trace)).toString())
const edits = txns.flatMap((txn) => txn.patches).slice(0, Number(count))

const written = []
for (const [n, module] of ["@automerge/automerge/next", "automerge-latest"].entries()) {
  const A = require(module)
  let doc = A.init({ actor: `${n + 1}`.repeat(32) })
  const half = edits.slice((n * edits.length) / 2, ((n + 1) * edits.length) / 2)
  if (n === 1) [doc] = A.applyChanges(doc, written)
  else doc = A.change(doc, { time: 0 }, (d) => void (d.text = ""))
  if (n === 0) written.push(A.getLastLocalChange(doc))
  for (const [at, removed, inserted] of half) {
    doc = A.change(doc, { time: 1 }, (d) => A.splice(d, ["text"], at, removed, inserted))
    const change = A.getLastLocalChange(doc)
    if (change) written.push(change)
  }
}
writeFileSync(out, Buffer.concat(written.map((change) => Buffer.from(change))))
