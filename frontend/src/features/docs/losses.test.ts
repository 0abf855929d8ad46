import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { m } from "../../paraglide/messages.js"
import { lossText } from "./losses"

/** What file formats may lose, as the program names it. */
const program = new URL("../../../../crdt/doc/format/report.go", `file://${import.meta.dirname}/`)
const codes = [...readFileSync(program, "utf8").matchAll(/Loss\w+\s+= "(\w+)"/g)].map(
  ([, code = ""]) => code,
)

test("every loss is told in a sentence of its own", () => {
  expect(codes.length).toBeGreaterThan(30)
  const bare = codes.filter(
    (what) => lossText({ what, count: 2 }) === m.docs_loss_other({ what, count: 2 }),
  )
  expect(bare).toEqual([])
})
