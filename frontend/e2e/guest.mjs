import { readFileSync } from "node:fs"
import { mkdir, open } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { checkAccessibility, checkColours } from "./axe.mjs"
import { launch } from "./browser.mjs"
import { command, invitation, until } from "./call-tools.mjs"
import { counter, picture, shows } from "./callmark.mjs"
import { Node } from "./node.mjs"
import { Person } from "./person.mjs"
import { equal, ok } from "./report.mjs"
import { freePort, SuperPeer } from "./super-peer.mjs"
import { words as all } from "./words.mjs"

const patience = 20_000
const shots = fileURLToPath(new URL("../test-results/guest", import.meta.url))

const devices = ["--use-fake-device-for-media-stream", "--autoplay-policy=no-user-gesture-required"]

/** What of the page of guests is named in both languages. */
const words = {
  en: {
    locale: "en-GB",
    name: "Your name",
    ask: "Ask to come in",
    nobody: "Nobody who could let you in is in the meeting yet.",
    waiting: "The participants see that you are waiting.",
    participants: "Participants",
    self: (name) => `${name} (you)`,
    mute: "Mute microphone",
    unmute: "Unmute microphone",
    leave: "Leave meeting",
    again: "Ask again",
    refused: "You were not let in.",
    removed: "You were removed from the meeting.",
    over: "The meeting is over.",
    left: "You have left the meeting.",
    revoked: "This meeting link is not valid any more.",
    broken: "This is not a whole meeting link.",
    offline: /is broken\. This page connects again by itself; the meeting goes on\./,
    denied: /Neither the camera nor the microphone/,
    nameMissing: /Enter your name first/,
    devices: "Choose devices",
  },
  fr: {
    locale: "fr-FR",
    name: "Votre nom",
    ask: "Demander à entrer",
    waiting: "Les participants voient que vous attendez.",
    self: (name) => `${name} (vous)`,
    refused: "On ne vous a pas fait entrer.",
    participants: "Participants",
    leave: "Quitter la réunion",
    again: "Redemander",
    broken: "Ce n’est pas un lien de réunion complet.",
  },
}

/** Somebody who comes with an ordinary browser. */
class Guest {
  complaints = []

  static async come(browser, link, w, { permissions = ["camera", "microphone"] } = {}) {
    const guest = new Guest()
    guest.w = w
    guest.context = await browser.newContext({
      locale: w.locale,
      viewport: { width: 1280, height: 800 },
      colorScheme: "light",
      permissions,
    })
    // All fake microphones beep alike: an echo of the others, which would be taken out.
    await guest.context.addInitScript(() => {
      const devices = navigator.mediaDevices
      const get = devices?.getUserMedia.bind(devices)
      if (!get) return
      const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
      devices.getUserMedia = (wanted) => get({ ...wanted, audio: wanted.audio && raw })
    })
    guest.page = await guest.context.newPage()
    guest.page.setDefaultTimeout(8_000)
    guest.page.on("pageerror", (error) => guest.complaints.push(error.stack ?? error.message))
    guest.page.on("console", (message) => {
      // A stopped super-peer is part of the test.
      if (message.type() === "error" && !/WebSocket|ERR_CONNECTION_REFUSED/.test(message.text()))
        guest.complaints.push(message.text())
    })
    await guest.page.goto(link)
    return guest
  }

  button = (name) => this.page.getByRole("button", { name, exact: true })
  tile = (name) =>
    this.page
      .getByRole("group", { name: this.w.participants })
      .getByRole("figure", { name, exact: true })
  says = (text, time = patience) => this.page.getByText(text).first().waitFor({ timeout: time })

  async ask(name) {
    await this.page.getByRole("textbox", { name: this.w.name }).fill(name)
    await this.button(this.w.ask).click()
  }

