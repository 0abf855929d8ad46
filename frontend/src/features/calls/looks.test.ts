import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { ToEngine } from "./engine"
import { Looks } from "./looks"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function looks() {
  const told: string[] = []
  const all = new Looks((message: ToEngine) => {
    if (message.do === "large") told.push(message.devices.join(" "))
  }, false)
  /** Returns what was told since, once it has settled. */
  const settle = () => {
    vi.advanceTimersByTime(250)
    return told.splice(0)
  }
  return { all, settle }
}

test("who is shown large is told, once it has settled", () => {
  const { all, settle } = looks()
  const [ana, ben] = [all.add("ana", "camera"), all.add("ben", "camera")]
  all.add("ben", "screen").sized(1080)
  expect(settle()).toEqual(["ana ben"])
  ana.sized(140)
  ben.sized(150)
  ben.sized(400)
  expect(settle()).toEqual(["ben"])
  ana.sized(200)
  expect(settle()).toEqual([])
  ben.end()
  expect(settle()).toEqual([""])
  ana.sized(201)
  expect(settle()).toEqual(["ana"])
})

test("who looks twice counts with the larger", () => {
  const { all, settle } = looks()
  all.add("ana", "camera").sized(100)
  expect(settle()).toEqual([""])
  const recorded = all.add("ana", "camera")
  expect(settle()).toEqual(["ana"])
  recorded.end()
  recorded.end()
  expect(settle()).toEqual([""])
})

test("a new engine is told again", () => {
  const { all, settle } = looks()
  all.add("ana", "camera")
  expect(settle()).toEqual(["ana"])
  all.renew()
  expect(settle()).toEqual(["ana"])
})
