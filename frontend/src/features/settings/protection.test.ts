import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ApiError } from "../../transport/transport"
import { TestTransport } from "../../transport/testing"
import type { Protection as Guards, Status } from "../../transport/types"
import { language } from "./language.svelte"
import {
  asksForOld,
  flawOf,
  lockTimes,
  Protection,
  recoveryWords,
  refusalOf,
  whyNotLocked,
} from "./protection.svelte"
import { unlockWords, whyNotUnlocked } from "./unlock"

function program(change: Partial<Guards> = {}) {
  const state = { kind: "keyring", autoLock: 0, from: "", recovery: true, disk: "on", ...change }
  const transport = new TestTransport({
    "Settings.Protection": () => ({ ...state }),
    "Settings.SetAutoLock": (minutes: number) => void (state.autoLock = minutes),
    "Settings.SetPassphrase": ({ old }: { old: string }) => {
      if (state.kind === "passphrase" && old !== "right") throw new ApiError("refused", "wrong")
      state.kind = "passphrase"
    },
    "Settings.UseKeyring": () => void Object.assign(state, { kind: "keyring", autoLock: 0 }),
  })
  return { state, transport, protection: new Protection(transport) }
}

beforeEach(() => language.choose("en"))
afterEach(() => language.choose("en"))

describe("what guards the keys", () => {
  test("is read anew after each change", async () => {
    const { protection, transport } = program()
    await protection.load()
    expect(protection.now?.kind).toBe("keyring")
    await protection.usePassphrase("", "correct horse")
    expect(protection.now?.kind).toBe("passphrase")
    await protection.lockAfter(15)
    expect(protection.now?.autoLock).toBe(15)
    await protection.useKeyring("right")
    expect(protection.now).toMatchObject({ kind: "keyring", autoLock: 0 })
    expect(transport.of("Settings.SetPassphrase")).toEqual([[{ old: "", new: "correct horse" }]])
    expect(transport.of("Settings.UseKeyring")).toEqual([["right"]])
  })

  test("stays as it is when the old passphrase is wrong", async () => {
    const { protection } = program({ kind: "passphrase" })
    await protection.load()
    const refused = await protection
      .usePassphrase("left", "correct horse")
      .catch((reason: unknown) => refusalOf("passphrase", "passphrase", reason))
    expect(refused).toEqual({
      old: true,
      text: "This is not the current passphrase. Nothing was changed.",
    })
    expect(protection.now?.kind).toBe("passphrase")
  })

  test("is read anew when a command changes it, once", async () => {
    const { protection, state, transport } = program()
    const told = (protection: string) => transport.tell("status", { protection } as Status)
    told("passphrase")
    expect(transport.of("Settings.Protection")).toHaveLength(0)
    await protection.load()
    told("keyring")
    expect(transport.of("Settings.Protection")).toHaveLength(1)
    state.kind = "passphrase"
    told("passphrase")
    await expect.poll(() => protection.now?.kind).toBe("passphrase")
    expect(transport.of("Settings.Protection")).toHaveLength(2)
    protection.close()
  })

  test("of two readings the later one counts", async () => {
    const answers: ((now: Guards) => void)[] = []
    const transport = new TestTransport({
      "Settings.Protection": () => new Promise<Guards>((answer) => answers.push(answer)),
    })
    const protection = new Protection(transport)
    const both = [protection.load(), protection.load()]
    const now = (kind: string) => ({ kind, autoLock: 0, from: "", recovery: true, disk: "on" })
    answers[1]?.(now("passphrase"))
    answers[0]?.(now("keyring"))
    await Promise.all(both)
    expect(protection.now?.kind).toBe("passphrase")
  })
})

describe("words", () => {
  const reason = (code: string) => new ApiError(code, "")

  test("a new passphrase has eight characters and is typed twice alike", () => {
    expect(flawOf("sevenaa", "sevenaa")).toContain("8")
    expect(flawOf("🔑🔑🔑🔑", "🔑🔑🔑🔑")).toContain("8")
    expect(flawOf("long enough", "long enouhg")).toContain("differ")
    expect(flawOf("long enough", "long enough")).toBe("")
  })

  test("a refusal is shown where its reason was typed", () => {
    const cases = [
      ["passphrase", "passphrase", "refused", true, "not the current passphrase"],
      ["keyring", "recovery", "locked", true, "not the words"],
      ["passphrase", "passphrase", "paper-wrong", true, "recovery key"],
      ["keyring", "passphrase", "invalid", false, "no keyring"],
      ["passphrase", "keyring", "invalid", false, "8 characters"],
      ["passphrase", "keyring", "disk-full", false, "disk is full"],
    ] as const
    for (const [guard, kind, code, old, text] of cases) {
      const refusal = refusalOf(guard, kind, reason(code))
      expect([code, refusal.old]).toEqual([code, old])
      expect(refusal.text).toContain(text)
    }
    expect(whyNotLocked(reason("invalid"))).toContain("call")
    expect(["keyring", "passphrase", "recovery", "none"].map(asksForOld)).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  test("the times of the lock hold what a command chose", () => {
    const labels = (chosen: number) => lockTimes(chosen).map(({ label }) => label)
    expect(labels(0)[0]).toBe("Never")
    expect(lockTimes(0).map(({ value }) => value)).toEqual([0, 1, 5, 15, 30, 60, 240])
    expect(labels(90)).toContain("After 1 hour 30 minutes without use")
    expect(labels(15)).toHaveLength(7)
    language.choose("fr")
    expect(labels(5)).toContainEqual(expect.stringMatching(/^Après 5\sminutes sans activité$/))
  })

  test("the recovery key says whether it opens Parvis here", () => {
    expect(recoveryWords(true, "saved")).toContain("open Parvis on this computer too")
    expect(recoveryWords(false, "saved")).toContain("another")
    expect(recoveryWords(false, "unsaved")).toContain("not saved")
    expect(recoveryWords(false, "elsewhere")).toContain("another of your computers")
    expect(recoveryWords(false, undefined)).toContain("first workspace")
  })
})

describe("a locked Parvis", () => {
  const locked = (change: Partial<Status>) => ({ fresh: false, ...change }) as Status
  const wrong = new ApiError("refused", "")

  test("says that the recovery key opens it only where it does", () => {
    const [with_, without] = [true, false].map((recovers) =>
      locked({ protection: "passphrase", recovers }),
    )
    expect(unlockWords(with_).more).toContain("24 words")
    expect(unlockWords(without).more).toBe("")
    expect(whyNotUnlocked(with_, "x", wrong)).toContain("nor your recovery key")
    expect(whyNotUnlocked(without, "x", wrong)).not.toContain("recovery")
  })

  test("asks the keyring again where there is no passphrase", () => {
    const silent = locked({ protection: "keyring", recovers: false })
    expect(unlockWords(silent)).toMatchObject({ way: "keyring", field: "" })
    expect(unlockWords({ ...silent, recovers: true }).field).toContain("24 words")
    const error = new ApiError("locked", "")
    expect(whyNotUnlocked(silent, "", error)).toContain("keyring still")
    expect(whyNotUnlocked(silent, "zoo", error)).toContain("not your recovery key")
  })

  test("is told to choose a passphrase when it is new", () => {
    expect(unlockWords(locked({ fresh: true })).way).toBe("fresh")
    expect(whyNotUnlocked(locked({ fresh: true }), "x", new ApiError("disk-full", ""))).toContain(
      "disk",
    )
  })
})
