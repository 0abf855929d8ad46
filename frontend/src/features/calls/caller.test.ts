import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { browserShell } from "../../transport/shell"
import { TestTransport } from "../../transport/testing"
import type { CallParticipant } from "../../transport/types"
import { Caller } from "./caller.svelte"
import { Calls } from "./calls.svelte"
import { call, participant } from "./sample"

beforeEach(() => sessionStorage.clear())
afterEach(() => vi.restoreAllMocks())

/** A page over a call of this device "a". */
function page() {
  const transport = new TestTransport({ "Calls.Set": () => null, "Calls.Leave": () => null })
  const calls = new Calls(transport)
  const caller = new Caller(calls, browserShell)
  const resume = vi.spyOn(caller, "resume").mockResolvedValue()
  const say = (id: string, change: Partial<CallParticipant> = {}) => {
    const self = participant("a", { self: true, ...change })
    transport.tell("call", call(id, { here: true, participants: [self] }))
    caller.follow()
  }
  return { caller, resume, say }
}

const noted = (id: string) => sessionStorage.setItem("parvis.call.here", id)

test("a window that was in the call goes on by itself after it was loaded again", () => {
  noted("1")
  const { resume, say } = page()
  say("1", { noPage: true })
  expect(resume).toHaveBeenCalledOnce()
})

test("another window, or one of another call, opens no camera by itself", () => {
  const first = page()
  first.say("1", { noPage: true })
  expect(first.resume).not.toHaveBeenCalled()
  noted("2")
  const second = page()
  second.say("1", { noPage: true })
  expect(second.resume).not.toHaveBeenCalled()
})

test("a window does not take the call from another one by itself", () => {
  noted("1")
  const { resume, say } = page()
  say("1", { noPage: false })
  expect(resume).not.toHaveBeenCalled()
})
