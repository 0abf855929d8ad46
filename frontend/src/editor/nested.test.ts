import { beforeAll, expect, test } from "vitest"
import { insertTop, split } from "./commands-blocks"
import { indent, outdent, splitItem, toggleList, type ListKind } from "./commands-lists"
import type { Engine } from "./engine"
import { Peer, startEngine } from "./peers.testing"
import { emptyTable } from "./tables"
import { shape } from "./testing"

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})

/** Somebody whose every act reaches the engine at once, and somebody who receives it. */
function pair() {
  const [ana, ben] = [new Peer(engine, "a1".repeat(16)), new Peer(engine, "b2".repeat(16))]
  const share = () => {
    ana.flush()
    ben.receive(ana.sent)
    ana.sent = []
  }
  const type = (text: string) => {
    ana.state = ana.state.apply(ana.state.tr.insertText(text))
    share()
  }
  const run = (...commands: Parameters<Peer["run"]>[0][]) => {
    for (const command of commands) {
      expect(ana.run(command)).toBe(true)
      share()
    }
  }
  /** What both of them see, after each compared it with the engine. */
  const seen = () => {
    expect([ana.check(), ben.check()]).toEqual([null, null])
    expect(shape(ben.state.doc)).toBe(shape(ana.state.doc))
    return shape(ana.state.doc)
  }
  return { type, run, seen }
}

test.each<[ListKind, string]>([
  ["bullet_list", "list_item"],
  ["ordered_list", "list_item"],
  ["task_list", "task_item"],
])("an item of a %s stays nested", (kind, item) => {
  const { type, run, seen } = pair()
  run(toggleList(kind))
  type("one")
  run(splitItem)
  type("two")
  run(indent)
  expect(seen()).toBe(`${kind}(${item}(paragraph(one) ${kind}(${item}(paragraph(two)))))`)
  run(splitItem)
  type("three")
  run(indent)
  expect(seen()).toBe(
    `${kind}(${item}(paragraph(one) ${kind}(${item}(paragraph(two) ${kind}(${item}(paragraph(three)))))))`,
  )
  run(outdent, outdent)
  expect(seen()).toBe(
    `${kind}(${item}(paragraph(one) ${kind}(${item}(paragraph(two)))) ${item}(paragraph(three)))`,
  )
})

test("a table takes the place of an empty paragraph, with the cursor in its first cell", () => {
  const { type, run, seen } = pair()
  type("above")
  run(
    split,
    insertTop(() => emptyTable(1, 2)),
  )
  type("here")
  expect(seen()).toBe(
    "paragraph(above) table(table_row(table_header(paragraph(here)) table_header(paragraph())))",
  )
})