  /** Checks the screen for barriers and keeps pictures of it. */
  async look(name) {
    await checkAccessibility(this.page, name)
    await mkdir(shots, { recursive: true })
    for (const theme of ["light", "dark"]) {
      await this.page.emulateMedia({ colorScheme: theme })
      for (const [width, height] of [
        [390, 800],
        [1280, 800],
      ]) {
        await this.page.setViewportSize({ width, height })
        await this.page.waitForTimeout(200)
        const wide = await this.page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        )
        ok(wide <= 0, `${name} is ${wide} px too wide at ${width}`)
        if (process.env.PARVIS_SHOTS === "none") continue
        const path = `${shots}/${name}-${this.w.locale.slice(0, 2)}-${theme}-${width}.png`
        await this.page.screenshot({ path })
      }
      if (theme === "dark") await checkColours(this.page, `${name} ${theme}`)
    }
    await this.page.emulateMedia({ colorScheme: "light" })
  }

  async keep(name) {
    await mkdir(shots, { recursive: true })
    const path = `${shots}/failed-${name.replace(/\W+/g, "-").slice(0, 40)}.png`
    await this.page.screenshot({ path }).catch(() => {})
  }

  close = () => this.context.close()
}

/** Somebody without Parvis comes to a call, is seen and heard, and is sent away again. */
export async function guest(report, program) {
  const browser = await launch(undefined, devices)
  const w = { ...all.en, ...words.en }
  const web = await freePort()
  const base = `http://127.0.0.1:${web}`
  const flags = ["--guests", base, "--guest-listen", `127.0.0.1:${web}`]
  flags.push("--no-calls", "--guest-turn", `127.0.0.1:${await freePort()}`)
  const open = []
  const keep = (thing) => (open.push(thing), thing)
  const guests = []
  const come = async (...more) => {
    const one = keep(await Guest.come(browser, ...more))
    guests.push(one)
    return one
  }
  const step = async (name, act) => {
    const passed = await report.step(`guest: ${name}`, act)
    if (!passed) {
      await ana?.keep(`failed-guest-${name.slice(0, 24)}`)
      for (const [at, one] of guests.entries()) await one.keep(`${name}-${at}`)
    }
    return passed
  }
  let ana, eve, superPeer, link, marc
  const anasTile = (name) =>
    ana.page.getByRole("group", { name: w.participants }).getByRole("figure", { name, exact: true })
  const list = async (node) => (await command(program, node, "call", "guests")).guests
  try {
    const ready = await step("a super-peer lets guests come to a workspace", async () => {
      superPeer = keep(await SuperPeer.make(program, flags))
      const line = await superPeer.start()
      equal(JSON.parse(line).guests, base, "its address for guests")
      ana = keep(await Person.start(browser, program, w))
      await ana.context.grantPermissions(["camera", "microphone"])
      await ana.button(w.create).click()
      await ana.field(w.workspaceName).fill("Calls")
      await ana.field(w.yourName).fill("Ana")
      await ana.button(w.createButton).click()
      await ana.savePaper()
      await ana.field(w.message("general")).waitFor({ timeout: patience })
      await command(program, ana.node, "superpeer", "add", JSON.parse(line).setup)
      eve = keep(await Node.start(program))
      await command(program, eve, "join", await invitation(program, ana.node), "--as", "Eve")
      await ana.page.getByRole("button", { name: "2 people" }).waitFor({ timeout: patience })
      link = await until("a meeting link", async () => {
        const made = await command(program, ana.node, "call", "link", "general").catch(() => ({}))
        return made.link?.url
      })
      ok(link.startsWith(`${base}/meet#`), `the link is ${link}`)
    })
    if (!ready) return

    await step("a link that was cut says so, in both languages", async () => {
      for (const locale of ["en", "fr"]) {
        const lost = await come(link.slice(0, -3), words[locale])
        await lost.says(words[locale].broken)
        await lost.look("broken")
        await lost.close()
      }
    })
    await step(
      "who comes first waits for the call, with nothing of the link in sight",
      async () => {
        marc = await come(link, w)
        equal(marc.page.url(), `${base}/meet`, "the address bar")
        await marc.button(w.ask).click()
        await marc.says(w.nameMissing)
        await until("oneself", () =>
          marc.page.locator("video").evaluate((video) => video.videoWidth > 0 && !video.paused),
        )
        await marc.look("door")
        await marc.ask("Hippolyte")
        await marc.says(w.nobody)
        await marc.look("nobody")
      },
    )
    await step("a call begins, and the guest knocks by itself", async () => {
      await ana.button("Start call", true).click()
      const dialog = ana.page.getByRole("dialog", { name: "Start call" })
      await dialog.getByRole("button", { name: "Start call", exact: true }).click()
      await ana.button("Leave call", true).waitFor({ timeout: patience })
      const { calls } = await command(program, eve, "call", "list")
      await command(program, eve, "call", "join", calls[0].id, "--media", "test")
      await marc.says(w.waiting)
      await ana.page.getByText("“Hippolyte” would like to come in, as a guest.").waitFor()
      const waiting = await until("Hippolyte at Eve's", async () => (await list(eve))[0])
      equal(`${waiting.name} ${waiting.state}`, "Hippolyte waits", "who waits")
      await marc.look("lobby")
      await ana.look("guest-knocks")
    })
    const admitted = await step("a member lets the guest in", async () => {
      await ana.button("Admit Hippolyte", true).click()
      await marc.tile("Ana").waitFor({ timeout: patience })
      await marc.tile("Eve").waitFor({ timeout: patience })
      await anasTile("Hippolyte (guest)")
        .or(anasTile("Hippolyte"))
        .first()
        .waitFor({ timeout: patience })
      await ana.page.getByText("Hippolyte is in this call as a guest.").waitFor()
    })
    if (!admitted) return
    const marcAtAna = () => anasTile("Hippolyte (guest)").or(anasTile("Hippolyte")).first()
    await step("all see each other", async () => {
      await until("Eve's pictures", () => counter(marc.tile("Eve"), "Eve"))
      await until("Ana's", () => shows(marc.tile("Ana")))
      await until("Marc's at Ana's", () => shows(marcAtAna()))
      const gap = await rises(marc.tile("Eve"), 5000)
      console.log(`      longest gap ${Math.round(gap)} ms`)
    })
    await step("all hear each other", async () => {
      await until("sound at the guest", () => loud(marc.page, 2))
      for (const node of [ana.node, eve]) await heardFrom(program, node, "Hippolyte")
    })
    await step("the screens are accessible in every size", async () => {
      await marc.look("room")
      await ana.look("guest-in-call")
      await marc.button(w.devices).click()
      await marc.look("room-devices")
      await marc.button(w.devices).click()
    })
    await step("muting and the camera are seen both ways", async () => {
      await marc.button(w.mute).click()
      await marcAtAna().getByText("Microphone muted").waitFor({ state: "attached" })
      await marc.button(w.unmute).click()
      await ana.button("Turn off camera", true).click()
      await marc.tile("Ana").locator("video").waitFor({ state: "detached", timeout: patience })
      await ana.button("Turn on camera", true).click()
      await until("Ana again", () => shows(marc.tile("Ana")))
      await marc.button("Turn off camera").click()
      await picture(marcAtAna()).waitFor({ state: "hidden", timeout: patience })
      await marc.button("Turn on camera").click()
      await until("Hippolyte again", () => shows(marcAtAna()))
    })
    await step("the super-peer's memory holds no name and no description", async () => {
      const found = await inMemory(superPeer.pid, [
        "Hippolyte",
        "a=ice-pwd",
        "a=setup:active",
        "typ host",
        link.split("#")[1],
      ])
      equal(found.join(", "), "", "what it holds")
    })
    await step("a second browser with the link is another guest, and is refused", async () => {
      const other = await come(link, { ...w, ...words.fr })
      await other.look("door")
      await other.ask("Zoé")
      await other.says(words.fr.waiting)
      await other.look("lobby")
      await until("Zoé at Eve's", async () => (await list(eve)).some(({ name }) => name === "Zoé"))
      await command(program, eve, "call", "refuse", "Zoé")
      await other.says(words.fr.refused)
      await other.look("refused")
      ok(await marc.tile("Ana").isVisible(), "Hippolyte is still in")
      await other.button(words.fr.again).click()
      await ana.button("Admit Zoé", true).click({ timeout: patience })
    })
    await step("guests see and hear each other too", async () => {
      const [zoe] = guests.slice(-1)
      const [marcs, zoes] = [zoe.tile("Hippolyte (invité)"), marc.tile("Zoé (guest)")]
      await until("Hippolyte at Zoé's", () => marcs.isVisible())
      await until("Hippolyte's picture", async () => (await picture(marcs).count()) && shows(marcs))
      await until("Zoé's picture", async () => (await picture(zoes).count()) && shows(zoes))
      for (const one of [marc, zoe]) await until("sound of three", () => loud(one.page, 3))
      for (const [one, name] of [
        [marc, "Ana"],
        [marc, "Zoé (guest)"],
        [zoe, "Ana"],
        [zoe, "Hippolyte (invité)"],
      ]) {
        const before = await looks(one.tile(name))
        await until(
          `another picture of ${name}`,
          async () => (await looks(one.tile(name))) !== before,
        )
      }
      await marc.look("guests")
      await ana.look("guests-in-call")
      await zoe.button(words.fr.leave).click()
      await zoes.waitFor({ state: "detached", timeout: patience })
      equal(zoe.complaints.join("\n"), "", "console")
      await zoe.close()
    })
    await step("the super-peer is killed and comes back, and the call goes on", async () => {
      superPeer.kill()
      await marc.says(w.offline)
      const before = await until("a picture", () => counter(marc.tile("Eve"), "Eve"))
      await until("more pictures", async () => {
        const now = await counter(marc.tile("Eve"), "Eve")
        return now !== undefined && now > before + 20
      })
      await marc.look("offline")
      await superPeer.start()
      await marc.page.getByText(w.offline).waitFor({ state: "detached", timeout: 40_000 })
      const gap = await rises(marc.tile("Eve"), 4000)
      console.log(`      longest gap ${Math.round(gap)} ms`)
      await until("Hippolyte is known", async () =>
        (await list(eve)).some(({ name, state }) => name === "Hippolyte" && state === "here"),
      )
      await marc.button(w.mute).click() // over the new line
      await marcAtAna()
        .getByText("Microphone muted")
        .waitFor({ state: "attached", timeout: 40_000 })
      await marc.button(w.unmute).click()
    })
    await step("who is removed hears so, and may ask again", async () => {
      await command(program, eve, "call", "remove", "Hippolyte")
      await marc.says(w.removed)
      await marc.look("removed")
      await marcAtAna().waitFor({ state: "detached", timeout: patience })
      await marc.button(w.again).click()
      await marc.says(w.waiting)
      const waiting = await until("Hippolyte at Eve's", async () =>
        (await list(eve)).find(({ state }) => state === "waits"),
      )
      await command(program, eve, "call", "admit", waiting.guest.slice(8))
      await until("Eve's pictures", () => counter(marc.tile("Eve"), "Eve"))
    })
    await step("who leaves is gone at once", async () => {
      await marc.button(w.leave).click()
      await marc.says(w.left)
      await marcAtAna().waitFor({ state: "detached", timeout: 5000 })
      await marc.button(w.again).click()
      const knock = ana.button("Admit Hippolyte", true)
      await knock.waitFor({ timeout: patience })
      await knock.click()
      await until("Eve's pictures", () => counter(marc.tile("Eve"), "Eve"))
    })
    await step("a guest without camera and microphone is told, and sees the others", async () => {
      const blind = await come(link, w, { permissions: [] })
      await blind.says(w.denied)
      await blind.look("denied")
      await blind.close()
    })
    await step("the end of the call is said", async () => {
      await command(program, eve, "call", "leave")
      await marc.tile("Eve").waitFor({ state: "detached", timeout: patience })
      await ana.button("Leave call", true).click()
      await marc.says(w.over)
      await marc.look("over")
      await marc.close()
    })
    await step("a link that was revoked lets nobody in", async () => {
      const late = await come(link, w)
      await late.ask("Late")
      await late.says(w.nobody)
      await ana.button("Start call", true).click()
      const dialog = ana.page.getByRole("dialog", { name: "Start call" })
      await dialog.getByRole("button", { name: "Start call", exact: true }).click()
      await late.says(w.waiting)
      await command(program, ana.node, "call", "link", "general", "--revoke")
      await late.says(w.revoked)
      await late.look("revoked")
      await ana.button("Leave call", true).click()
    })
    await step("nothing was reported in the console", async () => {
      equal([...ana.complaints, ...marc.complaints].join("\n"), "", "console")
    })
  } finally {
    await Promise.all(open.reverse().map((one) => one.close().catch(() => {})))
    await browser.close()
  }
}

