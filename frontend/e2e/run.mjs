import { launch } from "./browser.mjs"
import { docs } from "./docs.mjs"
import { live } from "./live.mjs"
import { Report } from "./report.mjs"
import { screens } from "./screens.mjs"
import { scroll } from "./scroll.mjs"
import { talk } from "./talk.mjs"

// PARVIS_BIN names the program under test. Only the parts whose name is given run: talk, docs, live, screens, scroll.
const program = process.env.PARVIS_BIN
const chosen = process.argv.slice(2)
const runs = (name) => chosen.length === 0 || chosen.includes(name)

const report = new Report()
const browser = await launch()
try {
  for (const [name, part] of [
    ["talk", talk],
    ["docs", docs],
  ]) {
    if (!runs(name)) continue
    if (!program)
      await report.step("PARVIS_BIN names the program", () =>
        Promise.reject(new Error("it is not set")),
      )
    else for (const language of ["en", "fr"]) await part(report, browser, program, language)
  }
  if (runs("live") && program) await live(report, program)
  if (runs("screens")) await screens(report, browser)
  if (runs("scroll"))
    await report.step("10,000 messages scroll without a long frame", () => scroll(browser))
} catch (error) {
  await report.step("the test itself", () => Promise.reject(error))
} finally {
  await browser.close()
}
process.exitCode = report.end()
