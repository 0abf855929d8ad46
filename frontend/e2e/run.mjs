import { launch } from "./browser.mjs"
import { calls } from "./calls.mjs"
import { callsLine } from "./calls-line.mjs"
import { callsMany } from "./calls-many.mjs"
import { delivery } from "./delivery.mjs"
import { docs } from "./docs.mjs"
import { gallery } from "./gallery.mjs"
import { guest } from "./guest.mjs"
import { live } from "./live.mjs"
import { Report } from "./report.mjs"
import { mainScreens } from "./screens.mjs"
import { callScreens } from "./screens-calls.mjs"
import { deliveryScreens } from "./screens-delivery.mjs"
import { protection } from "./protection.mjs"
import { protectionScreens } from "./screens-protection.mjs"
import { trustScreens } from "./screens-trust.mjs"
import { memberScreens } from "./screens-members.mjs"
import { members } from "./members.mjs"
import { scroll } from "./scroll.mjs"
import { talk } from "./talk.mjs"

// PARVIS_BIN names the program under test. Only the parts whose name is given run; "talk" stands
// for "talk-en" and "talk-fr". With PARVIS_ROWS=2 two rows of parts run beside each other.
const program = process.env.PARVIS_BIN
const chosen = process.argv.slice(2)
const report = new Report()

const inBoth = (name, part) =>
  ["en", "fr"].map((language) => [
    `${name}-${language}`,
    (browser) => ofProgram((path) => part(report, browser, path, language)),
  ])

const ofProgram = (part) =>
  program
    ? part(program)
    : report.step("PARVIS_BIN names the program", () => Promise.reject(new Error("it is not set")))

// Nodes wait, screens compute: a second row takes the last first, so that one of each runs.
const parts = [
  ...inBoth("docs", docs),
  ...inBoth("talk", talk),
  ...inBoth("delivery", delivery),
  ...inBoth("members", members),
  ...inBoth("protection", protection),
  ["live", () => ofProgram((path) => live(report, path))],
  ["calls", () => ofProgram((path) => calls(report, path))],
  ["guest", () => ofProgram((path) => guest(report, path))],
  [
    "scroll",
    (browser) => report.step("10,000 messages scroll without a long frame", () => scroll(browser)),
  ],
  ["screens-calls", (browser) => gallery(report, browser, callScreens)],
  ["screens-delivery", (browser) => gallery(report, browser, deliveryScreens)],
  ["screens-protection", (browser) => gallery(report, browser, protectionScreens)],
  ["screens-trust", (browser) => gallery(report, browser, trustScreens)],
  ["screens-members", (browser) => gallery(report, browser, memberScreens)],
  ["screens-main", (browser) => gallery(report, browser, mainScreens)],
].filter(
  ([name]) =>
    chosen.length === 0 || chosen.some((part) => name === part || name.startsWith(`${part}-`)),
)

// What is too heavy for every run: only those whose whole name is given.
const heavy = [
  ["calls-many", () => ofProgram((path) => callsMany(report, path))],
  ["calls-line", () => ofProgram((path) => callsLine(report, path))],
]
parts.push(...heavy.filter(([name]) => chosen.includes(name)))

/** Runs one part after another, in a browser of its own each. */
async function row(next) {
  for (let part = next(); part; part = next()) {
    const started = performance.now()
    const [name, run] = part
    const browser = await launch()
    try {
      await run(browser)
    } catch (error) {
      await report.step(`the test itself, ${name}`, () => Promise.reject(error))
    } finally {
      await browser.close()
    }
    console.log(`      ${name}: ${Math.round((performance.now() - started) / 1000)} s`)
  }
}

const rows = [() => parts.shift(), () => parts.pop()].slice(0, Number(process.env.PARVIS_ROWS ?? 1))
await Promise.all(rows.map(row))
process.exitCode = report.end()
