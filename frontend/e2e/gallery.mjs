import { mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { checkAccessibility, checkColours } from "./axe.mjs"
import { servePreview } from "./preview.mjs"
import { equal, ok } from "./report.mjs"

const shots = fileURLToPath(new URL("../test-results/screens", import.meta.url))

// PARVIS_SCREENS is a pattern for the names of those that are looked at. With PARVIS_SHOTS=none
// they are checked and no pictures are kept.
const pictures = process.env.PARVIS_SHOTS !== "none"
const wanted = new RegExp(process.env.PARVIS_SCREENS ?? "")

/** Opens pages in one language, each as if it were the first. */
class Visitor {
  static async start(browser, locale) {
    const visitor = new Visitor()
    visitor.context = await browser.newContext({ locale })
    // The browser's process of the page, and what it has compiled, live as long as one page does.
    await visitor.context.newPage()
    return visitor
  }

  async open([width, height]) {
    await this.context.setStorageState({ cookies: [], origins: [] })
    const page = await this.context.newPage()
    page.setDefaultTimeout(10_000)
    await page.setViewportSize({ width, height })
    return page
  }
}

/** Keeps a picture of a page and checks it, in both themes. */
async function inBothThemes(page, name) {
  mkdirSync(shots, { recursive: true })
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme })
    if (pictures) {
      await page.waitForTimeout(250)
      await page.screenshot({ path: `${shots}/${name.replace(/\W+/g, "-")}-${theme}.png` })
    }
    await (theme === "light" ? checkAccessibility : checkColours)(page, `${name} ${theme}`)
  }
}

/** Shows screens over a workspace in memory, each in a page of its own. */
export async function gallery(report, browser, show) {
  const server = await servePreview()
  const visitors = {}
  const look = async (name, { query = "", size = [1280, 800], french = false, act }) =>
    wanted.test(name) &&
    report.step(`screen: ${name}`, async () => {
      const locale = french ? "fr-FR" : "en-GB"
      visitors[locale] ??= await Visitor.start(browser, locale)
      const page = await visitors[locale].open(size)
      const complaints = []
      page.on("pageerror", (error) => complaints.push(error.message))
      page.on("console", (message) => {
        if (message.type() === "error" && !/404/.test(message.text()))
          complaints.push(message.text())
      })
      try {
        await page.goto(`${server.url}/preview.html?${query}${french ? "&french" : ""}`)
        await page.locator("main").first().waitFor()
        await page.waitForTimeout(300)
        await act?.(page)
        await inBothThemes(page, name)
        ok(
          await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
          "the page is wider than the window",
        )
        equal(complaints.join("\n"), "", "console")
      } finally {
        await page.close()
      }
    })
  try {
    await show(look)
  } finally {
    for (const { context } of Object.values(visitors)) await context.close()
    server.close()
  }
}
