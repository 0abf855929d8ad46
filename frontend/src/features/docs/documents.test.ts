import { expect, test, vi } from "vitest"
import { ApiError } from "../../transport/transport"
import { TestTransport } from "../../transport/testing"
import type { Doc } from "../../transport/types"
import { Documents } from "./documents.svelte"

const doc = (id: string, change: Partial<Doc> = {}): Doc => ({
  workspace: "w",
  id,
  space: "s",
  title: id,
  folder: "",
  starred: false,
  trashed: false,
  created: 0,
  changed: 0,
  author: "",
  changedBy: "",
  holders: 0,
  everywhere: false,
  bySuperPeer: false,
  unreadable: 0,
  mentions: 0,
  ...change,
})

async function load(docs: Doc[], answers: Record<string, () => unknown> = {}) {
  const transport = new TestTransport({ "Docs.List": () => docs, ...answers })
  const documents = new Documents(transport, "w")
  await documents.load()
  return { transport, documents }
}

test("events of this workspace change the list, those of others do not", async () => {
  const { transport, documents } = await load([doc("a")])
  transport.tell("doc.changed", doc("a", { title: "New" }))
  transport.tell("doc.changed", doc("b", { workspace: "other" }))
  expect(documents.recent.map(({ title }) => title)).toEqual(["New"])
})

test("a change shows at once and is taken back when it fails", async () => {
  const refused = () => {
    throw new ApiError("refused", "Ask somebody.")
  }
  const { documents } = await load([doc("a")], { "Docs.Trash": refused })
  const trashing = documents.trash("a")
  expect(documents.get("a")?.trashed).toBe(true)
  await expect(trashing).rejects.toThrow("Ask somebody.")
  expect(documents.get("a")?.trashed).toBe(false)
})

test("what others changed meanwhile stays when a change is taken back", async () => {
  const { transport, documents } = await load([doc("a")], {
    "Docs.Rename": () => {
      transport.tell("doc.changed", doc("a", { title: "typed", folder: "Moved" }))
      throw new ApiError("timeout", "slow")
    },
  })
  await expect(documents.rename("a", "typed")).rejects.toThrow("slow")
  expect(documents.get("a")).toMatchObject({ title: "a", folder: "Moved" })
})

test("a mention is counted and told, and seen only once", async () => {
  const { transport, documents } = await load([doc("a")], { "Docs.MarkSeen": () => null })
  const told = vi.fn()
  const end = documents.onMention(told)
  const mention = { doc: doc("a", { mentions: 1 }), comment: "c", author: "b", text: "hi", at: 1 }
  transport.tell("doc.mention", mention)
  expect(told).toHaveBeenCalledOnce()
  expect(documents.get("a")?.mentions).toBe(1)
  await documents.seen("a")
  await documents.seen("a")
  expect(documents.get("a")?.mentions).toBe(0)
  expect(transport.of("Docs.MarkSeen")).toHaveLength(1)
  end()
  transport.tell("doc.mention", mention)
  expect(told).toHaveBeenCalledOnce()
})

test("when everything changed, what is gone leaves the list", async () => {
  const docs = [doc("a"), doc("b")]
  const { transport, documents } = await load(docs)
  docs.pop()
  transport.tell("doc.changes", {
    workspace: "w",
    id: "",
    own: false,
    session: 0,
    changes: [],
    actors: [],
    reload: true,
  })
  await vi.waitFor(() => expect(documents.get("b")).toBeUndefined())
  expect(documents.get("a")).toBeDefined()
})
