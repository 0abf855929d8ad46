import { beforeAll, expect, test } from "vitest"
import type { Engine, EngineDoc } from "./engine"
import { startEngine } from "./peers.testing"
import { sift } from "./replicasift"
import { rootBytes } from "./root"

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})

/** Changes that each write a letter. */
function letters(count: number): Uint8Array[] {
  const doc = engine.load(rootBytes(), "0a".repeat(16))
  return Array.from({ length: count }, () => {
    const at = doc.handle.length("/text")
    return doc.change(0, () => doc.handle.splice("/text", at, 0, "x"))?.changes[0] as Uint8Array
  })
}

/** Opens documents that fail at some changes, and counts how many were opened. */
function failingAt(bad: readonly Uint8Array[]) {
  const opened = { count: 0 }
  const open = (): EngineDoc => {
    opened.count++
    const doc = engine.load(rootBytes(), "0b".repeat(16))
    const apply = doc.handle.applyChanges.bind(doc.handle)
    doc.handle.applyChanges = (changes) => {
      if (changes.some((change) => bad.includes(change)))
        throw new WebAssembly.RuntimeError("unreachable")
      apply(changes)
    }
    return doc
  }
  return { open, opened }
}

test.each([
  ["none", 40, [], 0, 1],
  ["the first", 40, [0], 0, 5],
  ["the only one", 1, [0], 0, 2],
  ["one of many", 1_000, [617], 0, 8],
  ["one of those that arrived last", 1_000, [997], 990, 3],
  ["an early one, where a late one was suspected", 1_000, [3], 990, 9],
  ["one of another author and one of the last", 300, [100, 250], 0, 14],
])("bad changes are found with few loads: %s", async (_name, count, at, first, loads) => {
  // Every change builds on the one before, so those behind a bad one wait; nobody is blamed for that.
  const changes = letters(count)
  const bad = at.flatMap((place) => changes[place] ?? [])
  const { open, opened } = failingAt(bad)
  const found: Uint8Array[] = []
  const doc = await sift(open, changes, first, (those) => found.push(...those))
  expect(found).toEqual(bad)
  expect(doc.handle.length("/text")).toBe(at[0] ?? count)
  expect(opened.count).toBeLessThanOrEqual(loads)
  doc.free()
})

test("a document that fails at too many changes is given up, but they are told", async () => {
  const changes = letters(200)
  const { open, opened } = failingAt(changes)
  const found: Uint8Array[] = []
  const sifting = sift(open, changes, 0, (those) => found.push(...those))
  await expect(sifting).rejects.toThrow("too many bad changes")
  expect(found).toEqual(changes.slice(0, 9))
  expect(opened.count).toBeLessThanOrEqual(9 * 7)
})

test("a document that fails without any change is given up, and nobody is blamed", async () => {
  const open = () => {
    const doc = engine.load(rootBytes(), "0b".repeat(16))
    doc.handle.spans = () => {
      throw new WebAssembly.RuntimeError("unreachable")
    }
    return doc
  }
  const found: Uint8Array[] = []
  const sifting = sift(open, letters(3), 0, (those) => found.push(...those))
  await expect(sifting).rejects.toThrow("unreachable")
  expect(found).toEqual([])
})
