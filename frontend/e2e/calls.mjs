import { checkAccessibility } from "./axe.mjs"
import { launch } from "./browser.mjs"
import { brokenDevices } from "./call-devices.mjs"
import { recordings } from "./call-recording.mjs"
import { command, invitation, until } from "./call-tools.mjs"
import { counter, picture, shows } from "./callmark.mjs"
import { Node } from "./node.mjs"
import { Person } from "./person.mjs"
import { equal, ok } from "./report.mjs"
import { words as all } from "./words.mjs"

const patience = 20_000

/** What of calls is named in both languages. */
const words = {
  en: {
    start: "Start call",
    join: "Join call",
    leave: "Leave call",
    mute: "Mute microphone",
    unmute: "Unmute microphone",
    cameraOff: "Turn off camera",
    cameraOn: "Turn on camera",
    share: "Share screen",
    stopSharing: "Stop sharing",
    hand: "Raise hand",
    handUp: "Hand raised",
    muted: "Microphone muted",
    participants: "Participants",
    answer: "Answer",
    decline: "Decline",
    rings: (name) => `${name} is calling`,
    missed: (name) => `You missed a call from ${name}`,
    screenOf: (name) => `Screen of ${name}`,
    react: "React",
    reacts: (name) => `${name} reacts with 👏`,
    record: "Record call",
    stopRecord: "Stop recording",
    asked: (name) => `${name} wants to record this call`,
    agree: "Agree",
    refuse: "Do not record me",
    refused: (name) => `${name} does not agree to the recording. Nothing was recorded.`,
    leftOut: (name) => `${name} cannot be asked and is left out of the recording.`,
    recording: (name) => `${name} is recording this call.`,
    recordingOwn: "You are recording this call.",
    withdraw: "Do not record me any more",
    saved: "The recording was saved as",
    left: "The page was closed during the recording",
    save: "Save",
    noPage: "No window open",
    calling: (name) => `Calling ${name}…`,
    declined: (name) => `${name} declined.`,
    leaveAnswer: "Leave and answer",
    missedCount: "1 unread message",
    unplugged: "The camera was unplugged.",
    noMicrophone: "There is no microphone.",
    denied: "Parvis may not use the microphone.",
    talking: "You are heard while you hold the space bar.",
  },
}

const devices = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
]

