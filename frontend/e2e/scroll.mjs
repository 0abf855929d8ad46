import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { launch } from "./browser.mjs"
import { serve } from "./static.mjs"

// Scrolls a conversation of ten thousand messages and measures the time between frames.
const messages = 10_000
const longestFrame = 32
const home = fileURLToPath(new URL("..", import.meta.url))

if (!process.argv.includes("--built")) {
  execFileSync("npx", ["vite", "build", "-c", "vite.preview.config.ts", "--logLevel", "error"], {
    cwd: home,
    stdio: "inherit",
  })
}
const server = await serve(`${home}/test-results/preview`)
const browser = await launch()

/** Runs in the page: scrolls `step` pixels per frame and returns the time between frames. */
const pass = ([frames, step]) =>
  new Promise((done) => {
    const log = document.querySelector("[role=log]")
    const times = []
    let last = 0
    let position = log.scrollTop
    const frame = (now) => {
      if (last) times.push(now - last)
      last = now
      log.scrollTop = position += step
      if (times.length < frames) requestAnimationFrame(frame)
      else done(times)
    }
    requestAnimationFrame(frame)
  })

try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: "en-GB" })
  await page.goto(`${server.url}/preview.html?messages=${messages}`)
  const log = page.getByRole("log", { name: "Messages" })
  await log.getByRole("article").last().waitFor()

  const started = Date.now()
  while (!(await page.getByText("The beginning of general").isVisible())) {
    await log.evaluate((element) => (element.scrollTop = 0))
    await page.waitForTimeout(20)
    if (Date.now() - started > 120_000) throw new Error("the beginning was not reached")
  }
  console.log(`${messages} messages loaded in ${((Date.now() - started) / 1000).toFixed(1)} s`)

  const idle = await page.evaluate(pass, [60, 0])
  const passes = [
    ["slow down", 240, 30],
    ["fast down", 400, 120],
    ["very fast down", 240, 600],
    ["fast up", 400, -120],
  ]
  let worst = 0
  const all = []
  console.log(`idle: median ${quantile(idle, 0.5)} ms, max ${quantile(idle, 1)} ms`)
  for (const [name, frames, step] of passes) {
    const times = await page.evaluate(pass, [frames, step])
    all.push(...times)
    worst = Math.max(worst, ...times)
    console.log(`${name}: median ${quantile(times, 0.5)}, p99 ${quantile(times, 0.99)}, max ${quantile(times, 1)} ms`)
  }
  const nodes = await page.evaluate(() => document.querySelectorAll("*").length)
  const long = all.filter((time) => time > longestFrame).length
  console.log(`frames ${all.length}, p99 ${quantile(all, 0.99)} ms, max ${worst.toFixed(1)} ms, over ${longestFrame} ms: ${long}, elements ${nodes}`)
  process.exitCode = long === 0 ? 0 : 1
} finally {
  await browser.close()
  server.close()
}

function quantile(times, q) {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))].toFixed(1)
}
