import { beforeAll, expect, test } from "vitest"
import { anyTokens } from "./acts.testing"
import type { Engine, EngineDoc, Patch } from "./engine"
import { blocksOf, sameBlocks, type Marker } from "./flat"
import { diffBlocks } from "./flatdiff"
import { writeEdits } from "./flatedit"
import { applyPatches } from "./flatpatch"
import { FlatText } from "./flattext"
import { Random, startEngine } from "./peers.testing"
import { rootBytes } from "./root"

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})

const path = "/text"

/** A document and the mirror of its text that follows it by patches alone. */
class Mirrored {
  readonly doc: EngineDoc
  readonly text: FlatText
  sent: Uint8Array[] = []
  /** How often the whole text had to be read. */
  read = 0

  constructor(actor: string, file = rootBytes()) {
    this.doc = engine.load(file, actor.repeat(16))
    this.text = new FlatText(this.doc.tokens(path))
  }

  get length(): number {
    return this.doc.handle.length(path)
  }

  change(edit: (handle: EngineDoc["handle"]) => void): void {
    const made = this.doc.change(0, () => edit(this.doc.handle))
    if (!made) return
    this.sent.push(...made.changes)
    this.#follow(made.patches)
  }

  receive(changes: readonly Uint8Array[]): void {
    this.#follow(this.doc.apply(changes))
  }

  same(): boolean {
    return sameBlocks(new FlatText(this.doc.tokens(path)).blocks, this.text.blocks)
  }

  #follow(patches: readonly Patch[]): void {
    const { doubtful } = applyPatches(this.text, ["text"], patches, {
      marker: (at) => this.doc.marker(path, at),
      marks: (at) => this.doc.marks(path, at),
    })
    if (!doubtful) return
    this.read++
    this.text.replace(this.doc.tokens(path))
  }
}

const color = (value: string) => [["color", value]]

test("insertions that touch have marks of their own", () => {
  const ana = new Mirrored("0a")
  ana.change((handle) => {
    handle.splice(path, 0, 0, "xy")
    handle.mark(path, { start: 1, end: 2, expand: "after" }, "em", true)
  })
  const ben = new Mirrored("0b", ana.doc.save())
  ana.change((handle) => handle.splice(path, 1, 1, ""))
  ben.change((handle) => {
    handle.splice(path, 1, 0, ".")
    handle.splice(path, 3, 0, "inside")
  })
  ana.receive(ben.sent)
  expect(ana.text.blocks[0]?.runs.map(({ text }) => text)).toEqual(["x.", "inside"])
  expect(ana.same()).toBe(true)
})

test("text between two stretches that are marked keeps its own, though a patch tells otherwise", () => {
  const [ana, ben] = [new Mirrored("01"), new Mirrored("02")]
  ana.change((handle) => {
    handle.splice(path, 0, 0, "behind")
    handle.splice(path, 0, 0, "bc")
    handle.mark(path, { start: 1, end: 2, expand: "both" }, "color", "#ff0000")
  })
  // Grows over what was written before it at once; one of the letters has a later color.
  ben.change((handle) => {
    handle.splice(path, 0, 0, "between")
    handle.mark(path, { start: 0, end: 7, expand: "both" }, "color", "#00ff00")
  })
  ana.receive(ben.sent)
  expect(ana.text.blocks[0]?.runs.map(({ text, marks }) => [text, marks.list])).toEqual([
    ["b", color("#00ff00")],
    ["c", color("#ff0000")],
    ["between", color("#00ff00")],
    ["behind", []],
  ])
  expect(ana.same()).toBe(true)
})

test("where patches tell something that no text does, or very much, the whole text is read", () => {
  const ana = new Mirrored("0a")
  ana.change((handle) => handle.splice(path, 0, 0, "x".repeat(2_000)))
  expect([ana.read, ana.same()]).toEqual([1, true])
  const kept = ana.text.blocks[0]
  ana.change((handle) => handle.putObject("/", "text", "another text"))
  expect([ana.read, ana.same()]).toEqual([2, true])
  expect(ana.text.blocks[0]).not.toBe(kept)
})

const names = [
  ["strong", true],
  ["color", "#ff0000"],
  ["color", "#00ff00"],
  ["comment:a", true],
] as const
const expands = ["none", "before", "after", "both"] as const

/** Where the text has markers, and which. */
function markers(peer: Mirrored): [at: number, marker: Marker][] {
  let at = 0
  return peer.text.blocks.flatMap(({ marker, size }): [number, Marker][] => {
    at += size
    return marker ? [[at - size, marker]] : []
  })
}

/** Something that any program may do to a text. */
function act(peer: Mirrored, random: Random): void {
  const whole = peer.doc.handle.text(path)
  const boundary = (at: number) => (/[\uDC00-\uDFFF]/.test(whole.charAt(at)) ? at - 1 : at)
  const at = boundary(random.below(peer.length + 1))
  const end = boundary(Math.min(at + 1 + random.below(8), peer.length))
  const [name, value] = random.pick(names)
  const range = { start: at, end, expand: random.pick(expands) }
  const kind = random.below(11)
  peer.change((handle) => {
    if (kind < 3) handle.splice(path, at, 0, random.pick(["a", "bc", "hello", "\u{1F600}"]))
    else if (kind === 3) {
      const tokens = blocksOf(peer.doc.tokens(path)).flatMap((block) => block.tokens())
      tokens.splice(random.below(tokens.length + 1), random.below(3), ...anyTokens(random, 3))
      writeEdits(peer.doc, path, diffBlocks(peer.text.blocks, blocksOf(tokens)))
    } else if (kind === 4) {
      const attrs = { level: random.below(3) }
      const type = peer.doc.text("heading")
      handle.splitBlock(path, at, { type, parents: [], attrs, isEmbed: random.below(3) === 0 })
    } else if (kind === 5) {
      const found = markers(peer)
      if (found.length === 0) return
      const [place, from] = random.pick(found)
      const attrs = { level: random.below(9) }
      const parents = random.below(2) ? ["blockquote"] : []
      const to = { ...from, type: random.pick(["paragraph", "heading"]), parents, attrs }
      writeEdits(peer.doc, path, { splices: [], markers: [{ at: place, from, to }], marks: [] })
    } else if (end > at) {
      if (kind === 6) handle.splice(path, at, end - at, "")
      else if (kind < 9) handle.mark(path, range, name, value)
      else handle.unmark(path, range, name)
    }
  })
}

const sessions = Number(process.env.PARVIS_SESSIONS ?? 40)

test("the mirror follows whatever several people do at once", () => {
  for (let seed = 1; seed <= sessions; seed++) {
    const random = new Random(seed)
    const peers = ["01", "02", "03"].map((actor) => new Mirrored(actor))
    for (let step = 0; step < 60; step++) {
      const peer = random.pick(peers)
      act(peer, random)
      expect(peer.same(), `seed ${seed}, step ${step}, own edit`).toBe(true)
      if (random.below(6) > 0) continue
      for (const other of peers) {
        if (other === peer || peer.sent.length === 0) continue
        other.receive(peer.sent)
        expect(other.same(), `seed ${seed}, step ${step}, edits of others`).toBe(true)
      }
      peer.sent = []
    }
    for (const { doc } of peers) doc.free()
  }
}, 300_000)
