import { readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"
import type { Node } from "prosemirror-model"
import { beforeAll, expect, test } from "vitest"
import { Binding } from "./binding"
import type { Engine } from "./engine"
import { startEngine } from "./peers.testing"
import { readPicture } from "./replicaload"
import type { Source } from "./replicasource"

const tree = new URL("../../../", `file://${import.meta.dirname}/`)
const file = (path: string) => readFileSync(new URL(path, tree))
const actor = "0b".repeat(16)

interface Golden {
  name: string
  file: string
  paint: unknown
}

/** Documents with the pictures that the program makes of them; its own test keeps them current. */
const goldens = JSON.parse(String(file("app/docs/testdata/paint.json"))) as Golden[]

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})

/** What the page shows of a document that it has loaded. */
function loaded(data: Uint8Array): Node {
  const doc = engine.load(data, actor)
  const shown = Binding.empty().read(doc)
  doc.free()
  return shown
}

const picture = (doc: unknown) =>
  readPicture({ paint: () => Promise.resolve({ heads: [], doc }) } as unknown as Source)

test.each(goldens.map((golden) => [golden.name, golden] as const))(
  "a picture of the program shows what the document does: %s",
  async (_name, golden) => {
    const shown = loaded(new Uint8Array(Buffer.from(golden.file, "base64")))
    expect((await picture(golden.paint))?.toJSON()).toEqual(shown.toJSON())
  },
)

test("a picture of the program shows what the document does: the recorded paper", async () => {
  const trace = gunzipSync(file("crdt/doc/doctest/testdata/automerge-paper.json.gz"))
  const { endContent } = JSON.parse(String(trace)) as { endContent: string }
  const shown = loaded(new Uint8Array(file("crdt/doc/doctest/testdata/automerge-paper.automerge")))
  const spans = [{ type: "text", value: endContent }]
  expect((await picture({ spans }))?.eq(shown)).toBe(true)
}, 60_000)

test.each([
  null,
  7,
  {},
  { spans: null },
  { spans: "text" },
  { spans: {} },
  { spans: [null] },
  { spans: [{ type: "text" }] },
  { spans: [{ type: "text", value: 1 }] },
  { spans: [{ type: "block", value: "paragraph" }] },
  { spans: [{ type: "other", value: "x" }] },
  { type: "doc", content: [{ type: "strange" }] },
  { type: "doc", content: [{ type: "list_item" }] },
])("what is no picture shows nothing: %j", async (odd) => {
  expect(await picture(odd)).toBeNull()
})
