import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { SessionTaken, type SourceEvents } from "../../editor/replicasource"
import { TestTransport } from "../../transport/testing"
import { ApiError } from "../../transport/transport"
import { ApiSource } from "./source"

const session = { token: "t", session: 2, actor: "aa", heads: ["h"], readOnly: false, actors: null }
const presence = {
  workspace: "w",
  id: "d",
  person: "ana",
  device: "x",
  session: 2,
  anchor: "1@aa",
  head: "1@aa",
  gone: false,
}

function open(answers: Record<string, () => unknown> = {}) {
  const transport = new TestTransport({
    "Docs.Open": () => session,
    "Docs.Cursor": () => null,
    "Docs.Close": () => null,
    ...answers,
  })
  const authors = vi.fn()
  const source = new ApiSource(transport, "w", "d", "ana", authors)
  const events = { changes: vi.fn(), cursor: vi.fn(), reconnected: vi.fn(), reload: vi.fn() }
  const end = source.listen(events satisfies SourceEvents)
  return { transport, source, events, authors, end }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test("changes of this document arrive as bytes with their authors", () => {
  const { transport, events, authors } = open()
  const actors = [{ actor: "bb", person: "ben", device: "y" }]
  const arrival = {
    workspace: "w",
    id: "d",
    own: false,
    session: 0,
    changes: ["AQI="],
    actors,
    reload: false,
  }
  transport.tell("doc.changes", arrival)
  transport.tell("doc.changes", { ...arrival, id: "other" })
  expect(events.changes).toHaveBeenCalledExactlyOnceWith([new Uint8Array([1, 2])])
  expect(authors).toHaveBeenCalledWith(actors)
})

test("a rebuilt history is loaded anew, whichever document it names or all", () => {
  const { transport, events } = open()
  const reload = { workspace: "w", own: false, session: 0, changes: [], actors: [], reload: true }
  transport.tell("doc.changes", { ...reload, id: "d" })
  transport.tell("doc.changes", { ...reload, id: "" })
  transport.tell("doc.changes", { ...reload, id: "other" })
  expect(events.reload).toHaveBeenCalledTimes(2)
})

test("only a lost session is told as such", async () => {
  let code = "session"
  const failing = { "Docs.Apply": () => Promise.reject(new ApiError(code, "no")) }
  const { source, events } = open(failing)
  const lease = await source.open()
  await expect(source.apply(lease, [])).rejects.toThrow(SessionTaken)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(events.reconnected).not.toHaveBeenCalled()
  code = "disk-full"
  await expect(source.apply(lease, [])).rejects.toThrow(ApiError)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(events.reconnected).toHaveBeenCalledOnce()
})

test("it resumes when the program is there again, and after dropped events", () => {
  const { transport, events } = open()
  transport.tell("transport", { state: "open" })
  expect(events.reconnected).not.toHaveBeenCalled()
  transport.tell("transport", { state: "lost" })
  transport.tell("transport", { state: "open" })
  transport.tell("reload", { workspace: "w" })
  expect(events.reconnected).toHaveBeenCalledTimes(2)
})

test("the newest cursor is sent after a pause, again before it is forgotten, and not after closing", async () => {
  const { transport, source } = open()
  const lease = await source.open()
  source.cursor(lease, "1@aa", "1@aa")
  source.cursor(lease, "2@aa", "3@aa")
  await vi.advanceTimersByTimeAsync(100)
  expect(transport.of("Docs.Cursor")).toHaveLength(1)
  expect(transport.of("Docs.Cursor")[0]).toMatchObject([
    { anchor: "2@aa", head: "3@aa", token: "t" },
  ])
  await vi.advanceTimersByTimeAsync(8_000)
  expect(transport.of("Docs.Cursor")).toHaveLength(2)
  source.close(lease)
  await vi.advanceTimersByTimeAsync(20_000)
  expect(transport.of("Docs.Cursor")).toHaveLength(2)
})

test("the own cursor is not shown; that of the own other device is", async () => {
  const { transport, source, events } = open()
  source.cursor(await source.open(), "1@aa", "1@aa")
  transport.tell("doc.cursor", presence)
  transport.tell("doc.cursor", { ...presence, anchor: "5@aa" })
  expect(events.cursor).not.toHaveBeenCalled()
  transport.tell("doc.cursor", { ...presence, device: "z" })
  transport.tell("doc.cursor", { ...presence, person: "ben" })
  expect(events.cursor).toHaveBeenCalledTimes(2)
})
