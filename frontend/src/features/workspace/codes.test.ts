import { describe, expect, it } from "vitest"
import type { Events, Transport } from "../../transport/transport"
import type { Comparison } from "../../transport/types"
import { Codes } from "./codes.svelte"

function fake(calls: unknown[][]) {
  let tell: (data: Comparison) => void = () => undefined
  const transport: Transport = {
    call: async (method, args) => {
      calls.push([method, ...args])
      return method === "Workspaces.Comparisons" ? [] : undefined
    },
    on: <K extends keyof Events>(_: K, listener: (data: Events[K]) => void) => {
      tell = listener as (data: unknown) => void
      return () => undefined
    },
  }
  return { transport, tell: (data: Comparison) => tell(data) }
}

const comparison = (state: string): Comparison => ({
  id: "c1",
  workspace: "w",
  inviter: true,
  code: state === "waiting" ? "" : "123456",
  state,
})

describe("codes", () => {
  it("shows a comparison once there is a code, and what became of it", () => {
    const { transport, tell } = fake([])
    const codes = new Codes(transport)
    tell(comparison("waiting"))
    expect(codes.current).toBeUndefined()
    tell(comparison("compare"))
    expect(codes.current?.code).toBe("123456")
    tell(comparison("failed"))
    expect(codes.current?.state).toBe("failed")
    codes.dismiss("c1")
    expect(codes.current).toBeUndefined()
  })

  it("gives up with an empty code, but only while one is asked for", async () => {
    const calls: unknown[][] = []
    const { transport, tell } = fake(calls)
    const codes = new Codes(transport)
    tell(comparison("compare"))
    await codes.giveUp("c1")
    expect(calls).toEqual([["Workspaces.EnterCode", "c1", ""]])
    tell(comparison("compare"))
    tell(comparison("verified"))
    await codes.giveUp("c1")
    expect(calls).toHaveLength(1)
  })
})
