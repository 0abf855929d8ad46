import { launch } from "./browser.mjs"
import { invitation, until } from "./call-tools.mjs"
import { Person } from "./person.mjs"
import { words } from "./words.mjs"

// How much later than at its capture a picture is shown and a sound is played at the other end of
// a call, on one machine. Both pages are in one browser, so that they have one clock. The camera of
// the first is a canvas that shows the time, and the second looks at the tile; what the browser
// needs by itself, the same camera looked at without a call, is measured too and taken off. The
// microphone of the first is a burst each second, timed where the page gets it from the device and
// where the second page gives it to the loudspeaker.
// Usage: node e2e/calls-latency.mjs; PARVIS_BIN names the program.
const program = process.env.PARVIS_BIN
/** Milliseconds: the bars for the median. */
const bars = { video: 80, audio: 60 }
const settle = Number(process.env.PARVIS_SETTLE ?? 20_000)
const span = Number(process.env.PARVIS_SPAN ?? 20_000)
const patience = 60_000

const devices = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
]

const wait = (ms) => new Promise((done) => setTimeout(done, ms))

/** In a page: devices that show and say the time, and what looks and listens. */
function instruments() {
  const [columns, rows, bits] = [8, 4, 20]
  const now = () => performance.timeOrigin + performance.now()
  const check = (value) => Math.imul(value ^ 0x5bd1e, 0x9e3779b1) >>> 20
  const script = `
    class Mouth extends AudioWorkletProcessor {
      process(_, [[out]]) {
        const at = currentFrame % sampleRate
        for (let i = 0; i < out.length; i++)
          out[i] = at + i < sampleRate / 50 ? 0.8 * Math.sin(((at + i) * 2 * Math.PI * 1500) / sampleRate) : 0
        return true
      }
    }
    class Ear extends AudioWorkletProcessor {
      quiet = 0
      process([[heard]]) {
        if (!heard) return true
        const loud = heard.some((value) => Math.abs(value) > 0.2)
        if (loud && this.quiet > sampleRate / 5) this.port.postMessage(Date.now())
        this.quiet = loud ? 0 : this.quiet + heard.length
        return true
      }
    }
    registerProcessor("mouth", Mouth)
    registerProcessor("ear", Ear)`
  const load = (context) =>
    context.audioWorklet.addModule(
      URL.createObjectURL(new Blob([script], { type: "text/javascript" })),
    )

  window.spoken = []
  window.heard = []
  window.seen = []

  const camera = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 })
    const context = canvas.getContext("2d", { alpha: false })
    setInterval(() => {
      const value = Math.round(now()) % (1 << bits)
      const sum = check(value)
      for (let cell = 0; cell < columns * rows; cell++) {
        const bit = cell < bits ? (value >> cell) & 1 : (sum >> (cell - bits)) & 1
        context.fillStyle = bit ? "#fff" : "#000"
        const [x, y] = [cell % columns, Math.floor(cell / columns)]
        context.fillRect(x * 80, y * 90, 80, 90)
      }
    }, 1000 / 15)
    return canvas.captureStream().getVideoTracks()[0]
  }
  const microphone = async () => {
    const context = new AudioContext({ sampleRate: 48_000 })
    await load(context)
    const to = context.createMediaStreamDestination()
    const mouth = new AudioWorkletNode(context, "mouth", { numberOfInputs: 0 })
    mouth.connect(to)
    return to.stream.getAudioTracks()[0]
  }
  window.devices = async ({ audio, video }) =>
    new MediaStream([...(audio ? [await microphone()] : []), ...(video ? [camera()] : [])])

  const connect = AudioNode.prototype.connect
  const listen = async (node, hear) => {
    await load(node.context)
    const ear = new AudioWorkletNode(node.context, "ear", { numberOfOutputs: 0 })
    ear.port.onmessage = ({ data }) => hear(data)
    connect.call(node, ear, 0)
  }
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to === this.context.destination) void listen(this, (at) => window.heard.push(at))
    return connect.call(this, to, ...rest)
  }
  const source = AudioContext.prototype.createMediaStreamSource
  AudioContext.prototype.createMediaStreamSource = function (stream) {
    const made = source.call(this, stream)
    void listen(made, (at) => window.spoken.push(at))
    return made
  }

  /** Looks at something that shows the camera, each time the page is drawn. */
  window.look = (find) => {
    const small = new OffscreenCanvas(160, 90).getContext("2d", { willReadFrequently: true })
    let last = -1
    const again = () => {
      requestAnimationFrame(again)
      const shown = find()
      if (!shown) return
      small.drawImage(shown, 0, 0, 160, 90)
      const at = now()
      const { data } = small.getImageData(0, 0, 160, 90)
      let [value, sum] = [0, 0]
      for (let cell = 0; cell < columns * rows; cell++) {
        const [x, y] = [(cell % columns) * 20 + 10, Math.floor(cell / columns) * 22.5 + 11]
        const bit = data[4 * (160 * Math.floor(y) + x)] > 127 ? 1 : 0
        if (cell < bits) value |= bit << cell
        else sum |= bit << (cell - bits)
      }
      if (sum !== check(value) || value === last) return
      last = value
      window.seen.push(((at % (1 << bits)) - value + (1 << bits)) % (1 << bits))
    }
    again()
  }
}

