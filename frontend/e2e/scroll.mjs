import { fileURLToPath } from "node:url"
import { launch } from "./browser.mjs"
import { servePreview } from "./preview.mjs"

// Scrolls a conversation of ten thousand messages, held by a program in memory, and measures
// frames in two ways: the time between them, which also counts what else the machine does, and
// the time that the page's own thread computed in each, which is what the page can answer for.
const messages = 10_000
const longest = 32
/** Of a processor that nobody else uses, a program that only computes gets more than this. */
const quiet = 0.9
const passes = [
  { name: "reading down", frames: 240, step: 30 },
  { name: "fast down", frames: 360, step: 120 },
  { name: "very fast down", frames: 120, step: 400 },
  { name: "fast up", frames: 360, step: -120 },
]

export async function scroll(browser) {
  const server = await servePreview()
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: "en-GB" })
  try {
    await page.goto(`${server.url}/preview.html?messages=${messages}`)
    await loadAll(page)
    let share = processorShare()
    const between = []
    const computed = []
    for (const pass of passes) {
      await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline"] })
      const times = await page.evaluate(move, pass)
      const busy = busyPerFrame(JSON.parse((await browser.stopTracing()).toString()).traceEvents)
      const rows = await page.evaluate(shown)
      if (!rows.every(({ top }, i) => i === 0 || top > rows[i - 1].top) || !distinct(rows))
        throw new Error(`after ${pass.name} rows are not in order: ${JSON.stringify(rows)}`)
      between.push(...times)
      computed.push(...busy)
      console.log(`      ${pass.name}: frames ${line(times)}; computed ${line(busy)}`)
    }
    share = Math.min(share, processorShare())
    const long = between.filter((time) => time > longest).length
    const heavy = computed.filter((time) => time > longest).length
    console.log(
      `      all: frames ${line(between)}, ${long} over ${longest} ms; computed ${line(computed)}, ${heavy} over ${longest} ms`,
    )
    if (heavy > 0) throw new Error(`${heavy} frames computed more than ${longest} ms`)
    if (long > 0 && share >= quiet) throw new Error(`${long} frames took more than ${longest} ms`)
    if (long > 0) {
      const percent = Math.round(share * 100)
      console.log(
        `      others use the machine (a program gets ${percent} % of a processor): the time computed decides`,
      )
    }
  } finally {
    await page.close()
    server.close()
  }
}

async function loadAll(page) {
  const log = page.getByRole("log", { name: "Messages" })
  await log.getByRole("article").last().waitFor()
  const started = Date.now()
  while (!(await page.getByText("The beginning of general").isVisible())) {
    await log.evaluate((element) => (element.scrollTop = 0))
    await page.waitForTimeout(20)
    if (Date.now() - started > 180_000) throw new Error("the first message was not reached")
  }
  await log.evaluate((element) => (element.scrollTop = 0))
  await page.waitForTimeout(500)
}

/** How much of a processor this program gets while it computes. */
function processorShare() {
  const started = performance.now()
  const before = process.cpuUsage()
  while (performance.now() - started < 400);
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / (performance.now() - started)
}

/** Runs in the page: scrolls by `step` pixels per frame and returns the time between frames. */
const move = ({ frames, step }) =>
  new Promise((done) => {
    const log = document.querySelector("[role=log]")
    let position = log.scrollTop
    const times = []
    let last = 0
    const frame = (now) => {
      if (last) times.push(now - last)
      last = now
      if (step) log.scrollTop = position += step
      if (times.length < frames) requestAnimationFrame(frame)
      else done(times)
    }
    requestAnimationFrame(frame)
  })

/** Runs in the page: the rows as a screen reader meets them. */
const shown = () =>
  [...document.querySelectorAll("[role=log] [data-message]")].map((row) => ({
    id: row.dataset.message,
    text: row.textContent,
    top: row.getBoundingClientRect().top,
  }))

const distinct = (rows) =>
  new Set(rows.map(({ id }) => id)).size === rows.length &&
  new Set(rows.map(({ text }) => text)).size > rows.length / 2

/** Milliseconds of processor time of the page's thread, from one frame's start to the next one's. */
function busyPerFrame(events) {
  const starts = events
    .filter((event) => event.name === "FireAnimationFrame")
    .sort((a, b) => a.ts - b.ts)
  const thread = starts[0]?.tid
  const tasks = events.filter(
    (event) =>
      event.tid === thread &&
      event.pid === starts[0].pid &&
      /RunTask$/.test(event.name) &&
      event.tdur,
  )
  const outer = []
  for (const task of tasks.sort((a, b) => a.ts - b.ts || b.dur - a.dur)) {
    const last = outer.at(-1)
    if (!last || task.ts >= last.ts + last.dur) outer.push(task)
  }
  const frames = starts.map(() => 0)
  let at = 0
  for (const task of outer) {
    // The task that fires the frame began before the event inside it.
    while (at + 1 < starts.length && starts[at + 1].ts < task.ts + task.dur) at++
    frames[at] += task.tdur / 1000
  }
  return frames.slice(1, -1)
}

const quantile = (times, q) => {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}

const line = (times) =>
  `median ${quantile(times, 0.5).toFixed(1)}, p99 ${quantile(times, 0.99).toFixed(1)}, max ${quantile(times, 1).toFixed(1)} ms`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const browser = await launch()
  try {
    await scroll(browser)
  } finally {
    await browser.close()
  }
}
