import { readFile } from "node:fs/promises"
import { checkAccessibility } from "./axe.mjs"
import { counter } from "./callmark.mjs"
import { equal, ok } from "./report.mjs"
import { command, until } from "./call-tools.mjs"

const patience = 20_000

/** A recording is asked for, refused, agreed to, ended by somebody else, and can be played. */
export async function recordings({ step, program, ana, ben, eve, tile, c }) {
  const asked = ben.page.getByRole("alertdialog", { name: c.asked("Ana") })
  const answer = async (name) => {
    await asked.waitFor({ timeout: patience })
    await asked.getByRole("button", { name, exact: true }).click()
  }
  await step("whoever cannot be asked is left out of a recording", async () => {
    await ana.button(c.record, true).click()
    await ana.page.getByText(c.leftOut("Eve")).waitFor({ timeout: patience })
    await answer(c.refuse)
    await ana.page.getByText(c.refused("Ben")).waitFor({ timeout: patience })
    await ana.button(c.record, true).waitFor()
  })
  await step("somebody refuses to be recorded, and nothing is", async () => {
    const { calls } = await command(program, eve, "call", "list")
    await command(program, eve, "call", "leave")
    await command(
      program,
      eve,
      "call",
      "join",
      calls.at(-1).id,
      "--media",
      "test",
      "--allow-recording",
    )
    await until("Eve's picture", () => counter(tile(ana, "Eve"), "Eve"))
    await ana.button(c.record, true).click()
    await asked.waitFor({ timeout: patience })
    await ben.look("call-record-asked")
    await answer(c.refuse)
    await ana.button(c.record, true).waitFor({ timeout: patience })
    await ana.page.getByText(c.refused("Ben")).last().waitFor({ timeout: patience })
    equal(await ben.page.getByText(c.recording("Ana")).count(), 0, "signs of a recording")
  })
  await step("all agree; it is shown to all, and ends when somebody withdraws", async () => {
    await ana.button(c.record, true).click()
    await answer(c.agree)
    await ana.page.getByText(c.recordingOwn).waitFor({ timeout: patience })
    await ben.page.getByText(c.recording("Ana")).waitFor({ timeout: patience })
    await ana.look("call-recording")
    await ben.look("call-recorded")
    await checkAccessibility(ben.page, "a call that is recorded")
    await ana.page.waitForTimeout(4000)
    const downloaded = ana.page.waitForEvent("download", { timeout: patience })
    await ben.button(c.withdraw, true).click()
    const file = await (await downloaded).path()
    await ana.page.getByText(c.saved).waitFor({ timeout: patience })
    await ben.page.getByText(c.recording("Ana")).waitFor({ state: "detached", timeout: patience })
    await plays(ana.page, await readFile(file))
  })
  await step(
    "a page that is loaded again keeps its recording, and the others are told",
    async () => {
      await ana.button(c.record, true).click()
      await answer(c.agree)
      await ben.page.getByText(c.recording("Ana")).waitFor({ timeout: patience })
      await ana.page.waitForTimeout(6000)
      const questions = []
      ana.page.on("dialog", (dialog) => {
        questions.push(dialog.type())
        void dialog.accept()
      })
      await ana.page.reload()
      equal(questions.join(), "beforeunload", "questions")
      await ben.page.getByText(c.recording("Ana")).waitFor({ state: "detached", timeout: patience })
      await ana.page.getByText(c.left).waitFor({ timeout: patience })
      await ana.look("call-recording-left")
      const downloaded = ana.page.waitForEvent("download", { timeout: patience })
      await ana.button(c.save, true).click()
      await plays(ana.page, await readFile(await (await downloaded).path()), 2)
      await ana.page.reload()
      await ana.button(c.leave, true).waitFor({ timeout: patience })
      equal(await ana.page.getByText(c.left).count(), 0, "recordings that are offered again")
    },
  )
}

/** Checks that a file can be played: its length, pictures that change, and sound. */
async function plays(page, file, pictures = 4) {
  const found = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))
    const video = document.createElement("video")
    video.src = URL.createObjectURL(new Blob([bytes], { type: "video/webm" }))
    video.muted = true
    await new Promise((done, fail) => {
      video.onloadedmetadata = done
      video.onerror = () => fail(new Error(video.error?.message))
    })
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 36 })
    const context = canvas.getContext("2d", { willReadFrequently: true })
    const pictures = new Set()
    for (let at = 0.2; at < video.duration; at += 0.4) {
      video.currentTime = at
      await new Promise((done) => (video.onseeked = done))
      context.drawImage(video, 0, 0, 64, 36)
      pictures.add(context.getImageData(0, 0, 64, 36).data.join())
    }
    const audio = new OfflineAudioContext(1, 48_000, 48_000)
    const sound = await audio.decodeAudioData(bytes.buffer.slice(0))
    const loudest = sound.getChannelData(0).reduce((most, one) => Math.max(most, Math.abs(one)), 0)
    return {
      width: video.videoWidth,
      seconds: video.duration,
      heard: sound.duration,
      loudest,
      pictures: pictures.size,
    }
  }, file.toString("base64"))
  console.log(`      ${file.length} bytes, ${JSON.stringify(found)}`)
  equal(found.width, 1280, "pixels across")
  ok(found.seconds > 3 && found.seconds < 60, `${found.seconds} s of pictures`)
  ok(Math.abs(found.heard - found.seconds) < 0.5, `${found.heard} s of sound`)
  ok(found.loudest > 0.02, `the loudest is ${found.loudest}`)
  ok(found.pictures >= pictures, `${found.pictures} pictures that differ`)
}
