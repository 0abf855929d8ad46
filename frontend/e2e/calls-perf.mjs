import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { command, invitation, until } from "./call-tools.mjs"
import { writeCamera } from "./camera.mjs"
import { Node } from "./node.mjs"
import { Browser, spent } from "./perf-browser.mjs"
import { Person } from "./person.mjs"
import { words } from "./words.mjs"

// What a call costs the computer of one participant, beside the same call as a plain mesh of
// RTCPeerConnections in the same browser: 640×360, 15 pictures a second, the others generated.
// The processor time is that of the whole browser and, for ours, of the program behind it.
// Both take pictures of the same camera and show those of the others in the same places. In a mesh
// all go in full size; ours ask for the small layer where a tile has no more pixels than that, as
// with eight people in a window of this size, and send only what somebody asks for. It begins when
// all is so; sizes and bit rates are printed. Nobody debugs the browser meanwhile.
// From five people on one of them forwards. When that is this one, it is measured, but not judged,
// and measured again with another one.
// Usage: node e2e/calls-perf.mjs; PARVIS_BIN names the program, PARVIS_MESH media/mediatest/mesh.
// PARVIS_PEOPLE: how many, with commas between. PARVIS_CAMERA=flat: Chromium's own picture, which
// hardly costs an encoder anything. PARVIS_THREADS=1: also what each thread takes.
// PARVIS_SIDE: only "ours" or "mesh", for who works on one of them.
const program = process.env.PARVIS_BIN
const mesh = process.env.PARVIS_MESH
const flat = process.env.PARVIS_CAMERA === "flat"
const side = process.env.PARVIS_SIDE
const sizes = (process.env.PARVIS_PEOPLE ?? "2,4,8").split(",").map(Number)
/** The bar: ours beside the mesh at the greatest size. */
const bar = 0.6
/** So many send to each by itself. */
const direct = 4
const settle = 8_000
const span = 20_000
const patience = 60_000
/** Bits per second of a large picture: what the program's pages send. */
const bitrate = 700_000

const full = "640×360"
/** The small layer, and how high a tile may be in which it is shown. */
const small = { size: "320×180", height: 200 }

const wait = (ms) => new Promise((done) => setTimeout(done, ms))

const devices = (camera) => [
  `--use-fake-device-for-media-stream=fps=15`,
  ...(flat ? [] : [`--use-file-for-fake-video-capture=${camera}`]),
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
]

/** Processor time per second of processes, over a while with nobody looking; 1 is one core. */
async function load(browser, pids, counted) {
  await browser.leave()
  await wait(settle)
  await browser.attend()
  const before = await counted()
  await browser.leave()
  const [spentBefore, begin] = [await spent(pids), performance.now()]
  await wait(span)
  const [spentAfter, seconds] = [await spent(pids), (performance.now() - begin) / 1000]
  await browser.attend()
  const after = await counted()
  // What is counted runs on while the browser is attended to.
  const share = (name) => (after[name] - before[name]) / ((after.at - before.at) / 1000)
  const per = [...spentAfter].map(([name, value]) => [
    name,
    (value - (spentBefore.get(name) ?? value)) / seconds,
  ])
  const cores = per.filter(([name]) => name.startsWith("pid ")).reduce((sum, [, v]) => sum + v, 0)
  if (process.env.PARVIS_THREADS)
    console.log(
      per
        .filter(([name, value]) => !name.startsWith("pid ") && value > 0.004)
        .sort(([, one], [, other]) => other - one)
        .map(([name, value]) => `    ${(100 * value).toFixed(1).padStart(5)} % ${name}`)
        .join("\n"),
    )
  return {
    cores,
    encoded: share("encoded"),
    decoded: share("decoded"),
    kbps: (share("bytes") * 8) / 1000,
    sent: after.sent,
    got: after.got,
  }
}

