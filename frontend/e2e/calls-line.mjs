import { launch } from "./browser.mjs"
import { command, invitation, until } from "./call-tools.mjs"
import { Node } from "./node.mjs"
import { Person } from "./person.mjs"
import { equal, ok } from "./report.mjs"
import { words as all } from "./words.mjs"

/** Milliseconds. */
const patience = 40_000
/** The bar: from the moment on that a line is bad, to the sentence that says so. */
const bar = 5_000

const wait = (ms) => new Promise((done) => setTimeout(done, ms))

const devices = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
]
const flags = ["--listen", "/ip4/127.0.0.1/tcp/0", "--listen", "/ip4/127.0.0.1/udp/0/quic-v1"]

const words = {
  en: {
    start: "Start call",
    leave: "Leave call",
    participants: "Participants",
    good: /good connection/,
    bad: /^Paul’s upload (loses \d+ %|carries only \d+ kbit\/s)/,
    narrow: /^Paul’s upload carries only \d+ kbit\/s; video is (smaller|paused), sound is kept\.$/,
  },
  fr: {
    join: "Rejoindre l’appel",
    leave: "Quitter l’appel",
    participants: "Participants",
    good: /bonne connexion/,
    bad: /^L’envoi de Paul (perd \d+\u00a0%|ne porte que \d+\u00a0kbit\/s)/,
    narrow:
      /^L’envoi de Paul ne porte que \d+\u00a0kbit\/s\u202f; la vidéo est (réduite|en pause), le son est gardé\.$/,
  },
}

/**
 * Ana's page speaks English, Ben's French; Paul's line becomes bad, and both pages say whose it is.
 * PARVIS_SHAPED names app/apptest/shaped. Prints how long it took.
 */
export async function callsLine(report, program) {
  const shaped = process.env.PARVIS_SHAPED
  if (!shaped) throw new Error("PARVIS_SHAPED names the program whose lines can be made bad")
  const browser = await launch(undefined, devices)
  const start = (language) => Person.start(browser, program, all[language], { flags })
  const [ana, ben] = [await start("en"), await start("fr")]
  const paul = await Node.start(shaped, { command: [] })
  const step = (name, act) => report.step(`calls-line: ${name}`, act)
  const tile = (person, name) =>
    person.page
      .getByRole("group", { name: words[person.w.locale.slice(0, 2)].participants })
      .getByRole("figure", { name, exact: true })
  /** What a page says of somebody, whether it can be seen or not. */
  const said = (person, name) =>
    tile(person, name).evaluate(
      (figure) =>
        document
          .getElementById(figure.getAttribute("aria-describedby") ?? "")
          ?.textContent.trim() ?? "",
    )
  const enter = async (person, how, leave) => {
    await person.button(how, true).click({ timeout: patience })
    const dialog = person.page.getByRole("dialog", { name: how })
    await dialog.getByRole("button", { name: how, exact: true }).click()
    await person.button(leave, true).waitFor({ timeout: patience })
  }
  /** Waits for a sentence of Paul on both pages; returns how long the slower one took. */
  const says = async (wanted, limit = patience) => {
    const begun = Date.now()
    const took = await Promise.all(
      [ana, ben].map(async (person) => {
        const pattern = words[person.w.locale.slice(0, 2)][wanted]
        let text = ""
        const found = until(
          `${pattern}`,
          async () => pattern.test((text = await said(person, "Paul"))),
          limit,
        )
        await found.catch((reason) => {
          throw new Error(`${reason.message}; it says: ${text}`)
        })
        console.log(`      ${Date.now() - begun} ms: ${text}`)
        return Date.now() - begun
      }),
    )
    return Math.max(...took)
  }
  /** Makes Paul's line bad: both pages say so in time, and say nothing of each other. */
  const spoil = async (line) => {
    paul.tell(JSON.stringify(line))
    const took = await says("bad")
    ok(took <= bar, `it took ${took} ms`)
    const others = [await said(ana, "Ben"), await said(ben, "Ana")]
    ok(
      others.every((text) => /good connection|bonne connexion/.test(text)),
      `of each other: ${others}`,
    )
  }
  /** What Ana's program measured of somebody. */
  const stat = async (name) => {
    const { calls } = await command(program, ana.node, "call", "list")
    const stats = await command(program, ana.node, "call", "stats", calls[0].id)
    return stats.participants.find((one) => one.name === name)
  }
  try {
    const ready = await step("three people are in a call", async () => {
      await ana.button(all.en.create).click()
      await ana.field(all.en.workspaceName).fill("Lines")
      await ana.field(all.en.yourName).fill("Ana")
      await ana.button(all.en.createButton).click()
      await ana.savePaper()
      await ana.field(all.en.message("general")).waitFor({ timeout: patience })
      const link = await invitation(program, ana.node, 5)
      await ben.button(all.fr.joinWith).click()
      await ben.field(all.fr.link).fill(link)
      await ben.field(all.fr.yourName).fill("Ben")
      await ben.button(all.fr.joinButton, true).click()
      await ben.field(all.fr.message("general")).waitFor({ timeout: patience })
      await command(program, paul, "join", link, "--as", "Paul")
      await enter(ana, words.en.start, words.en.leave)
      await enter(ben, words.fr.join, words.fr.leave)
      const { calls } = await command(program, paul, "call", "list")
      await command(program, paul, "call", "join", calls[0].id, "--media", "test")
      await tile(ana, "Paul").waitFor({ timeout: patience })
      await tile(ben, "Paul").waitFor({ timeout: patience })
      await says("good")
      await until("large pictures", async () => (await stat("Paul")).line.layerIn === "video")
    })
    if (!ready) return
    const layer = (await stat("Ben")).line.layerIn
    await step("both say within 5 s that it is Paul's upload", () =>
      spoil({ loss: 0.05, delayMs: 100, kbps: 300 }),
    )
    await step("the sound goes on, and nobody else is spoiled", async () => {
      await wait(5000) // the line is known then
      const before = await stat("Paul")
      await wait(15_000)
      const after = await stat("Paul")
      const packets = after.audioPackets - before.audioPackets
      const lost = after.audioLost - before.audioLost
      console.log(`      ${lost} of ${packets + lost} packets of sound lost after repair`)
      ok(packets > 600 && lost <= (packets + lost) / 100, `${lost} of ${packets + lost} lost`)
      equal((await stat("Ben")).line.layerIn, layer, "the layer of Ben's pictures")
    })
    await step("it is taken back when the line is good", async () => {
      paul.tell("{}")
      await says("good", 120_000)
      await until(
        "large pictures",
        async () => (await stat("Paul")).line.layerIn === "video",
        60_000,
      )
    })
    await step("both say within 5 s that it is Paul's upload, when it is slow", () =>
      spoil({ kbps: 300 }),
    )
    await step("and then that it is narrow", () => says("narrow"))
  } finally {
    await Promise.all([ana.close(), ben.close(), paul.close()])
    await browser.close()
  }
}
