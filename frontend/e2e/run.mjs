import { launch } from "./browser.mjs"
import { Report } from "./report.mjs"
import { screens } from "./screens.mjs"
import { scroll } from "./scroll.mjs"
import { talk } from "./talk.mjs"

// PARVIS_BIN names the program under test. Only the parts whose name is given run: talk, screens, scroll.
const program = process.env.PARVIS_BIN
const chosen = process.argv.slice(2)
const runs = (name) => chosen.length === 0 || chosen.includes(name)

const report = new Report()
const browser = await launch()
try {
  if (runs("talk")) {
    if (!program)
      await report.step("PARVIS_BIN names the program", () =>
        Promise.reject(new Error("it is not set")),
      )
    else {
      await talk(report, browser, program, "en")
      await talk(report, browser, program, "fr")
    }
  }
  if (runs("screens")) await screens(report, browser)
  if (runs("scroll"))
    await report.step("10,000 messages scroll without a long frame", () => scroll(browser))
} catch (error) {
  await report.step("the test itself", () => Promise.reject(error))
} finally {
  await browser.close()
}
process.exitCode = report.end()
