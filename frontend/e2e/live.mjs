import { execFile, execFileSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { launch, program as chromium } from "./browser.mjs"
import { Node } from "./node.mjs"
import { Person } from "./person.mjs"
import { equal, ok } from "./report.mjs"
import { words } from "./words.mjs"
import { meet, waitUntil, Writer } from "./writer.mjs"

const run = promisify(execFile)

/** How long two people and a program write at once. Seconds. */
const duration = Number(process.env.PARVIS_LIVE_SECONDS ?? 60)
const cuts = 3

/** Three computers on a switch of their own, whose cables can be pulled. */
class Switch {
  #folder = mkdtempSync(join(tmpdir(), "parvis-switch-"))
  #names

  constructor(names) {
    this.#names = Object.fromEntries(names.map((name) => [name, `pv${process.pid}${name}`]))
    const hub = `pv${process.pid}hub`
    this.#names.hub = hub
    ip(`netns add ${hub}`)
    ip(`-n ${hub} link add br0 type bridge`)
    ip(`-n ${hub} link set br0 up`)
    names.forEach((name, i) => {
      const space = this.#names[name]
      ip(`netns add ${space}`)
      ip(`-n ${space} link set lo up`)
      ip(`link add eth0 netns ${space} type veth peer name port${i} netns ${hub}`)
      ip(`-n ${hub} link set port${i} master br0`)
      ip(`-n ${hub} link set port${i} up`)
      ip(`-n ${space} addr add 10.77.0.${i + 1}/24 dev eth0`)
      ip(`-n ${space} link set eth0 up`)
    })
  }

  /** A program that runs on one of the computers. */
  on(name, program) {
    const path = join(this.#folder, `${name}-${program.replaceAll("/", "-")}`)
    writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${this.#names[name]} ${program} "$@"\n`)
    chmodSync(path, 0o700)
    return path
  }

  pull = (name) => ip(`-n ${this.#names[name]} link set eth0 down`)
  plug = (name) => ip(`-n ${this.#names[name]} link set eth0 up`)

  close() {
    for (const space of Object.values(this.#names)) {
      try {
        ip(`netns del ${space}`)
      } catch {
        // It was never made.
      }
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const ip = (line) => execFileSync("ip", line.split(" "), { stdio: "pipe" })

/** Two people in two browsers and a program on a third computer write one document at once. */
export async function live(report, program) {
  let net
  try {
    net = new Switch(["a", "b", "c"])
  } catch (error) {
    console.log(
      `skip  documents: three at once: no networks of its own here (needs root and iproute2): ${error.message}`,
    )
    return
  }
  const open = []
  const keep = (thing) => (open.push(thing), thing)
  try {
    await report.step(
      `documents: two browsers and a program write at once for ${duration} s with ${cuts} cuts`,
      async () => {
        const w = words.en
        const browsers = {}
        for (const name of ["a", "b"]) browsers[name] = keep(await launch(net.on(name, chromium)))
        const ana = new Writer(keep(await Person.start(browsers.a, net.on("a", program), w)))
        const ben = new Writer(keep(await Person.start(browsers.b, net.on("b", program), w)))
        const robot = keep(await Node.start(net.on("c", program)))
        await meet(ana.person, ben.person, w)
        const cli = (node, computer, ...args) =>
          run(net.on(computer, program), [
            "--data",
            node.data,
            "--json",
            "--timeout",
            "120s",
            ...args,
          ])
        const link = JSON.parse((await cli(ana.person.node, "a", "invite", "create")).stdout).invite
          .link
        await cli(robot, "c", "join", link, "--as", "Robot")
        const made = JSON.parse((await cli(robot, "c", "doc", "create", "Shared")).stdout).doc
        await cli(robot, "c", "doc", "append", made.id, "The beginning.")
        for (const person of [ana, ben]) {
          await person.link("Shared").click({ timeout: 30_000 })
          await person.text().getByText("The beginning.").waitFor({ timeout: 30_000 })
        }
        const typed = { A: 0, B: 0, C: 0 }
        const writers = { a: ana, b: ben }
        const part = (duration * 1000) / (cuts + 1)
        for (let round = 0; round <= cuts; round++) {
          const until = Date.now() + part
          const cut = round === 0 ? [] : [["a", "b", "c"][round - 1]]
          for (const name of cut) net.pull(name)
          const plug = setTimeout(() => cut.forEach((name) => net.plug(name)), part * 0.7)
          const said = await Promise.all([
            type(ana, "A", until),
            type(ben, "B", until),
            append(until, (text) => cli(robot, "c", "doc", "append", made.id, text)),
          ])
          clearTimeout(plug)
          cut.forEach((name) => net.plug(name))
          typed.A += said[0]
          typed.B += said[1]
          typed.C += said[2]
          await settle(round, typed, writers, (computer) =>
            cli(
              computer === "c" ? robot : writers[computer].person.node,
              computer,
              "doc",
              "text",
              made.id,
            ),
          )
        }
        console.log(`      letters typed: ${JSON.stringify(typed)}`)
        const complaints = [ana, ben].flatMap(({ person }) => person.complaints)
        equal(complaints.filter((text) => !/404/.test(text)).join("\n"), "", "console")
      },
    )
  } finally {
    for (const thing of open.reverse()) await thing.close().catch?.(() => {})
    net.close()
  }
}

/** Waits until all three have the same, each page shows what its node has, and every letter is there. */
async function settle(round, typed, writers, text) {
  let read = []
  const [patience, begun] = [60_000, Date.now()]
  for (;;) {
    read = (await Promise.all(["a", "b", "c"].map(text))).map(({ stdout }) => JSON.parse(stdout))
    const same = read.every(
      (it) => it.text === read[0].text && it.heads.join() === read[0].heads.join(),
    )
    const whole = Object.entries(typed).every(
      ([letter, count]) => counted(read[0].text, letter) === count,
    )
    if (same && whole) break
    if (Date.now() - begun > patience) {
      const found = read.map((it) =>
        Object.keys(typed)
          .map((letter) => counted(it.text, letter))
          .join("/"),
      )
      throw new Error(
        `after cut ${round}: same ${same}, typed ${Object.values(typed).join("/")}, found ${found.join(" ")}, heads ${read.map((it) => it.heads.length)}`,
      )
    }
    await new Promise((done) => setTimeout(done, 300))
  }
  const want = plain(read[0].text)
  for (const person of Object.values(writers)) {
    let shown = ""
    await waitUntil(
      async () => (shown = plain(await person.words())) === want,
      "the text in the page",
    ).catch(() => {
      equal(shown, want, `after cut ${round}: what the page shows`)
    })
  }
  console.log(
    `      after cut ${round}: ${want.length} characters, the same ${Date.now() - begun} ms after the last key`,
  )
}

const counted = (text, letter) => text.split(letter).length - 1
const plain = (text) => text.replaceAll("\ufffc", "").split("\n").join("\n").trim()

/** Types letters at random places, breaks lines, makes text bold. */
async function type(person, letter, until) {
  let typed = 0
  const { keyboard } = person.page
  await person.text().focus()
  while (Date.now() < until) {
    const chance = Math.random()
    if (chance < 0.6) {
      const count = 1 + Math.floor(Math.random() * 6)
      await keyboard.type(letter.repeat(count), { delay: 20 })
      typed += count
    } else if (chance < 0.7) await keyboard.press("Enter")
    else if (chance < 0.75) await keyboard.press("Control+b")
    else {
      const key = [
        "ArrowUp",
        "ArrowDown",
        "Home",
        "End",
        "ArrowLeft",
        "Control+Home",
        "Control+End",
      ][Math.floor(Math.random() * 7)]
      await keyboard.press(key)
    }
    await new Promise((done) => setTimeout(done, 30))
  }
  return typed
}

/** Adds paragraphs from the terminal. */
async function append(until, add) {
  let typed = 0
  while (Date.now() < until) {
    await add("C".repeat(5))
    typed += 5
  }
  ok(typed > 0, "the program wrote nothing")
  return typed
}