/** What the page does in a mesh: a connection to every other participant, a video for each box. */
async function joinMesh({ boxes, bitrate }) {
  const place = (element, { x, y, width, height }, objectFit) =>
    Object.assign(element.style, {
      position: "fixed",
      objectFit,
      left: `${x}px`,
      top: `${y}px`,
      width: `${width}px`,
      height: `${height}px`,
    })

  const stream = await navigator.mediaDevices.getUserMedia({
    audio: true,
    video: { width: 640, height: 360, frameRate: 15 },
  })
  const own = document.createElement("video")
  Object.assign(own, { srcObject: stream, autoplay: true, muted: true })
  place(own, boxes[0], "cover")
  document.body.append(own)
  window.peers = await Promise.all(
    boxes.slice(1).map(async (box) => {
      const peer = new RTCPeerConnection()
      peer.ontrack = ({ track }) => {
        const element = document.createElement(track.kind)
        Object.assign(element, { srcObject: new MediaStream([track]), autoplay: true })
        place(element, box, "contain")
        document.body.append(element)
      }
      for (const track of stream.getTracks()) peer.addTrack(track, stream)
      const transceiver = peer
        .getTransceivers()
        .find(({ sender }) => sender.track?.kind === "video")
      const { codecs } = RTCRtpReceiver.getCapabilities("video")
      transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType === "video/VP8"))
      const parameters = transceiver.sender.getParameters()
      parameters.degradationPreference = "maintain-resolution"
      parameters.encodings[0].maxBitrate = bitrate
      await transceiver.sender.setParameters(parameters)
      await peer.setLocalDescription(await peer.createOffer())
      if (peer.iceGatheringState !== "complete")
        await new Promise((done) => {
          peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done()
        })
      const answer = await fetch("offer", {
        method: "POST",
        body: JSON.stringify(peer.localDescription),
      })
      if (!answer.ok) throw new Error(await answer.text())
      await peer.setRemoteDescription(await answer.json())
      return peer
    }),
  )
}

/** Pictures that the connections of a mesh have encoded and decoded so far, and how large. */
async function countMesh() {
  const counts = { encoded: 0, decoded: 0, bytes: 0, at: performance.now() }
  const [sent, got] = [new Set(), new Set()]
  for (const peer of window.peers)
    for (const report of (await peer.getStats()).values()) {
      if (report.kind !== "video") continue
      const size = `${report.frameWidth}×${report.frameHeight}`
      if (report.type === "outbound-rtp") {
        counts.encoded += report.framesEncoded ?? 0
        counts.bytes += (report.bytesSent ?? 0) / window.peers.length
        sent.add(size)
      }
      if (report.type === "inbound-rtp") {
        counts.decoded += report.framesDecoded ?? 0
        got.add(size)
      }
    }
  return { ...counts, sent: [...sent].join(" "), got: [...got].join(" ") }
}

async function ofMesh(camera, boxes) {
  const others = spawn(mesh, { stdio: ["ignore", "pipe", "inherit"] })
  const browser = await Browser.start(devices(camera))
  try {
    const url = await new Promise((done) =>
      createInterface({ input: others.stdout }).once("line", done),
    )
    await browser.page.goto(url)
    await browser.page.evaluate(joinMesh, { boxes, bitrate })
    return await load(browser, [browser.pid], () => browser.page.evaluate(countMesh))
  } finally {
    await browser.close()
    others.kill()
  }
}

/** Counts what a worker encodes and decodes of pictures, and says it to who asks. */
function count() {
  const counts = { encoded: 0, decoded: 0, bytes: 0 }
  const sizes = new Set()
  const wrap = (type, method, note) => {
    const real = type.prototype[method]
    type.prototype[method] = function (...values) {
      note.call(this, ...values)
      return real.apply(this, values)
    }
  }
  const size = Symbol()
  wrap(VideoEncoder, "configure", function ({ width, height }) {
    this[size] = `${width}×${height}`
  })
  wrap(VideoEncoder, "encode", function () {
    counts.encoded++
    sizes.add(this[size])
  })
  wrap(VideoDecoder, "decode", () => counts.decoded++)
  wrap(EncodedVideoChunk, "copyTo", function () {
    counts.bytes += this.byteLength
  })
  const line = new BroadcastChannel("counts")
  line.onmessage = () => {
    line.postMessage({ ...counts, at: performance.now(), sent: [...sizes].join(" ") })
    sizes.clear()
  }
}

/**
 * What the worker of a page has counted so far, how large the pictures were that it encoded since
 * it was asked last, and how large those of the others are.
 */
async function counted(page) {
  const counts = await page.evaluate(async () => {
    const line = new BroadcastChannel("counts")
    const answer = new Promise((done) => (line.onmessage = ({ data }) => done(data)))
    line.postMessage("ask")
    return await answer.finally(() => line.close())
  })
  const sizes = (await shown(page)).map(({ size }) => size)
  return { ...counts, got: [...new Set(sizes)].join(" ") }
}

/** How large the pictures are that come to the tiles of the others, and how high they are shown. */
const shown = (page) =>
  page
    .getByRole("group", { name: "Participants" })
    .getByRole("figure")
    .filter({ hasNotText: "(you)" })
    .evaluateAll((tiles) =>
      tiles.map((tile) => {
        const picture = tile.querySelector("video, canvas")
        const { videoWidth, videoHeight, width, height } = picture
        const box = picture.getBoundingClientRect()
        return {
          size: `${videoWidth ?? width}×${videoHeight ?? height}`,
          height: Math.min(box.height, (box.width * 9) / 16),
        }
      }),
    )

