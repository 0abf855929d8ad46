import * as Automerge from "automerge-latest"
import * as Y from "yjs"

const bytes = async (name: string) => new Uint8Array(await (await fetch(`./${name}`)).arrayBuffer())
let seed = 1
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647

/** Yjs: the finished trace loaded, then edits of others applied. No screen. */
async function yjs(file: string, count: number) {
  const update = await bytes(file)
  const started = performance.now()
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  const text = doc.getText("text")
  const length = text.length
  const load = performance.now() - started
  const other = new Y.Doc()
  Y.applyUpdate(other, update)
  const remote: number[] = []
  for (let n = 0; n < count; n++) {
    const before = Y.encodeStateVector(other)
    other.getText("text").insert(Math.floor(random() * length), "x")
    const change = Y.encodeStateAsUpdate(other, before)
    const began = performance.now()
    Y.applyUpdate(doc, change)
    remote.push(performance.now() - began)
  }
  return { load, remote, bytes: update.length }
}

/** JS Automerge 3.5 the same. */
async function automerge(file: string, count: number) {
  const data = await bytes(file)
  const started = performance.now()
  type Text = { text: string }
  let doc = Automerge.load<Text>(data)
  const length = doc.text.length
  const load = performance.now() - started
  let other = Automerge.clone(doc)
  const remote: number[] = []
  for (let n = 0; n < count; n++) {
    other = Automerge.change(other, (draft) =>
      Automerge.splice(draft, ["text"], Math.floor(random() * length), 0, "x"),
    )
    const change = Automerge.getLastLocalChange(other)
    if (!change) continue
    const began = performance.now()
    ;[doc] = Automerge.applyChanges(doc, [change])
    remote.push(performance.now() - began)
  }
  return { load, remote, bytes: data.length }
}

const api = { yjs, automerge }

declare global {
  interface Window {
    rivals: typeof api
  }
}

window.rivals = api
