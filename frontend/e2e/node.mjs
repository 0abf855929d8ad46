import { spawn } from "node:child_process"
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

/** How long a node may take to be ready. Milliseconds. */
const patience = 30_000

/** Where tests keep the compiled document engine: a node takes seconds to compile it. */
const compiled = fileURLToPath(new URL("../../build/cache/engine", import.meta.url))
await mkdir(compiled, { recursive: true, mode: 0o700 })

/** A running program with its own data folder. */
export class Node {
  #process
  #data
  #run

  /** Starts "serve" with more flags, or what else takes a data folder and says when it is ready. */
  static async start(program, { flags = [], command } = {}) {
    const node = new Node()
    node.#data = await mkdtemp(join(tmpdir(), "parvis-e2e-"))
    await symlink(compiled, join(node.#data, "engine"))
    const serve = command ?? ["serve", "--unprotected", "--no-mdns", ...flags]
    node.#run = () =>
      spawn(program, [...serve, "--data", node.#data], {
        stdio: [command ? "pipe" : "ignore", "pipe", "pipe"],
      })
    await node.again()
    return node
  }

  /** Starts the program with the data that it has, once it has ended. */
  async again() {
    const process = this.#run()
    this.#process = process
    let log = ""
    process.stderr.on("data", (text) => (log = (log + text).slice(-4000)))
    const line = await new Promise((done, fail) => {
      const timer = setTimeout(
        () => fail(new Error(`the program was not ready in time\n${log}`)),
        patience,
      )
      process.once("exit", (code) => fail(new Error(`the program ended with ${code}\n${log}`)))
      createInterface({ input: process.stdout }).once("line", (text) => {
        clearTimeout(timer)
        done(text)
      })
    })
    this.url = JSON.parse(line).ui
  }

  get pid() {
    return this.#process.pid
  }

  /** The data folder, by which commands find the program. */
  get data() {
    return this.#data
  }

  /** Writes a line to the program. */
  tell(line) {
    this.#process.stdin.write(`${line}\n`)
  }

  /** Ends the program as a crash would. */
  kill() {
    this.#process.kill("SIGKILL")
  }

  /** Ends the program as its user would. */
  async stop() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((done) => this.#process.once("exit", done))
      this.#process.kill("SIGTERM")
      const timer = setTimeout(() => this.#process.kill("SIGKILL"), 5_000)
      await ended
      clearTimeout(timer)
    }
  }

  async close() {
    await this.stop()
    await rm(this.#data, { recursive: true, force: true })
  }
}
