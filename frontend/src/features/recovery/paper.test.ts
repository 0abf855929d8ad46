import { describe, expect, it } from "vitest"
import type { Transport } from "../../transport/transport"
import { Saving, stale } from "./paper.svelte"

function program() {
  const calls: unknown[][] = []
  const call = async (method: string, args: unknown[]) => {
    calls.push([method, ...args])
    if (method === "Recoveries.Show")
      return { words: ["abandon", "zoo"], text: "PARVIS", ask: [1, 2] }
    if (method === "Recoveries.Confirm" && args[0] !== "abandon zoo") throw new Error("wrong words")
    return null
  }
  let hear: (status: object) => void = () => {}
  const on = (_: string, listener: typeof hear) => {
    hear = listener
    return () => {}
  }
  const tell = (paper: string) => hear({ recovery: { paper } })
  const transport = { call, on } as unknown as Transport
  return { calls, saving: new Saving(transport), tell }
}

describe("saving the recovery key", () => {
  it("is done once the asked words were typed back, and forgets the key", async () => {
    const { saving, calls } = program()
    await saving.load("fr")
    expect(saving.answers.map(({ place }) => place)).toEqual([1, 2])
    const type = (...words: string[]) => saving.answers.forEach((a, i) => (a.word = words[i] ?? ""))
    saving.ask()
    expect(saving.complete).toBe(false)
    type(" abandon", "zoo ")
    expect(saving.complete).toBe(true)
    await saving.confirm()
    expect(saving.step).toBe("done")
    expect(saving.key).toBeUndefined()
    expect(calls).toEqual([
      ["Recoveries.Show", "fr"],
      ["Recoveries.Confirm", "abandon zoo"],
    ])
  })

  it("is done as well when the words were typed back elsewhere", async () => {
    const { saving, tell } = program()
    tell("unsaved")
    await saving.load("en")
    saving.ask()
    tell("unsaved")
    expect(saving.step).toBe("ask")
    tell("saved")
    expect([saving.step, saving.key]).toEqual(["done", undefined])
  })

  it("stays where it is when the words are wrong", async () => {
    const { saving } = program()
    await saving.load("en")
    saving.ask()
    saving.answers.forEach((answer) => (answer.word = "zoo"))
    await expect(saving.confirm()).rejects.toThrow()
    expect(saving.step).toBe("ask")
    expect(saving.key).toBeDefined()
    saving.back()
    expect(saving.answers.map(({ word }) => word)).toEqual(["", ""])
  })

  it("calls a backup old after 30 days, and one that was never made", () => {
    const day = 24 * 3_600_000
    expect(stale(0, 100 * day)).toBe(true)
    expect(stale(71 * day, 100 * day)).toBe(false)
    expect(stale(69 * day, 100 * day)).toBe(true)
  })
})