/** Two browsers and a test participant on three programs: everybody sees and hears everybody. */
export async function calls(report, program) {
  const browser = await launch(undefined, devices)
  const w = { ...all.en, call: words.en }
  const c = w.call
  const ana = await Person.start(browser, program, w)
  const ben = await Person.start(browser, program, w)
  // One of them is as WebKit is: no tracks that pictures can be read from or written into, and before
  // Safari 26 no encoder of sound.
  await ben.context.addInitScript(() => {
    delete globalThis.MediaStreamTrackProcessor
    delete globalThis.AudioEncoder
    delete globalThis.MediaStreamTrackGenerator
  })
  await ben.page.reload()
  const eve = await Node.start(program)
  const step = async (name, act) => {
    const passed = await report.step(`calls: ${name}`, act)
    if (!passed) await Promise.all([ana, ben].map((one) => one.keep(`failed-${name.slice(0, 24)}`)))
    return passed
  }
  const tiles = (person) => person.page.getByRole("group", { name: c.participants })
  const tile = (person, name) => tiles(person).getByRole("figure", { name, exact: true })
  const enter = async (person, how) => {
    await person.button(how, true).click()
    const dialog = person.page.getByRole("dialog", { name: how })
    await dialog.getByRole("button", { name: how, exact: true }).click()
    await person.button(c.leave, true).waitFor({ timeout: patience })
  }
  try {
    const ready = await step("three people are in a workspace", async () => {
      await ana.button(w.create).click()
      await ana.field(w.workspaceName).fill("Calls")
      await ana.field(w.yourName).fill("Ana")
      await ana.button(w.createButton).click()
      await ana.savePaper()
      await ana.field(w.message("general")).waitFor({ timeout: patience })
      const link = await invitation(program, ana.node)
      await ben.button(w.joinWith).click()
      await ben.field(w.link).fill(link)
      await ben.field(w.yourName).fill("Ben")
      await ben.button(w.joinButton, true).click()
      await ben.field(w.message("general")).waitFor({ timeout: patience })
      await command(program, eve, "join", link, "--as", "Eve")
      await ana.page.getByRole("button", { name: "3 people" }).waitFor({ timeout: patience })
    })
    if (!ready) return
    await step("oneself is seen and heard before a call", async () => {
      await ana.button(c.start, true).click()
      const dialog = ana.page.getByRole("dialog", { name: c.start })
      await dialog.locator("video").waitFor()
      await until("the picture", () =>
        dialog.locator("video").evaluate((video) => video.videoWidth > 0 && !video.paused),
      )
      await until("the meter", () =>
        dialog.getByRole("meter").evaluate((meter) => meter.value > 0.05),
      )
      equal((await command(program, ana.node, "call", "list")).calls.length, 0, "calls")
      await ana.look("call-picker")
      await ana.page.keyboard.press("Escape")
      await dialog.waitFor({ state: "detached" })
    })
    const joined = await step("a call is started and joined", async () => {
      await enter(ana, c.start)
      await ben.button(c.join, true).waitFor({ timeout: patience })
      await enter(ben, c.join)
      await tile(ana, "Ben").waitFor({ timeout: patience })
      await tile(ben, "Ana").waitFor({ timeout: patience })
    })
    if (!joined) return
    await step("both see each other", async () => {
      for (const [person, name] of [
        [ana, "Ben"],
        [ben, "Ana"],
      ])
        await until(`${name} on a tile`, () => shows(tile(person, name)))
    })
    await step("both hear each other", () => heard(program, ana.node, ["Ben"]))
    await step("a test participant joins, and its pictures keep coming", async () => {
      const { calls } = await command(program, eve, "call", "list")
      await command(program, eve, "call", "join", calls[0].id, "--media", "test")
      for (const person of [ana, ben]) {
        await tile(person, "Eve").waitFor({ timeout: patience })
        await until("its first picture", () => counter(tile(person, "Eve"), "Eve"))
      }
      const gap = await Promise.all([ana, ben].map((one) => rises(tile(one, "Eve"), 6000)))
      console.log(`      longest gaps ${gap.map(Math.round).join(" and ")} ms`)
      // Beside another row of tests the gap says what they take of the machine.
      if (Number(process.env.PARVIS_ROWS ?? 1) === 1)
        ok(Math.max(...gap) < 1000, `a gap of ${Math.max(...gap)} ms`)
    })
    await step("the test participant gets pictures and sound of both", async () => {
      await heard(program, eve, ["Ana", "Ben"])
    })
    await step("the screen is accessible in every size", async () => {
      await checkAccessibility(ana.page, "a call")
      await ana.look("call")
    })
    await step("muting and the camera are seen by the others", async () => {
      await ana.button(c.mute, true).click()
      await tile(ben, "Ana").getByText(c.muted).waitFor({ state: "attached", timeout: patience })
      await ana.button(c.cameraOff, true).click()
      await picture(tile(ben, "Ana")).waitFor({ state: "hidden", timeout: patience })
      await ana.button(c.cameraOn, true).click()
      await picture(tile(ben, "Ana")).waitFor({ state: "visible", timeout: patience })
      await until("Ana again", () => shows(tile(ben, "Ana")))
    })
    await step("the space bar talks while it is held", async () => {
      await ana.page.locator("header h1").click()
      await ana.page.keyboard.down(" ")
      await ana.page.getByText(c.talking).waitFor()
      await ana.button(c.mute, true).waitFor()
      await ana.page.keyboard.up(" ")
      await ana.button(c.unmute, true).waitFor()
    })
    await step("a raised hand is seen", async () => {
      await ben.button(c.hand, true).click()
      await tile(ana, "Ben").getByText(c.handUp).waitFor({ state: "attached", timeout: patience })
    })
    await step("a screen is shared beside the camera", async () => {
      await ben.button(c.share, true).click()
      const screen = tile(ana, c.screenOf("Ben"))
      await screen.waitFor({ timeout: patience })
      await until("the screen", () => shows(screen))
      await until("the camera", () => shows(tile(ana, "Ben")))
      await ana.look("call-screen")
      await ben.button(c.stopSharing, true).click()
      await screen.waitFor({ state: "detached", timeout: patience })
    })
    await step("a reaction is seen", async () => {
      await ben.button(c.react, true).click()
      await ben.page.getByRole("button", { name: "👏", exact: true }).click()
      await tile(ana, "Ben")
        .getByText(c.reacts("Ben"))
        .waitFor({ state: "attached", timeout: patience })
      await tile(ana, "Ben").getByText(c.reacts("Ben")).waitFor({ state: "detached" })
    })
    await recordings({ step, program, ana, ben, eve, tile, c })
    await brokenDevices({ step, ana, ben, tile, c })
    await step("a page that is loaded again goes on by itself, as it was", async () => {
      await ben.button(c.unmute, true).click()
      await ben.button(c.mute, true).click()
      await ben.page.reload()
      await until("Eve", () => counter(tile(ben, "Eve"), "Eve"))
      await until("Ana", () => shows(tile(ben, "Ana")))
      await until("Ben", () => shows(tile(ana, "Ben")))
      await ben.button(c.unmute, true).waitFor({ timeout: patience })
      await ben.button(c.cameraOff, true).waitFor({ timeout: patience })
    })
    await step(
      "a window that is closed is said to the others, and goes on when it is back",
      async () => {
        await ben.page.goto("about:blank")
        await tile(ana, "Ben").getByText(c.noPage).waitFor({ timeout: patience })
        await tile(ana, "Ben").getByText(c.muted).waitFor({ state: "attached" })
        await ana.look("call-no-window")
        await ben.page.goto(ben.node.url)
        await tile(ana, "Ben").getByText(c.noPage).waitFor({ state: "detached", timeout: patience })
        await until("Ben", () => shows(tile(ana, "Ben")))
      },
    )
    await step("whoever leaves is gone at once, and the call goes on", async () => {
      await ben.button(c.leave, true).click()
      await tile(ana, "Ben").waitFor({ state: "detached", timeout: 8000 })
      await until("Eve", () => counter(tile(ana, "Eve"), "Eve"))
      await ben.button(c.join, true).waitFor({ timeout: patience })
      await ana.button(c.leave, true).click()
      await command(program, eve, "call", "leave")
      await ana.button(c.start, true).waitFor({ timeout: patience })
    })
    await step("a direct call rings and is answered; one that is not is missed", async () => {
      await ana.button(w.newDirect).click()
      const dialog = ana.page.getByRole("dialog", { name: w.newDirect })
      await dialog.getByRole("textbox", { name: w.people }).fill("ben")
      await ana.page.keyboard.press("Enter")
      await dialog.getByRole("button", { name: w.start }).click()
      await ana.field(w.messageTo("Ben")).waitFor({ timeout: patience })
      await ben.channel("Ana").waitFor({ timeout: patience })
      await enter(ana, c.start)
      await ana.page.getByText(c.calling("Ben")).waitFor()
      await ana.look("call-calling")
      const ringing = ben.page.getByRole("alertdialog", { name: c.rings("Ana") })
      await ringing.waitFor({ timeout: patience })
      await checkAccessibility(ben.page, "ringing")
      await ben.look("call-ringing")
      await ringing.getByRole("button", { name: c.answer }).click()
      await until("Ana", () => shows(tile(ben, "Ana")))
      await ben.button(c.leave, true).click()
      await ana.button(c.leave, true).click()
      await ana.button(c.start, true).waitFor({ timeout: patience })
      await enter(ana, c.start)
      await ringing.waitFor({ timeout: patience })
      await ana.button(c.leave, true).click()
      await ringing.waitFor({ state: "detached", timeout: patience })
      await ben.page.getByText(c.missed("Ana")).waitFor({ timeout: patience })
    })
    await step("whoever calls hears that it was declined", async () => {
      await enter(ana, c.start)
      const ringing = ben.page.getByRole("alertdialog", { name: c.rings("Ana") })
      await ringing.getByRole("button", { name: c.decline }).click({ timeout: patience })
      await ana.page.getByText(c.declined("Ben")).waitFor({ timeout: patience })
      await ana.look("call-declined")
      await ana.button(c.leave, true).click()
      await ana.button(c.start, true).waitFor({ timeout: patience })
    })
    await step(
      "a call during another one leaves the person free, and can be answered",
      async () => {
        await ben.channel("general").click()
        await enter(ben, c.start)
        await enter(ana, c.start)
        const ringing = ben.page.getByRole("alertdialog", { name: c.rings("Ana") })
        await ringing.waitFor({ timeout: patience })
        // Nothing lies over what there is to do.
        await ben.button(c.mute, true).click()
        await ben.button(c.unmute, true).click()
        await ben.look("call-ringing-busy")
        await ringing.getByRole("button", { name: c.leaveAnswer }).click()
        await until("Ana", () => shows(tile(ben, "Ana")))
        await ana.channel("general").click()
        await ana.look("call-elsewhere")
        await ben.button(c.leave, true).click()
        await ana.button(c.leave, true).click()
      },
    )
    await step("nothing was reported in the console", async () => {
      equal([...ana.complaints, ...ben.complaints].join("\n"), "", "console")
    })
  } finally {
    await Promise.all([ana.close(), ben.close(), eve.close()])
    await browser.close()
  }
}

/** Waits until a node counts sound and pictures of others that are whole. */
async function heard(program, node, names) {
  const { calls } = await command(program, node, "call", "list")
  const own = calls.find((call) => call.here)
  await until(`sound and pictures of ${names}`, async () => {
    const { participants } = await command(program, node, "call", "stats", own.id)
    return names.every((name) => {
      const stat = participants.find((one) => one.name === name)
      return stat && stat.framesReceived > 20 && stat.audioPackets > 50
    })
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