/** In a page: uses the devices of the instruments instead of the browser's. */
function replace() {
  navigator.mediaDevices.getUserMedia = window.devices
}

/** In a page: looks without a call. */
async function alone() {
  const stream = await window.devices({ audio: false, video: true })
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 })
  document.body.append(canvas)
  const shown = canvas.getContext("2d", { alpha: false })
  window.look(() => canvas)
  const [track] = stream.getVideoTracks()
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader()
  void (async () => {
    for (;;) {
      const { value } = await reader.read()
      shown.drawImage(value, 0, 0)
      value.close()
    }
  })()
}

/** How long after it was said each sound was heard. */
const delays = (spoken, heard) =>
  heard.flatMap((at) => {
    const said = spoken.findLast((time) => time <= at)
    return said === undefined || at - said > 900 ? [] : [at - said]
  })

const clear = () => {
  window.seen = []
  window.heard = []
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const high = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)]

/** What a page saw and heard within a while of what another one showed and said. */
async function measure(from, to) {
  await to.evaluate(clear)
  await wait(span)
  const { seen, heard } = await to.evaluate(() => ({ seen: window.seen, heard: window.heard }))
  return { video: seen, audio: delays(await from.evaluate(() => window.spoken), heard) }
}

/** A browser whose pages have the instruments. */
const instrumented = (browser, ...scripts) => ({
  newContext: async (options) => {
    const context = await browser.newContext({ ...options, bypassCSP: true })
    for (const script of scripts) await context.addInitScript(script)
    return context
  },
})

if (!program) throw new Error("PARVIS_BIN names the program")
const browser = await launch(undefined, devices)
const w = words.en
const [ana, ben] = [
  await Person.start(instrumented(browser, instruments, replace), program, w),
  await Person.start(instrumented(browser, instruments), program, w),
]
let missed = false
try {
  const page = await (await instrumented(browser, instruments).newContext({})).newPage()
  await page.goto(`${new URL(ana.node.url).origin}/`)
  await page.evaluate(alone)
  await wait(3000)
  const plain = await measure(page, page)
  await page.close()

  await ana.button(w.create).click()
  await ana.field(w.workspaceName).fill("Calls")
  await ana.field(w.yourName).fill("Ana")
  await ana.button(w.createButton).click()
  await ana.savePaper()
  await ana.field(w.message("general")).waitFor({ timeout: patience })
  await ben.button(w.joinWith).click()
  await ben.field(w.link).fill(await invitation(program, ana.node))
  await ben.field(w.yourName).fill("Ben")
  await ben.button(w.joinButton, true).click()
  await ben.field(w.message("general")).waitFor({ timeout: patience })
  for (const [person, how] of [
    [ana, "Start call"],
    [ben, "Join call"],
  ]) {
    await person.button(how, true).click({ timeout: patience })
    const dialog = person.page.getByRole("dialog", { name: how })
    await dialog.getByRole("button", { name: how, exact: true }).click()
    await person.button("Leave call", true).waitFor({ timeout: patience })
  }
  await ben.page.evaluate(() =>
    window.look(() =>
      document.querySelector(
        '[aria-label="Participants"] figure[aria-label="Ana"] :is(canvas, video)',
      ),
    ),
  )
  await until("pictures and sound", () =>
    ben.page.evaluate(() => window.seen.length > 15 && window.heard.length > 1),
  )
  await wait(settle)
  const call = await measure(ana.page, ben.page)
  console.log("| added to | median | 95th | bar | browser alone | in the call | samples |")
  console.log("|---|---|---|---|---|---|---|")
  for (const [kind, bar] of Object.entries(bars)) {
    const [base, all] = [kind === "video" ? median(plain.video) : 0, call[kind]]
    const added = median(all) - base
    missed ||= !(added <= bar)
    const ms = (value) => `${value.toFixed(0)} ms`
    console.log(
      `| ${kind} | ${ms(added)} | ${ms(high(all) - base)} | ${ms(bar)} | ${ms(base)} | ${ms(median(all))} | ${all.length} |`,
    )
    if (!(added <= bar)) console.log(`MISSED: ${kind} comes ${ms(added)} later`)
  }
} finally {
  await Promise.all([ana.close(), ben.close()])
  await browser.close()
}
process.exitCode = missed ? 1 : 0
