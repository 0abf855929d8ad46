import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { readFile } from "node:fs/promises"
import { extname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"
import { launch } from "./browser.mjs"
import {
  longDocument,
  once,
  picture,
  rivalDocuments,
  traceDocument,
  traceEdits,
} from "./editor-documents.mjs"
import { policy } from "./static.mjs"

// Measures the editor over two documents: the finished trace of the Automerge paper (260,000
// keystrokes) and 300 pages with 200 images. Beside it Yjs and JS Automerge on the same trace.
// Usage: node e2e/editor-perf.mjs [--json file]; PARVIS_TRACE names the trace.
const home = fileURLToPath(new URL("..", import.meta.url))
const trace =
  process.env.PARVIS_TRACE ??
  fileURLToPath(new URL("../../crdt/doc/doctest/testdata/automerge-paper.json.gz", import.meta.url))
const out = process.env.PARVIS_OUT ?? `${home}/test-results/editor`
const documents = process.env.PARVIS_DOCUMENTS ?? `${home}/test-results/editor-documents`

/** The bars, in milliseconds. */
const bars = { open: 1500, remote: 50, typing: 16, echo: 50 }

/** What a node takes to make the picture of the trace: TestTraceThroughTheNode -whole of app/docs. */
const nodeMs = Number(process.env.PARVIS_PICTURE_MS ?? 1000)

const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".png": "image/png",
  ".wasm": "application/wasm",
  ".json": "application/json",
}

/** Serves the built page and the documents under the program's policy. */
async function serve() {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname)
    for (const folder of [out, documents])
      try {
        const body = await readFile(join(folder, path))
        const security = policy.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
        response.writeHead(200, {
          "content-type": types[extname(path)] ?? "application/octet-stream",
          "content-security-policy": security,
        })
        return response.end(body)
      } catch {
        continue
      }
    response.writeHead(404).end()
  })
  await new Promise((done) => server.listen(0, "127.0.0.1", done))
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

function prepare() {
  execFileSync("npx", ["vite", "build", "-c", "vite.editor.config.ts", "--logLevel", "error"], {
    cwd: home,
    env: { ...process.env, PARVIS_OUT: out },
    stdio: ["ignore", "ignore", "inherit"],
  })
  const { edits } = traceEdits(trace)
  let rivals
  const rival = (name) => () => (rivals ??= rivalDocuments(edits))[name]
  once(documents, "trace.automerge", () => traceDocument(edits, 1))
  once(documents, "batched.automerge", () => traceDocument(edits, 20))
  once(documents, "pages.automerge", longDocument)
  once(documents, "trace.yjs", rival("yjs"))
  once(documents, "rival.automerge", rival("automerge"))
  for (let image = 10; image < 19; image++)
    once(documents, `image-${image}.png`, () => picture(image - 9))
}

async function visit(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: "en-GB" })
  page.on("pageerror", (error) => console.log("      page:", error.message))
  page.on(
    "console",
    (message) => message.type() === "error" && console.log("      page:", message.text()),
  )
  await page.goto(url)
  return page
}

/** Counts the processor time of the page's thread, whatever else the machine does. */
async function processor(page) {
  const session = await page.context().newCDPSession(page)
  await session.send("Performance.enable", { timeDomain: "threadTicks" })
  const read = async () => {
    const { metrics } = await session.send("Performance.getMetrics")
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1000
  }
  return read
}

async function opened(page) {
  await page.click("#open")
  return page.evaluate(async () => {
    while (!window.measure.opened) await new Promise((done) => setTimeout(done, 5))
    return window.measure.opened
  })
}

/**
 * Opens a document without a picture, with one that the node makes meanwhile and with one of the
 * page, types into it and lets somebody else type.
 */
