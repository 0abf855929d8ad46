import { beforeEach, expect, test, vi } from "vitest"
import { browserShell } from "../../transport/shell"
import { TestTransport } from "../../transport/testing"
import type { CallParticipant, CallState } from "../../transport/types"
import { ApiError } from "../../transport/transport"
import { Calls } from "./calls.svelte"
import { Recorder } from "./recorder"
import { Recording } from "./recording.svelte"
import { call, participant } from "./sample"
import { places } from "./scene"
import { Studio } from "./studio.svelte"

/** What a recorder was told: who is filmed, "-" for nobody, and "end". */
let told: string[] = []
let kept: boolean | undefined

beforeEach(() => {
  told = []
  kept = undefined
  vi.spyOn(Recorder, "start").mockImplementation(
    async () =>
      ({
        show: (actors: readonly { device: string }[]) =>
          told.push(actors.map(({ device }) => device).join("") || "-"),
        end: async () => (told.push("end"), true),
        endNow: () => void told.push("now"),
      }) as unknown as Recorder,
  )
})

/** A call of this device "a" with others, and what is done to record it. */
function world(set = async () => {}) {
  const heard: boolean[] = []
  const transport = new TestTransport({
    "Calls.Record": () => null,
    "Calls.Set": async (state) => {
      await set()
      heard.push((state as CallState).recording)
    },
  })
  const calls = new Calls(transport)
  const shell = {
    ...browserShell,
    saveFilm: async () => ({
      write: () => {},
      close: async (keep: boolean) => (kept = keep),
      leave: () => void told.push("left"),
    }),
  }
  const studio = new Studio(shell)
  vi.spyOn(studio, "open", "get").mockReturnValue(true)
  const recording = new Recording(calls, studio, shell)
  const others = async (...all: Partial<CallParticipant>[]) => {
    const self = participant("a", { self: true, recording: heard.at(-1) ?? false })
    const rest = all.map((one, n) => participant("bcd"[n] ?? "", one))
    transport.tell("call", call("1", { here: true, participants: [self, ...rest] }))
    recording.follow()
    await settle()
  }
  return { recording, transport, others, heard }
}

const settle = () => new Promise((done) => setTimeout(done, 5))

test("L28 nothing is filmed before all agree, nor while one has not", async () => {
  const { recording, others } = world()
  await others({ consent: "agreed" })
  expect(told).toEqual([])
  await others({}, { consent: "agreed" })
  await recording.ask()
  expect(recording.stage).toBe("asking")
  expect(told).toEqual([])
  await others({ consent: "agreed" }, { consent: "agreed" })
  expect(recording.stage).toBe("recording")
  expect(told.at(-1)).toBe("bca")
  await others({ consent: "agreed" }, { consent: "agreed" }, {})
  expect(recording.stage).toBe("waiting")
  expect(told.at(-1)).toBe("-")
  await others({ consent: "agreed" }, { consent: "agreed" }, { consent: "agreed" })
  expect(told.at(-1)).toBe("bcda")
})

test("L28 what the others see is what is done, however slow the program is", async () => {
  const waits = [20, 1, 1]
  const { recording, others, heard } = world(
    () => new Promise((done) => setTimeout(done, waits.shift() ?? 1)),
  )
  await others({ consent: "agreed" })
  await recording.ask()
  await settle()
  await others({})
  await others({ consent: "agreed" })
  await new Promise((done) => setTimeout(done, 40))
  expect(recording.stage).toBe("recording")
  expect(heard.at(-1)).toBe(true)
  expect(told.at(-1)).toBe("ba")
})

test("L28 the others are shown again what the program has forgotten", async () => {
  const { recording, others, heard } = world()
  await others({ consent: "agreed" })
  await recording.ask()
  await settle()
  heard.push(false)
  await others({ consent: "agreed" })
  expect(heard.at(-1)).toBe(true)
})

test("L28 nothing is filmed while the others cannot be told", async () => {
  const { recording, others } = world(() => Promise.reject(new ApiError("internal", "no")))
  await others({ consent: "agreed" })
  await recording.ask()
  await settle()
  expect(recording.stage).toBe("off")
  expect(told.filter((one) => one !== "end" && one !== "-")).toEqual([])
})

test("L28 a guest who comes halts it until it agrees, and ends it by a refusal", async () => {
  const { recording, others } = world()
  await others({ consent: "agreed" })
  await recording.ask()
  await settle()
  expect(told.at(-1)).toBe("ba")
  await others({ consent: "agreed" }, { guest: true, name: "Marc" })
  expect(recording.stage).toBe("waiting")
  expect(told.at(-1)).toBe("-")
  await others({ consent: "agreed" }, { guest: true, name: "Marc", consent: "agreed" })
  expect(told.at(-1)).toBe("bca")
  await others({ consent: "agreed" }, { guest: true, name: "Marc", consent: "refused" })
  expect(recording.stage).toBe("off")
})

test("L28 a refusal ends it and keeps what all agreed to", async () => {
  const { recording, transport, others } = world()
  await others({ consent: "agreed" })
  await recording.ask()
  await settle()
  expect(told.at(-1)).toBe("ba")
  await others({ consent: "refused" })
  expect(recording.stage).toBe("off")
  expect(told.at(-1)).toBe("end")
  expect(kept).toBe(true)
  expect(transport.calls.map(({ method, args }) => [method, args[0]])).toContainEqual([
    "Calls.Record",
    { asks: false },
  ])
})

test("L28 who is left out halts nothing and is not filmed", async () => {
  const { recording, others } = world()
  await others({ consent: "agreed" }, { consent: "out" })
  await recording.ask()
  await settle()
  expect(recording.stage).toBe("recording")
  expect(told.at(-1)).toBe("ba")
})

test("L28 a refusal before anything was recorded says no more than that", async () => {
  const { recording, others } = world()
  await others({})
  await recording.ask()
  expect(recording.unsaved).toBe(false)
  await others({ consent: "refused" })
  expect(recording.stage).toBe("off")
  expect(told).toEqual([])
  expect(kept).toBe(false)
})

test("a page that goes ends the film at once and leaves it where another one finds it", async () => {
  const { recording, others } = world()
  await others({ consent: "agreed" })
  await recording.ask()
  await settle()
  expect(recording.unsaved).toBe(true)
  recording.leavePage()
  expect(told.slice(-2)).toEqual(["now", "left"])
  expect(recording.unsaved).toBe(false)
})

test("L28 what others say starts no recording", async () => {
  const { recording, others } = world()
  await others({ consent: "agreed", asks: true, recording: true })
  expect(recording.stage).toBe("off")
  expect(told).toEqual([])
})

test("nobody stands on somebody else in a film", () => {
  for (let people = 1; people <= 9; people++)
    for (const screens of [0, 1]) {
      const parts = Array.from({ length: people + screens }, (_, at) => ({
        name: String(at),
        screen: at < screens,
      }))
      const boxes = places(parts)
      for (const [at, one] of boxes.entries()) {
        expect(one.x >= 0 && one.x + one.width <= 1280 && one.y + one.height <= 720).toBe(true)
        for (const other of boxes.slice(at + 1))
          expect(
            one.x + one.width <= other.x ||
              other.x + other.width <= one.x ||
              one.y + one.height <= other.y ||
              other.y + other.height <= one.y,
          ).toBe(true)
      }
    }
})
