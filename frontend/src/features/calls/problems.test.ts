import { expect, test } from "vitest"
import { m } from "../../paraglide/messages.js"
import { problemTexts } from "./problems"

const heard = m.call_heard()
const hears = m.call_hear_others()

test("nobody is said to be heard or to hear where nobody else is", () => {
  const alone = problemTexts({ microphone: "none", camera: "none" })
  expect(alone).toEqual([m.call_no_microphone(), m.call_no_camera()])
})

test("without a microphone one hears the others and is not heard", () => {
  const texts = problemTexts(
    { microphone: "denied", camera: "denied" },
    { others: true, heard: false },
  )
  expect(texts).toContain(hears)
  expect(texts).not.toContain(heard)
})

test("without a camera one is heard, unless one is muted", () => {
  expect(problemTexts({ camera: "busy" }, { others: true, heard: true })).toContain(heard)
  expect(problemTexts({ camera: "busy" }, { others: true, heard: false })).not.toContain(heard)
})

test("where sound cannot be played nobody is heard", () => {
  const texts = problemTexts({ microphone: "unsupported" }, { others: true, heard: false })
  expect(texts).toEqual([m.call_sound_unsupported()])
})
