import { launch } from "./browser.mjs"
import { command, invitation, until } from "./call-tools.mjs"
import { counter } from "./callmark.mjs"
import { Node } from "./node.mjs"
import { Person } from "./person.mjs"
import { ok } from "./report.mjs"
import { words as all } from "./words.mjs"

/** Milliseconds. A page and five other programs start on two cores. */
const patience = 60_000
/** Packets of sound are 20 ms; what is missing for longer is heard. */
const longest = 200

const devices = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
]

/**
 * Six, then eight people in a call, two of them in browsers, join one by one. Nobody inside loses
 * sound for more than 200 ms, and the pictures of all are decoded. Prints what was measured.
 */
export async function callsMany(report, program) {
  const browser = await launch(undefined, devices)
  const w = all.en
  const people = [await Person.start(browser, program, w), await Person.start(browser, program, w)]
  const [ana, ben] = people
  const nodes = []
  const tile = (person, name) =>
    person.page
      .getByRole("group", { name: "Participants" })
      .getByRole("figure", { name, exact: true })
  const enter = async (person, how) => {
    await person.button(how, true).click({ timeout: patience })
    const dialog = person.page.getByRole("dialog", { name: how })
    await dialog.getByRole("button", { name: how, exact: true }).click()
    await person.button("Leave call", true).waitFor({ timeout: patience })
  }
  try {
    const ready = await report.step(
      "calls-many: two people in browsers are in a call",
      async () => {
        await ana.button(w.create).click()
        await ana.field(w.workspaceName).fill("Many")
        await ana.field(w.yourName).fill("Ana")
        await ana.button(w.createButton).click()
        await ana.savePaper()
        await ana.field(w.message("general")).waitFor({ timeout: patience })
        await ben.button(w.joinWith).click()
        await ben.field(w.link).fill(await invitation(program, ana.node, 9))
        await ben.field(w.yourName).fill("Ben")
        await ben.button(w.joinButton, true).click()
        await ben.field(w.message("general")).waitFor({ timeout: patience })
        await Promise.all(people.map(({ page }) => page.evaluate(listen)))
        await enter(ana, "Start call")
        await enter(ben, "Join call")
        await tile(ana, "Ben").waitFor({ timeout: patience })
      },
    )
    if (!ready) return
    for (let count = 3; count <= 8; count++) {
      const name = `Eve${count}`
      const joined = await report.step(`calls-many: the ${count}th joins`, async () => {
        const node = await Node.start(program)
        nodes.push(node)
        await command(program, node, "join", await invitation(program, ana.node, 2), "--as", name)
        const call = await until(
          "the call",
          async () => {
            const { calls } = await command(program, node, "call", "list")
            return calls.find((one) => one.participants?.length === count - 1)
          },
          patience,
        )
        await Promise.all(
          people.map(({ page }) => page.evaluate(() => ((window.gaps = {}), (window.waited = 0)))),
        )
        await command(program, node, "call", "join", call.id, "--media", "test")
        for (const person of people) {
          await tile(person, name).waitFor({ timeout: patience })
          for (let n = 3; n <= count; n++)
            await until(
              `the pictures of Eve${n}`,
              () => counter(tile(person, `Eve${n}`), `Eve${n}`),
              patience,
            )
        }
        await ana.page.waitForTimeout(3000)
        const gaps = await Promise.all(
          people.map(({ page }) => page.evaluate(() => Object.values(window.gaps).map(Math.round))),
        )
        const waits = await Promise.all(
          people.map(({ page }) => page.evaluate(() => Math.round(window.waited))),
        )
        console.log(`      ms of sound missing: ${gaps.flat()}; ms between packets: ${waits}`)
        ok(
          gaps.every((one) => one.length >= 1),
          "no sound was measured",
        )
        ok(
          Math.max(...gaps.flat()) <= longest,
          `sound was missing for ${Math.max(...gaps.flat())} ms`,
        )
      })
      if (!joined) return
    }
  } finally {
    await Promise.all(people.map((one) => one.close()))
    await Promise.all(nodes.map((one) => one.close()))
    await browser.close()
  }
}

/**
 * Notes for each slot the longest time of sound that its packets lack, by the clock of who sent it:
 * what comes late is played late, what does not come is missing.
 */
function listen() {
  window.gaps = {}
  window.waited = 0
  const last = {}
  const came = {}
  const post = MessagePort.prototype.postMessage
  const Real = window.Worker
  // The worker's line cannot be seen from here: the page opens its own instead.
  window.Worker = function () {
    throw new Error("the engine runs in the page")
  }
  window.Worker.prototype = Real.prototype
  // Where memory is not shared, sound goes by messages, which can be seen.
  Object.defineProperty(window, "crossOriginIsolated", { value: false })
  MessagePort.prototype.postMessage = function (data, ...rest) {
    const now = performance.now()
    for (const { slot, at } of data?.parts ?? []) {
      const before = last[slot]
      window.waited = Math.max(window.waited, now - (came[slot] ?? now))
      came[slot] = now
      if (before !== undefined && at > before)
        window.gaps[slot] = Math.max(window.gaps[slot] ?? 0, (at - before) / 1000 - 20)
      last[slot] = Math.max(before ?? 0, at)
    }
    return post.call(this, data, ...rest)
  }
}
