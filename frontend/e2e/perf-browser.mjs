import { spawn } from "node:child_process"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { chromium } from "playwright-core"
import { program as chrome } from "./browser.mjs"

const ticks = 100
const flags = [
  "--headless",
  "--remote-debugging-port=0",
  "--window-size=1280,887",
  "--lang=en-US",
  "--mute-audio",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-extensions",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
]

/**
 * A browser that can be left alone: while somebody debugs it, each message of a WebSocket is
 * reported to them, which costs more than much of what is to be measured.
 */
export class Browser {
  #process
  #folder
  #address
  #connected
  #page

  static async start(more) {
    const browser = new Browser()
    browser.#folder = await mkdtemp(join(tmpdir(), "parvis-perf-"))
    const args = [...flags, ...more, `--user-data-dir=${browser.#folder}`, "about:blank"]
    browser.#process = spawn(chrome, args, { stdio: ["ignore", "ignore", "pipe"] })
    browser.#address = await new Promise((done, fail) => {
      browser.#process.once("exit", () => fail(new Error("the browser ended")))
      createInterface({ input: browser.#process.stderr }).on("line", (line) => {
        const found = line.match(/^DevTools listening on (ws:\S+)/)
        if (found) done(found[1])
      })
    })
    await browser.attend()
    return browser
  }

  get pid() {
    return this.#process.pid
  }

  get page() {
    return this.#page
  }

  /** What [Person] wants of a browser. There is one window. */
  async newContext() {
    return this.#connected.contexts()[0]
  }

  async attend() {
    this.#connected = await chromium.connectOverCDP(this.#address)
    const pages = this.#connected.contexts()[0].pages()
    this.#page = pages.find((page) => page.url() !== "about:blank") ?? pages[0]
  }

  /** Nobody looks at it until `attend`. */
  async leave() {
    await this.#connected.close()
  }

  async close() {
    await this.leave().catch(() => {})
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((done) => this.#process.once("exit", done))
      this.#process.kill()
      await ended
    }
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The fields of a stat file behind the name, and the name. */
function parse(text) {
  const end = text.lastIndexOf(")")
  const fields = text.slice(end + 2).split(" ")
  const seconds = (Number(fields[11]) + Number(fields[12])) / ticks
  return { name: text.slice(text.indexOf("(") + 1, end), parent: Number(fields[1]), seconds }
}

const numbers = async (folder) =>
  (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number)

const read = (path) => readFile(path, "utf8").catch(() => "")

/** Processor seconds of processes and all below them that live, by kind of thread. */
export async function spent(roots) {
  const children = new Map()
  for (const pid of await numbers("/proc")) {
    const text = await read(`/proc/${pid}/stat`)
    if (!text) continue
    const { parent } = parse(text)
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const all = new Map()
  for (const queue = [...roots]; queue.length > 0;) {
    const pid = queue.pop()
    queue.push(...(children.get(pid) ?? []))
    const line = (await read(`/proc/${pid}/cmdline`)).replaceAll("\0", " ")
    const kind =
      line.match(/--utility-sub-type=(\w+)/)?.[1] ??
      line.match(/--type=(\S+)/)?.[1] ??
      (line.includes("parvis") && !line.includes("chrom") ? "program" : "browser")
    for (const thread of await numbers(`/proc/${pid}/task`)) {
      const text = await read(`/proc/${pid}/task/${thread}/stat`)
      if (!text) continue
      const { name, seconds } = parse(text)
      const key = kind === "program" ? kind : `${kind} ${name.replace(/\d+$/, "")}`
      all.set(key, (all.get(key) ?? 0) + seconds)
    }
    // Threads that have ended count to the process alone.
    const text = await read(`/proc/${pid}/stat`)
    if (text) all.set(`pid ${pid}`, parse(text).seconds)
  }
  return all
}
