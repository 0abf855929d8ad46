import { TextSelection } from "prosemirror-state"
import { createEditor, type Editor } from "../../src/editor/editor"
import { Engine } from "../../src/editor/engine"
import type { Marker, Token } from "../../src/editor/flat"
import type { Span } from "../../src/editor/flatpatch"
import { Replica } from "../../src/editor/replica"
import "../../src/styles/tokens.css"
import "../../src/styles/base.css"
import { FileSource, Other } from "./source"

/** What a click on "Open" took, in ms from the click. */
interface Opened {
  /** The caret blinks in the painted text. */
  caret: number
  /** The document is loaded behind the picture. */
  loaded: number
  /** The longest time that the page did not answer. */
  blocked: number
}

const query = new URLSearchParams(location.search)
const name = query.get("document") ?? "trace"
let editor: Editor
let replica: Replica
let source: FileSource

/** Resolves after the frame that is made next is on the screen. */
const painted = () =>
  new Promise<number>((done) =>
    requestAnimationFrame(() => {
      const channel = new MessageChannel()
      channel.port1.onmessage = () => done(performance.now())
      channel.port2.postMessage(null)
    }),
  )

async function open(clicked: number): Promise<Opened> {
  const blocked = watch()
  const paint = query.get("paint")
  source = new FileSource(
    `./${name}.automerge`,
    paint && `./${name}.${paint}.json`,
    Number(query.get("wait")),
  )
  replica = await Replica.open(source)
  const mount = document.querySelector<HTMLElement>("#mount")
  if (!mount) throw new Error("no place for the editor")
  editor = createEditor({
    mount,
    source: replica,
    images: {
      put: () => Promise.reject(new Error("none")),
      read: () => Promise.reject(new Error("none")),
      url: (file) => `./image-${file}.png`,
      document: name,
    },
    language: "en",
    pages: query.has("pages")
      ? {
          size: "A4",
          landscape: false,
          margins: [25, 20, 25, 20],
          header: "",
          footer: "",
          numbers: true,
        }
      : null,
  })
  editor.focus()
  const caret = (await painted()) - clicked
  await replica.ready
  const loaded = performance.now() - clicked
  await new Promise((done) => setTimeout(done, 50))
  return { caret, loaded, blocked: blocked() }
}

/** Watches for long times without an answer. */
function watch(): () => number {
  let last = performance.now()
  let longest = 0
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 4)
  return () => {
    clearInterval(timer)
    return longest
  }
}

/** Puts the caret into the text, as far in as `share` says. */
function place(share: number): void {
  const { doc } = editor.view.state
  const at = doc.resolve(Math.floor(doc.content.size * share))
  const selection = TextSelection.near(at)
  editor.view.dispatch(editor.view.state.tr.setSelection(selection).scrollIntoView())
  editor.focus()
}

/** What a picture of the program says of a token. */
function span(token: Token): Span {
  const block = (marker: Marker) => ({ type: "block", value: { ...marker, isEmbed: marker.embed } })
  if ("marker" in token) return block(token.marker)
  const marks = Object.fromEntries(token.marks.list)
  return token.embed ? { ...block(token.embed), marks } : { type: "text", value: token.text, marks }
}

const echoes: number[] = []
document.addEventListener(
  "keydown",
  (event) => {
    void painted().then((at) => echoes.push(at - event.timeStamp))
  },
  true,
)

let other: Other
let next: Uint8Array | undefined
let seed = 1
const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647

/** From the arrival of somebody else's change to the frame that shows it. */
async function remote(): Promise<number> {
  const before = editor.view.state.doc
  const began = performance.now()
  if (next) source.events?.changes([next])
  while (editor.view.state.doc === before) await new Promise((done) => setTimeout(done, 1))
  return (await painted()) - began
}

const api = {
  place,
  invite: async () => {
    const engine = await Engine.start()
    other = new Other(engine.load(replica.save(), "cd".repeat(16)))
  },
  prepare: () => {
    next = other.type(random)
  },
  remote,
  /** Resolves when the last key is on the screen and on its way. */
  settled: async () => {
    await painted()
    await replica.settle()
  },
  /** Milliseconds of the page's own work for one character: showing it, and making a change of it. */
  work: () => {
    const began = performance.now()
    editor.view.dispatch(editor.view.state.tr.insertText("k"))
    const shown = performance.now()
    replica.flush()
    return { show: shown - began, write: performance.now() - shown }
  },
  echoes: () => echoes.splice(0),
  paint: async () => ({ heads: replica.heads, doc: editor.view.state.doc.toJSON() as unknown }),
  /** The picture as the program makes it. */
  spans: async () => {
    const engine = await Engine.start()
    const doc = engine.load(replica.save(), "ef".repeat(16))
    return { heads: doc.heads(), doc: { spans: doc.tokens("/text").map(span) } }
  },
  settle: () => replica.settle(),
  check: () => {
    const engine = replica as unknown as { healer: { healed: object } }
    return { healed: engine.healer.healed, status: replica.status }
  },
  memory: () =>
    (performance as unknown as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? 0,
  text: () => editor.view.state.doc.textContent.length,
  opened: undefined as Promise<Opened> | undefined,
}

declare global {
  interface Window {
    measure: typeof api
  }
}

window.measure = api
document.querySelector("#open")?.addEventListener("click", (event) => {
  api.opened = open(event.timeStamp)
})