async function document(browser, url, name, { keys, others, pages = false }) {
  const address = `${url}/editor.html?document=${name}${pages ? "&pages" : ""}`
  let page = await visit(browser, address)
  const cold = await opened(page)
  const paint = await page.evaluate(() => window.measure.paint())
  writeFileSync(`${documents}/${name}.page.json`, JSON.stringify(paint))
  const spans = await page.evaluate(() => window.measure.spans())
  writeFileSync(`${documents}/${name}.node.json`, JSON.stringify(spans))
  await page.close()
  page = await visit(browser, `${address}&paint=node&wait=${nodeMs}`)
  const first = await opened(page)
  await page.close()
  page = await visit(browser, `${address}&paint=page`)
  const used = await processor(page)
  const idle = await used()
  const warm = await opened(page)
  warm.computed = (await used()) - idle
  await page.waitForTimeout(1500)
  const typed = { echo: [], processor: [] }
  for (const share of [0.02, 0.5, 0.98]) {
    await page.evaluate((at) => window.measure.place(at), share)
    await page.waitForTimeout(400)
    await page.evaluate(() => window.measure.echoes())
    for (let n = 0; n < keys / 3; n++) {
      const before = await used()
      await page.keyboard.press(n % 7 === 6 ? "Space" : n % 31 === 30 ? "Enter" : "k")
      await page.evaluate(() => window.measure.settled())
      typed.processor.push((await used()) - before)
    }
    await page.waitForTimeout(200)
    typed.echo.push(...(await page.evaluate(() => window.measure.echoes())))
  }
  const remote = []
  const remoteProcessor = []
  await page.evaluate(() => window.measure.invite())
  for (let n = 0; n < others; n++) {
    await page.evaluate(() => window.measure.prepare())
    const before = await used()
    remote.push(await page.evaluate(() => window.measure.remote()))
    remoteProcessor.push((await used()) - before)
  }
  await page.waitForTimeout(2500)
  const check = await page.evaluate(() => window.measure.check())
  const memory = await page.evaluate(() => window.measure.memory())
  await page.close()
  return { cold, first, warm, typed, remote, remoteProcessor, check, memory }
}

const quantile = (times, q) => {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}
const line = (times) =>
  `median ${quantile(times, 0.5).toFixed(1)}, p95 ${quantile(times, 0.95).toFixed(1)}, p99 ${quantile(times, 0.99).toFixed(1)}, max ${quantile(times, 1).toFixed(1)} ms`

function report(name, { cold, first, warm, typed, remote, remoteProcessor, check }) {
  const ms = (time) => `${Math.round(time)} ms`
  console.log(`  ${name}`)
  console.log(
    `      click to caret ${ms(warm.caret)}, loaded ${ms(warm.loaded)}, longest without an answer ${ms(warm.blocked)}`,
  )
  console.log(
    `      the first time ${ms(first.caret)} (the node makes the picture in ${ms(nodeMs)}), without a picture ${ms(cold.caret)}`,
  )
  console.log(`      opening with a picture takes ${ms(warm.computed)} of the processor`)
  console.log(`      a key: processor until it is painted and sent ${line(typed.processor)}`)
  console.log(`      a key, from the event to the painted frame: ${line(typed.echo)}`)
  console.log(
    `      an edit of somebody else, from its arrival to the painted frame: ${line(remote)}`,
  )
  console.log(`      the same, processor: ${line(remoteProcessor)}`)
  console.log(`      put right ${JSON.stringify(check.healed)}, ${check.status.phase}`)
}

export async function editorPerf(browser) {
  mkdirSync(documents, { recursive: true })
  prepare()
  const server = await serve()
  try {
    const results = {}
    for (const [name, options] of Object.entries({
      trace: { keys: 210, others: 100 },
      batched: { keys: 60, others: 40 },
      pages: { keys: 300, others: 100 },
    })) {
      results[name] = await document(browser, server.url, name, options)
      report(name, results[name])
    }
    const page = await visit(browser, `${server.url}/rivals.html`)
    await page.waitForFunction(() => window.rivals, undefined, { timeout: 60_000 })
    const rivals = await page.evaluate(async () => ({
      yjs: await window.rivals.yjs("trace.yjs", 100),
      automerge: await window.rivals.automerge("rival.automerge", 30),
    }))
    await page.close()
    for (const [name, { load, remote, bytes }] of Object.entries(rivals))
      console.log(
        `  ${name} without a screen: load ${Math.round(load)} ms, an edit of somebody else ${line(remote)}, ${bytes} bytes`,
      )
    return { ...results, rivals }
  } finally {
    server.close()
  }
}

/** What misses the bars. */
export function missed({ trace: t, pages: p }) {
  const rows = [
    ["open the trace", t.warm.caret, bars.open],
    ["open the trace the first time", t.first.caret, bars.open],
    ["open 300 pages", p.warm.caret, bars.open],
    ["remote edit p95, trace", quantile(t.remote, 0.95), bars.remote],
    // What a key costs. How long it waits for the next tick of the display is no work.
    ["key, processor p95, trace", quantile(t.typed.processor, 0.95), bars.typing],
    ["keystroke echo p99, 300 pages", quantile(p.typed.echo, 0.99), bars.echo],
  ]
  return rows
    .filter(([, time, bar]) => time > bar)
    .map(([name, time, bar]) => `${name}: ${time.toFixed(1)} > ${bar} ms`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const browser = await launch()
  try {
    const results = await editorPerf(browser)
    const json = process.argv.indexOf("--json")
    if (json > 0) writeFileSync(process.argv[json + 1], JSON.stringify(results))
    for (const row of missed(results)) console.log(`  MISSED ${row}`)
  } finally {
    await browser.close()
  }
}
