import { beforeAll, expect, test } from "vitest"
import type { Engine, EngineDoc } from "./engine"
import { startEngine } from "./peers.testing"
import { rootBytes } from "./root"
import { untold } from "./untold"

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})

const open = (actor: string, file = rootBytes()) => engine.load(file, actor.repeat(16))

const change = (doc: EngineDoc, edit: (handle: EngineDoc["handle"]) => void) =>
  doc.change(0, () => edit(doc.handle))?.changes ?? []

test("a value that takes the place of one that had lost is told, though the engine tells nothing", () => {
  const base = open("0a")
  const block = { type: base.text("heading"), parents: [], attrs: { level: 1 }, isEmbed: false }
  change(base, (handle) => handle.splitBlock("/text", 0, block))
  const [ana, ben, cleo] = ["03", "02", "01"].map((actor) => open(actor, base.save()))
  if (!ana || !ben || !cleo) throw new Error("nobody there")
  const level = (doc: EngineDoc, to: number) =>
    change(doc, (handle) => handle.put("/text/0/attrs", "level", to, "int"))
  const size = (doc: EngineDoc, to: string) =>
    change(doc, (handle) => handle.put("/page", "size", to, "str"))
  level(ana, 2)
  size(ana, "A4")
  ana.apply([...level(cleo, 3), ...size(cleo, "A5"), ...level(ben, 4), ...size(ben, "A6")])
  expect(ana.marker("/text", 0)?.attrs.level).toBe(2)
  const before = change(ana, (handle) => handle.splice("/text", 0, 0, "moved"))
  expect(before.length).toBe(1)
  const later = [...level(ben, 5), ...size(ben, "letter")]
  ana.handle.applyChanges(later)
  expect(ana.marker("/text", 5)?.attrs.level).toBe(5)
  // Should this fail, the engine tells it now, and `untold` is not needed any more.
  expect(ana.handle.diffIncremental()).toEqual([])
  expect(untold(ana, later).map(({ path }) => path)).toEqual([
    ["text", 5, "attrs", "level"],
    ["page", "size"],
  ])
})

test("where there is much to look into, or something odd, everything is said to have changed", () => {
  const [ana, ben] = [open("01"), open("02")]
  const much = change(ben, (handle) => handle.splice("/text", 0, 0, "x".repeat(9_000)))
  const paths = (changes: readonly Uint8Array[]) => untold(ana, changes).map(({ path }) => path[0])
  expect(paths(much)).toEqual(["text", "comments"])
  expect(paths([new Uint8Array([1, 2, 3])])).toEqual(["text", "comments"])
  const typed = change(ben, (handle) => handle.splice("/text", 0, 1, "y"))
  expect(paths(typed)).toEqual([])
})