async function ofParvis(camera, people) {
  const browser = await Browser.start(devices(camera))
  const w = words.en
  const nodes = []
  try {
    const ana = await Person.start(browser, program, w)
    nodes.push(ana.node)
    ana.page.on("worker", (worker) => worker.evaluate(count).catch(() => {}))
    await ana.button(w.create).click()
    await ana.field(w.workspaceName).fill("Calls")
    await ana.field(w.yourName).fill("Ana")
    await ana.button(w.createButton).click()
    await ana.savePaper()
    await ana.field(w.message("general")).waitFor({ timeout: patience })
    const link = await invitation(program, ana.node, people)
    await ana.button("Start call", true).click()
    const dialog = ana.page.getByRole("dialog", { name: "Start call" })
    await dialog.getByRole("button", { name: "Start call", exact: true }).click()
    await ana.button("Leave call", true).waitFor({ timeout: patience })
    const [call] = (await command(program, ana.node, "call", "list")).calls
    for (let other = 1; other < people; other++) {
      const node = await Node.start(program)
      nodes.push(node)
      await command(program, node, "join", link, "--as", `Other ${other}`)
      await until("the call", async () => (await command(program, node, "call", "list")).calls[0])
      await command(program, node, "call", "join", call.id, "--media", "test")
    }
    const tiles = ana.page.getByRole("group", { name: "Participants" }).getByRole("figure")
    await tiles.nth(people - 1).waitFor({ timeout: patience })
    const settled = async () => {
      const right = (await shown(ana.page)).every(
        ({ size, height }) => size === (height > small.height ? full : small.size),
      )
      return right
    }
    await until("pictures of the right sizes", settled, patience).catch(() =>
      console.log(
        "Not all pictures have the right size; this computer is too busy to compare them.",
      ),
    )
    const boxes = await tiles.evaluateAll((all) =>
      all
        .sort((a, b) => !!b.querySelector(".mirrored") - !!a.querySelector(".mirrored"))
        .map((tile) => tile.getBoundingClientRect().toJSON()),
    )
    const through = await tiles.filter({ hasText: "’s computer" }).count()
    const ours = await load(browser, [browser.pid, ana.node.pid], () => counted(browser.page))
    return { ...ours, boxes, forwards: people > direct && through === 0 }
  } finally {
    await browser.close()
    await Promise.all(nodes.map((node) => node.close()))
  }
}

if (!program || !mesh) throw new Error("PARVIS_BIN and PARVIS_MESH name what is compared")
const folder = await mkdtemp(join(tmpdir(), "parvis-camera-"))
const camera = join(folder, "camera.y4m")
let share = 0
try {
  if (!flat) await writeCamera(camera)
  console.log(
    "| people | ours, cores | mesh, cores | ours / mesh | encoded/s | kbit/s | decoded/s |",
  )
  console.log("|---|---|---|---|---|---|---|")
  for (const people of sizes) await compare(people)
} finally {
  await rm(folder, { recursive: true, force: true })
}
if (share > bar)
  console.log(`MISSED: ${sizes.at(-1)} people cost ${(100 * share).toFixed(0)} % of the mesh`)
process.exitCode = share > bar ? 1 : 0

/** Measures both and prints a line. */
async function compare(people) {
  const nothing = { cores: 0, encoded: 0, decoded: 0, kbps: 0, sent: "", got: "" }
  let ours = { ...nothing, boxes: even(people) }
  while (side !== "mesh") {
    ours = await ofParvis(camera, people)
    if (!ours.forwards) break
    console.log(`${people} people, and it forwards: ${ours.cores.toFixed(2)} cores`)
  }
  const plain = side === "ours" ? nothing : await ofMesh(camera, ours.boxes)
  share = ours.cores / plain.cores
  const both = (tell) => `${tell(ours)}, mesh ${tell(plain)}`
  const cells = [
    people,
    ours.cores.toFixed(2),
    plain.cores.toFixed(2),
    `${(100 * share).toFixed(0)} %`,
    both(({ encoded, sent }) => `${encoded.toFixed(1)} of ${sent}`),
    both(({ kbps }) => kbps.toFixed(0)),
    both(({ decoded, got }) => `${decoded.toFixed(1)} of ${got}`),
  ]
  console.log(`| ${cells.join(" | ")} |`)
}

/** Where the pictures of 8 people are, about. */
function even(people) {
  const across = Math.ceil(Math.sqrt(people))
  return Array.from({ length: people }, (_, at) => ({
    x: 340 + (at % across) * Math.floor(936 / across),
    y: 113 + Math.floor(at / across) * Math.floor(429 / Math.ceil(people / across)),
    width: Math.floor(936 / across) - 8,
    height: Math.floor(429 / Math.ceil(people / across)) - 8,
  }))
}
