import { expect, test } from "vitest"
import { TestTransport } from "../../transport/testing"
import { onReply } from "./replies"
import { message } from "./sample"

test("a new reply by somebody else is told once", () => {
  const transport = new TestTransport()
  const told: string[] = []
  const end = onReply(
    transport,
    "w",
    "ana",
    () => true,
    (reply) => told.push(reply.id),
  )
  const now = { thread: "m0", sent: Date.now() }
  transport.tell("chat.message", message(1, now))
  transport.tell(
    "chat.message",
    message(1, { ...now, reactions: [{ emoji: "👍", people: ["x"] }] }),
  )
  transport.tell("chat.message", message(2, { ...now, author: "ana" }))
  transport.tell("chat.message", message(3, { ...now, thread: "" }))
  transport.tell("chat.message", message(4, { thread: "m0", sent: Date.now() - 3_600_000 }))
  transport.tell("chat.message", message(5, { ...now, workspace: "other" }))
  end()
  transport.tell("chat.message", message(6, now))
  expect(told).toEqual(["m1"])
})