/** What a tile shows now, to be compared. */
const looks = (tile) =>
  tile.locator("video").evaluate((video) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 })
    canvas.getContext("2d").drawImage(video, 0, 0, 320, 180)
    return canvas.toDataURL()
  })

/** Whether a page plays the sound of so many, none of them silent. */
const loud = (page, count) =>
  page.evaluate(async (count) => {
    const context = new AudioContext()
    const heard = async ({ srcObject, paused }) => {
      const analyser = context.createAnalyser()
      context.createMediaStreamSource(srcObject).connect(analyser)
      const wave = new Float32Array(analyser.fftSize)
      for (let tries = 0; tries < 30 && !paused; tries++) {
        analyser.getFloatTimeDomainData(wave)
        if (wave.some((value) => Math.abs(value) > 0.01)) return true
        await new Promise((done) => setTimeout(done, 100))
      }
      return false
    }
    const all = await Promise.all([...document.querySelectorAll("audio")].map(heard))
    await context.close()
    return all.length === count && all.every(Boolean)
  }, count)

/** Waits until a node counts whole sound and pictures of a guest. */
async function heardFrom(program, node, name) {
  const { calls } = await command(program, node, "call", "list")
  const own = calls.find((call) => call.here)
  await until(`sound and pictures of ${name}`, async () => {
    const { participants } = await command(program, node, "call", "stats", own.id)
    const stat = participants.find((one) => one.name.includes(name))
    return stat && stat.framesReceived > 20 && stat.audioPackets > 50
  })
}

