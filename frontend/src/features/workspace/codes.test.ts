import { describe, expect, it } from "vitest"
import type { Events, Transport } from "../../transport/transport"
import type { Comparison } from "../../transport/types"
import { Codes } from "./codes.svelte"
import { howEnded } from "./ended"

function fake(calls: unknown[][]) {
  let tell: (data: Comparison) => void = () => undefined
  const transport: Transport = {
    call: async (method, args) => {
      calls.push([method, ...args])
      return method === "Workspaces.Comparisons" ? [] : undefined
    },
    on: <K extends keyof Events>(event: K, listener: (data: Events[K]) => void) => {
      if (event === "codes") tell = listener as (data: unknown) => void
      return () => undefined
    },
  }
  return { transport, tell: (data: Comparison) => tell(data) }
}

const comparison = (state: string, id = "c1"): Comparison => ({
  id,
  workspace: "w",
  invite: "i",
  role: "member",
  expires: 0,
  begun: 0,
  inviter: true,
  device: false,
  person: "",
  code: state === "waiting" ? "" : "123456",
  state,
  end: "",
  spent: false,
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

  it("shows who has a code to compare before what became of another comparison", () => {
    const { transport, tell } = fake([])
    const codes = new Codes(transport)
    tell(comparison("compare", "c1"))
    tell(comparison("compare", "c2"))
    expect([codes.current?.id, codes.others]).toEqual(["c1", 1])
    tell(comparison("compare", "c1")) // told again, it keeps its place
    expect(codes.current?.id).toBe("c1")
    tell(comparison("failed", "c1"))
    expect([codes.current?.id, codes.others]).toEqual(["c2", 0])
    tell(comparison("entered", "c2"))
    expect(codes.current?.id).toBe("c2")
    tell(comparison("verified", "c2"))
    codes.dismiss("c2")
    expect(codes.current?.id).toBe("c1")
  })

  it("does not go on saying that a device is added which was not, or was removed again", () => {
    const { transport, tell } = fake([])
    const codes = new Codes(transport)
    tell({ ...comparison("compare"), device: true })
    codes.dismissDevice()
    expect(codes.current?.id).toBe("c1")
    tell({ ...comparison("verified"), device: true })
    expect(codes.current?.state).toBe("verified")
    codes.dismissDevice()
    expect(codes.current).toBeUndefined()
  })

  it("says for which workspace somebody answers", () => {
    const { transport, tell } = fake([])
    const codes = new Codes(transport)
    expect(codes.compares("w")).toBe(false)
    tell(comparison("waiting"))
    expect([codes.compares("w"), codes.compares("other")]).toEqual([true, false])
    codes.putAside("c1")
    expect(codes.compares("w")).toBe(true)
    tell(comparison("failed"))
    expect(codes.compares("w")).toBe(false)
  })

  it("says nothing of a run that failed before there was a code", () => {
    const { transport, tell } = fake([])
    const codes = new Codes(transport)
    tell(comparison("waiting"))
    tell(comparison("failed"))
    expect(codes.current).toBeUndefined()
  })

  it("ends nothing when it is closed while it goes on, and comes back", () => {
    const calls: unknown[][] = []
    const { transport, tell } = fake(calls)
    const codes = new Codes(transport)
    tell({ ...comparison("compare"), begun: 1000 })
    expect(codes.asideUntil).toBe(0)
    codes.putAside("c1")
    expect([codes.current, codes.asideUntil]).toEqual([undefined, 601_000])
    tell(comparison("entered")) // told again, it stays aside
    expect(codes.current).toBeUndefined()
    codes.bringBack()
    expect([codes.current?.id, codes.asideUntil]).toEqual(["c1", 0])
    expect(calls).toEqual([])
  })

  it("says what became of a comparison that was put aside", () => {
    const { transport, tell } = fake([])
    const codes = new Codes(transport)
    tell(comparison("compare"))
    codes.putAside("c1")
    tell({ ...comparison("failed"), end: "refused" })
    expect([codes.current?.end, codes.asideUntil]).toEqual(["refused", 0])
    codes.putAside("c1")
    expect(codes.current).toBeUndefined()
  })

  it("stops with an empty code, also after the own code was right, and shows the end", async () => {
    const calls: unknown[][] = []
    const { transport, tell } = fake(calls)
    const codes = new Codes(transport)
    tell(comparison("compare"))
    tell(comparison("entered"))
    await codes.giveUp("c1")
    expect(calls).toEqual([["Workspaces.EnterCode", "c1", ""]])
    tell({ ...comparison("failed"), end: "stopped" })
    expect(codes.current?.end).toBe("stopped")
  })

  it("forgets what ended while nobody was connected", async () => {
    const { transport, tell } = fake([])
    const codes = new Codes(transport)
    tell(comparison("compare"))
    await codes.load()
    expect(codes.current).toBeUndefined()
  })

  it("says every end in words of its own", () => {
    const said = ["stopped", "wrong", "refused", "lost", "late", "removed"].map(howEnded)
    expect(new Set(said).size).toBe(6)
    expect(howEnded("")).toBe(howEnded("lost"))
  })
})
