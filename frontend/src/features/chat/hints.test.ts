import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { TestTransport } from "../../transport/testing"
import { Custodies } from "./custody.svelte"
import { heldText } from "./held"
import { Drafts } from "./drafts.svelte"
import { message } from "./sample"
import { TypingHints } from "./typing.svelte"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe("typing hints", () => {
  const start = () => {
    const transport = new TestTransport({ "Chat.Typing": () => null })
    return { transport, hints: new TypingHints(transport, "w", "ana") }
  }
  const hint = { workspace: "w", channel: "c", person: "ben" }

  test("last five seconds", async () => {
    const { transport, hints } = start()
    transport.tell("chat.typing", hint)
    expect(hints.in("c")).toEqual(["ben"])
    await vi.advanceTimersByTimeAsync(4000)
    transport.tell("chat.typing", hint)
    await vi.advanceTimersByTimeAsync(4000)
    expect(hints.in("c")).toEqual(["ben"])
    await vi.advanceTimersByTimeAsync(2000)
    expect(hints.in("c")).toEqual([])
  })

  test("end with the message", () => {
    const { transport, hints } = start()
    transport.tell("chat.typing", hint)
    transport.tell("chat.message", message(1))
    expect(hints.in("c")).toEqual([])
  })

  test("of oneself and of other workspaces are not shown", () => {
    const { transport, hints } = start()
    transport.tell("chat.typing", { ...hint, person: "ana" })
    transport.tell("chat.typing", { ...hint, workspace: "x" })
    expect(hints.in("c")).toEqual([])
  })

  test("are told at most every three seconds", async () => {
    const { transport, hints } = start()
    for (let i = 0; i < 50; i++) {
      hints.tell("c")
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(transport.of("Chat.Typing")).toHaveLength(2)
  })
})

describe("custody", () => {
  const own = message(5, { state: "local" })
  const mark = { workspace: "w", space: "s", device: "d", held: 0, delivered: 0, bySuperPeer: 0 }

  test("rises with the marks of the author's chain", () => {
    const transport = new TestTransport()
    const custody = new Custodies(transport, "w")
    expect(custody.place(own)).toBe("local")
    transport.tell("chat.custody", { ...mark, held: 4 })
    expect(custody.place(own)).toBe("local")
    transport.tell("chat.custody", { ...mark, held: 5, delivered: 4 })
    expect(custody.place(own)).toBe("held")
    transport.tell("chat.custody", { ...mark, held: 5, delivered: 5 })
    expect(custody.place(own)).toBe("delivered")
  })

  test("never falls, in whatever order marks come", () => {
    const transport = new TestTransport()
    const custody = new Custodies(transport, "w")
    transport.tell("chat.custody", { ...mark, held: 9, delivered: 9 })
    transport.tell("chat.custody", { ...mark, held: 1, delivered: 0 })
    expect(custody.place(own)).toBe("delivered")
    expect(custody.place(message(5, { state: "read" }))).toBe("read")
  })

  test("tells a super-peer from a colleague", () => {
    const transport = new TestTransport()
    const custody = new Custodies(transport, "w")
    transport.tell("chat.custody", { ...mark, held: 5 })
    expect(custody.bySuperPeer(own)).toBe(false)
    transport.tell("chat.custody", { ...mark, held: 5, bySuperPeer: 5 })
    transport.tell("chat.custody", { ...mark, held: 6, bySuperPeer: 0 })
    expect(custody.bySuperPeer(own)).toBe(true)
    expect(custody.bySuperPeer(message(9))).toBe(false)
    expect(custody.bySuperPeer(message(9, { bySuperPeer: true }))).toBe(true)
    expect([heldText(0, false), heldText(3, false)]).toEqual([
      "Held by a colleague",
      "Held by 3 other devices",
    ])
    expect([heldText(1, true), heldText(2, true)]).toEqual([
      "Held by a super-peer for whoever is away",
      "Held by a super-peer and 1 other device",
    ])
  })

  test("is asked for anew after a super-peer lost everything", () => {
    const transport = new TestTransport()
    const custody = new Custodies(transport, "w")
    transport.tell("chat.custody", { ...mark, held: 9 })
    transport.tell("reload", { workspace: "w" })
    expect(custody.place(own)).toBe("local")
  })

  test("of another device or space does not count", () => {
    const transport = new TestTransport()
    const custody = new Custodies(transport, "w")
    transport.tell("chat.custody", { ...mark, device: "e", held: 9, delivered: 9 })
    transport.tell("chat.custody", { ...mark, space: "t", held: 9, delivered: 9 })
    expect(custody.place(own)).toBe("local")
  })
})

describe("drafts", () => {
  const start = () => {
    const transport = new TestTransport({ "Chat.SaveDraft": () => null })
    return { transport, drafts: new Drafts(transport, "w") }
  }

  test("are saved after a pause, once", async () => {
    const { transport, drafts } = start()
    for (const text of ["h", "he", "hello"]) drafts.write("c", "", text)
    await vi.advanceTimersByTimeAsync(600)
    expect(transport.of("Chat.SaveDraft")).toEqual([
      [{ workspace: "w", channel: "c", text: "hello" }],
    ])
  })

  test("are saved at once when the page goes away", () => {
    const { transport, drafts } = start()
    drafts.write("c", "", "half a")
    drafts.flush()
    expect(transport.of("Chat.SaveDraft")).toHaveLength(1)
  })

  test("what was typed here counts more than what is saved", () => {
    const { drafts } = start()
    expect(drafts.text("c", "", "saved")).toBe("saved")
    drafts.write("c", "", "")
    expect(drafts.text("c", "", "saved")).toBe("")
  })

  test("of threads stay in the window", async () => {
    const { transport, drafts } = start()
    drafts.write("c", "m1", "aside")
    await vi.advanceTimersByTimeAsync(600)
    expect(drafts.text("c", "m1", "")).toBe("aside")
    expect(transport.of("Chat.SaveDraft")).toHaveLength(0)
  })
})