/** The longest time that the counter of a tile did not rise, in milliseconds. */
async function rises(tile, time) {
  const end = Date.now() + time
  let [last, since, longest] = [-1, Date.now(), 0]
  while (Date.now() < end) {
    const now = await counter(tile, "Eve")
    if (now !== undefined && now > last) {
      longest = Math.max(longest, Date.now() - since)
      ;[last, since] = [now, Date.now()]
    }
    await new Promise((done) => setTimeout(done, 60))
  }
  return Math.max(longest, Date.now() - since)
}

/** Which of some texts a process has in memory of its own (Linux). */
async function inMemory(pid, texts) {
  const found = new Set()
  const memory = await open(`/proc/${pid}/mem`, "r")
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
      const [, from, to, path] = /^(\w+)-(\w+) rw\S+ \S+ \S+ \S+ *(.*)$/.exec(line) ?? []
      if (!from || path.startsWith("[v")) continue
      const [begin, end] = [Number.parseInt(from, 16), Number.parseInt(to, 16)]
      const step = 16 << 20
      for (let at = begin; at < end; at += step) {
        const buffer = Buffer.alloc(Math.min(step + 256, end - at))
        const { bytesRead } = await memory
          .read(buffer, 0, buffer.length, at)
          .catch(() => ({ bytesRead: 0 }))
        for (const text of texts) if (buffer.subarray(0, bytesRead).includes(text)) found.add(text)
      }
    }
  } finally {
    await memory.close()
  }
  return [...found]
}
