import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

/** A super-peer that can be killed and comes back at the same address. */
export class SuperPeer {
  #process

  static async make(program, flags = []) {
    const made = new SuperPeer()
    made.program = program
    made.flags = flags
    made.data = await mkdtemp(join(tmpdir(), "parvis-superpeer-"))
    made.port = await freePort()
    return made
  }

  get pid() {
    return this.#process.pid
  }

  /** Resolves with its first line, in which the set-up code is. */
  start() {
    const at = `/ip4/127.0.0.1/tcp/${this.port}`
    const args = ["superpeer", "--data", this.data, "--listen", at, "--metrics", "", ...this.flags]
    if (existsSync(join(this.data, "superpeer.key"))) args.push("--show-code")
    this.#process = spawn(this.program, args, { stdio: ["ignore", "pipe", "ignore"] })
    return new Promise((done, fail) => {
      this.#process.once("exit", (code) => fail(new Error(`the super-peer ended with ${code}`)))
      createInterface({ input: this.#process.stdout }).once("line", done)
    })
  }

  kill() {
    this.#process?.kill("SIGKILL")
  }

  async close() {
    this.kill()
    await rm(this.data, { recursive: true, force: true })
  }
}

export async function freePort() {
  const server = createServer()
  await new Promise((done) => server.listen(0, "127.0.0.1", done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}
