import { execFile } from "node:child_process"
import { promisify } from "node:util"

const run = promisify(execFile)

/** Milliseconds. */
const patience = 20_000

/** Runs a command on a node. */
export async function command(program, node, ...args) {
  const { stdout } = await run(program, [...args, "--data", node.data, "--json"])
  return JSON.parse(stdout)
}

/** Waits until something is true. */
export async function until(what, check, limit = patience) {
  const end = Date.now() + limit
  for (;;) {
    const value = await check()
    if (value) return value
    if (Date.now() > end) throw new Error(`not in time: ${what}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

/** A link for some people to join a node's workspace. */
export async function invitation(program, node, uses = 5) {
  const { recovery } = await command(program, node, "recovery", "status")
  if (recovery.paper === "unsaved") {
    const { key } = await command(program, node, "recovery", "show")
    await command(program, node, "recovery", "confirm", ...key.words)
  }
  const made = await command(program, node, "invite", "create", "--uses", String(uses))
  return made.link ?? made.invite?.link ?? made.invitation?.link
}
