import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

/** How long a node may take to be ready. Milliseconds. */
const patience = 30_000

/** A running program with its own data folder. */
export class Node {
  #process
  #data

  static async start(program) {
    const node = new Node()
    node.#data = await mkdtemp(join(tmpdir(), "parvis-e2e-"))
    const process = spawn(program, ["serve", "--unprotected", "--data", node.#data, "--no-mdns"], {
      stdio: ["ignore", "pipe", "pipe"],
    })
    node.#process = process
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
    node.url = JSON.parse(line).ui
    return node
  }

  /** The data folder, by which commands find the program. */
  get data() {
    return this.#data
  }

  /** Ends the program as a crash would. */
  kill() {
    this.#process.kill("SIGKILL")
  }

  async close() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((done) => this.#process.once("exit", done))
      this.#process.kill("SIGTERM")
      const timer = setTimeout(() => this.#process.kill("SIGKILL"), 5_000)
      await ended
      clearTimeout(timer)
    }
    await rm(this.#data, { recursive: true, force: true })
  }
}
