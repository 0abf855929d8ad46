import { afterEach, beforeAll, expect, test, vi } from "vitest"
import type { Engine } from "../../editor/engine"
import { startEngine } from "../../editor/peers.testing"
import { Person, Program, until } from "../../editor/program.testing"
import { LeftDocuments } from "./left.svelte"

// The machine may be busy with something else.
vi.setConfig({ testTimeout: 60_000 })

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})
afterEach(() => Person.allLeave())

const asks = () => !dispatchEvent(new Event("beforeunload", { cancelable: true }))

async function opened(id = "d") {
  const program = new Program(engine)
  const source = program.source()
  const person = await Person.sits(source)
  const { replica } = person
  await replica.ready
  return { person, program, source, workspace: "w", id, replica, close: vi.fn() }
}

test("a document with everything stored ends when it is left", async () => {
  const left = new LeftDocuments()
  const open = await opened()
  left.leave(open, "Plan")
  expect(open.close).toHaveBeenCalledOnce()
  expect(left.all).toEqual([])
})

test("what is not stored yet outlives leaving the document, is asked about, and is stored", async () => {
  const left = new LeftDocuments()
  const open = await opened()
  open.source.online = false
  open.person.type("kept")
  left.leave(open, "Plan")
  await until(() => !open.replica.status.connected)
  expect(open.close).not.toHaveBeenCalled()
  expect(left.all.map(({ title }) => title)).toEqual(["Plan"])
  expect(asks()).toBe(true)
  open.source.back()
  await until(() => open.close.mock.calls.length === 1)
  expect(open.program.applied).toBe(1)
  expect(left.all).toEqual([])
  expect(asks()).toBe(false)
})

test("a document that is opened again is the one that was left, and stays", async () => {
  const left = new LeftDocuments<Awaited<ReturnType<typeof opened>>>()
  const open = await opened()
  open.source.online = false
  open.person.type("kept")
  left.leave(open, "Plan")
  expect(left.take("w", "other")).toBeUndefined()
  expect(left.take("w", "d")).toBe(open)
  expect(left.take("w", "d")).toBeUndefined()
  expect(asks()).toBe(false)
  open.source.back()
  await until(() => open.replica.status.unsent === 0)
  expect(open.close).not.toHaveBeenCalled()
  expect(open.person.text).toBe("kept")
})

test("only so many documents are kept", () => {
  const left = new LeftDocuments()
  const closed: string[] = []
  for (let at = 0; at < 20; at++)
    left.leave(
      {
        workspace: "w",
        id: `d${at}`,
        replica: {
          status: { phase: "ready", readOnly: false, connected: false, unsent: 1, error: null },
          onStatus: () => () => {},
          flush: () => {},
        },
        close: () => void closed.push(`d${at}`),
      },
      "",
    )
  expect(closed).toEqual(["d0", "d1", "d2", "d3"])
  expect(left.all.length).toBe(16)
  for (let at = 4; at < 20; at++) left.take("w", `d${at}`)
})
