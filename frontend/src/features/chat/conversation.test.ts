import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { ApiError } from "../../transport/transport"
import { TestTransport } from "../../transport/testing"
import type { Message } from "../../transport/types"
import { Conversation } from "./conversation.svelte"
import { channel, message } from "./sample"

type Query = { before: string; limit: number; thread: string }

/** A program that holds messages, gives pages of them, and can be kept waiting. */
class Program extends TestTransport {
  held: Message[]
  gate: Promise<void> = Promise.resolve()

  constructor(count: number) {
    super({
      "Chat.Messages": async (query: Query) => {
        const all = this.held
        const end = query.before ? all.findIndex((m) => m.id === query.before) : all.length
        const start = Math.max(0, end - query.limit)
        const page = { messages: all.slice(start, end), more: start > 0 }
        await this.gate
        return page
      },
      "Chat.Send": () => ({ id: "x", seq: 1 }),
      "Chat.MarkRead": () => null,
      "Chat.React": () => null,
    })
    this.held = Array.from({ length: count }, (_, n) => message(n))
  }
}

const ids = (conversation: Conversation) => conversation.messages.map((m) => m.id)
const open = (program: Program, thread = "") => new Conversation(program, "w", "ana", "c", thread)
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `m${from + n}`)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe("loading", () => {
  test("shows the newest page, then older ones", async () => {
    const conversation = open(new Program(250))
    await conversation.load()
    expect(ids(conversation)).toEqual(numbers(150, 250))
    await conversation.loadOlder()
    await conversation.loadOlder()
    expect(ids(conversation)).toEqual(numbers(0, 250))
    expect(conversation.more).toBe(false)
  })

  test("what is hidden since goes, though it was the newest", async () => {
    const program = new Program(3)
    const conversation = open(program)
    await conversation.load()
    program.held = program.held.slice(0, 2)
    await conversation.load()
    expect(ids(conversation)).toEqual(["m0", "m1"])
  })

  test("an event that arrives meanwhile is neither lost nor doubled", async () => {
    const program = new Program(3)
    let release = () => {}
    program.gate = new Promise((done) => (release = done))
    const conversation = open(program)
    const loading = conversation.load()
    program.tell("chat.message", message(2, { text: "edited" }))
    program.tell("chat.message", message(3))
    release()
    await loading
    expect(ids(conversation)).toEqual(["m0", "m1", "m2", "m3"])
    expect(conversation.get("m2")?.text).toBe("edited")
  })

  test("a failure is kept and can be tried again", async () => {
    const program = new Program(3)
    const answer = program.answers["Chat.Messages"]
    program.answers["Chat.Messages"] = () => {
      throw new ApiError("timeout", "Nobody answered.")
    }
    const conversation = open(program)
    await conversation.load()
    expect(conversation.failed?.code).toBe("timeout")
    program.answers["Chat.Messages"] = answer as () => unknown
    await conversation.load()
    expect(conversation.failed).toBeUndefined()
    expect(ids(conversation)).toEqual(numbers(0, 3))
  })

  test("after a lost connection the newest page is loaded again without a gap", async () => {
    const program = new Program(120)
    const conversation = open(program)
    await conversation.load()
    program.held = Array.from({ length: 400 }, (_, n) => message(n))
    await conversation.load()
    expect(ids(conversation)).toEqual(numbers(300, 400))
    expect(conversation.more).toBe(true)
  })

  test("goes back until a message is there", async () => {
    const conversation = open(new Program(2000))
    await conversation.load()
    expect(await conversation.reach("m3")).toBe(true)
    expect(await conversation.reach("nothing")).toBe(false)
  })
})

