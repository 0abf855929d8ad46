import { expect, test } from "vitest"
import { TestTransport } from "../../transport/testing"
import type { Workspace } from "../../transport/types"
import { isOut, readable, Workspaces } from "./workspaces.svelte"

const workspace = (id: string, change: Partial<Workspace> = {}): Workspace => ({
  id,
  name: id,
  self: "ana",
  role: "owner",
  state: "ready",
  waiting: "",
  main: "s",
  people: 1,
  online: 1,
  queued: 0,
  heldBySuperPeer: 0,
  superPeers: 0,
  superPeersUp: 0,
  behind: 0,
  stopped: "",
  ...change,
})

test("a reload forgets what is gone and shows what is new", async () => {
  let held = [workspace("a"), workspace("b")]
  const workspaces = new Workspaces(new TestTransport({ "Workspaces.List": () => held }))
  await workspaces.load()
  held = [workspace("b", { online: 2 }), workspace("c")]
  await workspaces.load()
  expect(workspaces.all.map((w) => [w.id, w.online])).toEqual([
    ["b", 2],
    ["c", 1],
  ])
})

test("an event that overtakes the answer of join is not undone by it", async () => {
  const transport = new TestTransport({
    "Workspaces.Join": () => {
      transport.tell("workspace", workspace("w", { state: "ready" }))
      return workspace("w", { state: "joining", waiting: "inviter" })
    },
  })
  const workspaces = new Workspaces(transport)
  await workspaces.join("parvis://join#x", "Ana")
  expect(workspaces.get("w")?.state).toBe("ready")
})

test("joining is tried again with the same link and name", async () => {
  const transport = new TestTransport({
    "Workspaces.Join": () => workspace("w", { state: "joining" }),
  })
  const workspaces = new Workspaces(transport)
  expect(workspaces.canRetry("w")).toBe(false)
  await workspaces.join("parvis://join#x", "Ana")
  await workspaces.retry("w")
  const asked = transport
    .of("Workspaces.Join")
    .map(([form]) => form as { link: string; person: string })
  expect(asked.map(({ link, person }) => [link, person])).toEqual([
    ["parvis://join#x", "Ana"],
    ["parvis://join#x", "Ana"],
  ])
})

test("a join that failed keeps its link and name for the form", async () => {
  let held: Workspace[] = []
  const transport = new TestTransport({
    "Workspaces.List": () => held,
    "Workspaces.Join": () => {
      held = [workspace("w", { state: "joining" })]
      return held[0]
    },
    "Workspaces.CancelJoin": () => undefined,
  })
  const workspaces = new Workspaces(transport)
  await workspaces.join("parvis://join#x", "Ben")
  held = [] // the codes differed
  await workspaces.load()
  expect(workspaces.refused).toMatchObject({ link: "parvis://join#x", person: "Ben" })

  workspaces.refused = undefined
  await workspaces.join("parvis://join#x", "Ben")
  await workspaces.cancelJoin("w")
  held = []
  await workspaces.load()
  expect(workspaces.refused).toBeUndefined()
})

test("a join that is refused at once keeps its link and name, too", async () => {
  const transport = new TestTransport({
    "Workspaces.Join": () => Promise.reject(new Error("no")),
  })
  const workspaces = new Workspaces(transport)
  await expect(workspaces.join("parvis://join#x", "Ben")).rejects.toThrow("no")
  expect(workspaces.refused).toMatchObject({ link: "parvis://join#x", person: "Ben" })
})

test("a join whose codes were not compared stays and can be tried again", async () => {
  const stopped = workspace("w", { state: "joining", stopped: "refused" })
  const transport = new TestTransport({
    "Workspaces.Join": () => Promise.reject(new Error("no")),
    "Workspaces.Inspect": () => ({
      workspace: "w",
      expires: 0,
      mode: "codes",
      joined: false,
      out: false,
    }),
    "Workspaces.List": () => [stopped],
  })
  const workspaces = new Workspaces(transport)
  expect(await workspaces.join("parvis://join#x", "Ben")).toEqual(stopped)
  expect(workspaces.refused).toBeUndefined()
  expect(workspaces.canRetry("w")).toBe(true)
})

test("who is out reads on, who waits for a confirmation does not", () => {
  const removed = (how: string) =>
    workspace("w", { state: "removed", removal: { how, by: "", at: 1 } })
  for (const how of ["left", "person", "device"]) {
    expect([isOut(removed(how)), readable(removed(how))]).toEqual([true, true])
  }
  expect([isOut(removed("suspended")), readable(removed("suspended"))]).toEqual([false, false])
  expect([isOut(workspace("w")), readable(workspace("w"))]).toEqual([false, true])
  expect(readable(workspace("w", { state: "joining" }))).toBe(false)
})

test("a workspace that was deleted here is gone; one that was not stays", async () => {
  let fails = true
  const transport = new TestTransport({
    "Workspaces.List": () => [workspace("a"), workspace("b")],
    "Workspaces.Forget": () => {
      if (fails) throw new Error("no")
    },
  })
  const workspaces = new Workspaces(transport)
  await workspaces.load()
  await expect(workspaces.forget("a")).rejects.toThrow()
  expect(workspaces.get("a")).toBeDefined()
  fails = false
  await workspaces.forget("a")
  expect(workspaces.all.map(({ id }) => id)).toEqual(["b"])
  expect(transport.of("Workspaces.Forget")).toEqual([["a"], ["a"]])
})