describe("events", () => {
  test("are put in order, however they come", async () => {
    const program = new Program(0)
    const conversation = open(program)
    await conversation.load()
    for (const n of [5, 2, 9, 2, 7]) program.tell("chat.message", message(n))
    await vi.advanceTimersByTimeAsync(100)
    expect(ids(conversation)).toEqual(["m2", "m5", "m7", "m9"])
  })

  test("a message whose place became known moves there", async () => {
    const program = new Program(5)
    const conversation = open(program)
    await conversation.load()
    program.tell("chat.message", message(1, { order: "99999999" }))
    await vi.advanceTimersByTimeAsync(100)
    expect(ids(conversation)).toEqual(["m0", "m2", "m3", "m4", "m1"])
  })

  test("older than what is loaded wait for their page, so that no gap shows", async () => {
    const program = new Program(300)
    const conversation = open(program)
    await conversation.load()
    program.tell("chat.message", message(10, { text: "late" }))
    await vi.advanceTimersByTimeAsync(100)
    expect(ids(conversation)).toEqual(numbers(200, 300))
  })

  test("of other conversations and of threads are left out", async () => {
    const program = new Program(1)
    const conversation = open(program)
    await conversation.load()
    program.tell("chat.message", message(2, { channel: "other" }))
    program.tell("chat.message", message(3, { thread: "m0" }))
    program.tell("chat.message", message(4, { workspace: "other" }))
    await vi.advanceTimersByTimeAsync(100)
    expect(ids(conversation)).toEqual(["m0"])
  })

  test("a thread shows its root and its answers only", async () => {
    const program = new Program(2)
    const thread = open(program, "m0")
    await thread.load()
    program.tell("chat.message", message(3, { thread: "m0" }))
    program.tell("chat.message", message(4, { thread: "m1" }))
    await vi.advanceTimersByTimeAsync(100)
    expect(ids(thread)).toEqual(["m0", "m3"])
  })

  test("a burst is drawn a few times, not once per message", async () => {
    const program = new Program(0)
    const conversation = open(program)
    await conversation.load()
    const seen = new Set<readonly Message[]>()
    for (let n = 0; n < 2000; n++) {
      program.tell("chat.message", message(n))
      seen.add(conversation.messages)
      if (n % 20 === 0) await vi.advanceTimersByTimeAsync(10)
    }
    await vi.advanceTimersByTimeAsync(100)
    expect(conversation.messages).toHaveLength(2000)
    expect(seen.size).toBeLessThan(40)
  })

  test("do not let memory grow without end", async () => {
    const program = new Program(0)
    const conversation = open(program)
    await conversation.load()
    for (let n = 0; n < 20_000; n++) program.tell("chat.message", message(n))
    await vi.advanceTimersByTimeAsync(100)
    expect(conversation.messages.length).toBeLessThanOrEqual(15_000)
    expect(conversation.last?.id).toBe("m19999")
    conversation.rest()
    expect(conversation.messages).toHaveLength(200)
    expect(conversation.more).toBe(true)
  })

  test("end with close", async () => {
    const program = new Program(0)
    const conversation = open(program)
    await conversation.load()
    conversation.close()
    program.tell("chat.message", message(1))
    await vi.advanceTimersByTimeAsync(100)
    expect(conversation.messages).toHaveLength(0)
  })
})

describe("the line of new messages", () => {
  test("stands below the last one read, and not above one's own words", async () => {
    const program = new Program(10)
    program.held[6] = message(6, { author: "ana" })
    const conversation = open(program)
    await conversation.load()
    conversation.drawLine(channel("c", { unread: 3, readUpTo: "m5" }))
    expect(conversation.firstUnread).toBe("m7")
  })

  test("is absent when everything was read", async () => {
    const conversation = open(new Program(10))
    await conversation.load()
    conversation.drawLine(channel("c", { readUpTo: "m9" }))
    expect(conversation.firstUnread).toBe("")
  })

  test("is drawn above what comes while nobody looks, and goes with an answer", async () => {
    const program = new Program(3)
    const conversation = open(program)
    await conversation.load()
    conversation.watched = true
    program.tell("chat.message", message(3))
    await vi.advanceTimersByTimeAsync(100)
    expect(conversation.firstUnread).toBe("")
    conversation.watched = false
    program.tell("chat.message", message(4))
    program.tell("chat.message", message(5))
    await vi.advanceTimersByTimeAsync(100)
    expect(conversation.firstUnread).toBe("m4")
    await conversation.send("answer", [])
    expect(conversation.firstUnread).toBe("")
  })
})

describe("actions", () => {
  test("a message is sent to its thread", async () => {
    const program = new Program(1)
    await open(program, "m0").send("hello", ["ben"])
    expect(program.of("Chat.Send")).toEqual([
      [{ workspace: "w", channel: "c", text: "hello", thread: "m0", mentions: ["ben"] }],
    ])
  })

  test("a reaction that one gave is taken back", async () => {
    const program = new Program(1)
    const reactions = [{ emoji: "👍", people: ["ben", "ana"] }]
    const conversation = open(program)
    await conversation.react(message(0, { reactions }), "👍")
    await conversation.react(message(0, { reactions }), "🎉")
    expect(
      program.of("Chat.React").map(([change]) => (change as { remove: boolean }).remove),
    ).toEqual([true, false])
  })

  test("the newest message is marked read once", async () => {
    const program = new Program(2)
    const conversation = open(program)
    await conversation.load()
    await conversation.markRead()
    await conversation.markRead()
    expect(program.of("Chat.MarkRead")).toEqual([[{ workspace: "w", channel: "c", message: "m1" }]])
  })

  test("the last own message is the one that ArrowUp edits", async () => {
    const program = new Program(4)
    program.held[1] = message(1, { author: "ana" })
    program.held[2] = message(2, { author: "ana", deleted: true })
    const conversation = open(program)
    await conversation.load()
    expect(conversation.lastOwn()?.id).toBe("m1")
  })
})
