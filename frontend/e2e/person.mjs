import { mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { checkAccessibility, checkColours } from "./axe.mjs"
import { Node } from "./node.mjs"

const shots = fileURLToPath(new URL("../test-results", import.meta.url))

const whole = [1280, 800]
/** The sizes in which a screen's picture is kept. */
const sizes = process.env.PARVIS_SHOTS === "none" ? [] : [[800, 600], whole]

/** The number in the label of a field. */
const labelOf = (field) => field.evaluate((it) => /\d+/.exec(it.labels[0].textContent)[0])

/** One person: a program, a browser window, and how to find things in it. */
export class Person {
  complaints = []

  static async start(browser, program, w, options = {}) {
    const person = new Person()
    person.w = w
    person.node = await Node.start(program, options)
    person.context = await browser.newContext({
      locale: w.locale,
      viewport: { width: 1280, height: 800 },
      colorScheme: "light",
    })
    person.page = await person.context.newPage()
    person.page.setDefaultTimeout(8_000)
    person.page.on("pageerror", (error) => person.complaints.push(error.stack ?? error.message))
    person.page.on("console", (message) => {
      // A stopped program is part of the test.
      if (message.type() === "error" && !/WebSocket|ERR_CONNECTION_REFUSED/.test(message.text())) {
        person.complaints.push(message.text())
      }
    })
    await person.page.goto(person.node.url)
    return person
  }

  button = (name, exact = false) => this.page.getByRole("button", { name, exact })
  field = (name) => this.page.getByRole("textbox", { name, exact: true })
  channel = (name) =>
    this.page
      .getByRole("navigation", { name: this.w.workspace, exact: true })
      .getByRole("link", { name, exact: true })
  log = () => this.page.getByRole("log", { name: this.w.messages, exact: true })
  message = (text) => this.log().getByRole("article").filter({ hasText: text })

  async say(channel, text) {
    const field = this.field(this.w.message(channel))
    await field.fill(text)
    await field.press("Enter")
  }

  /** Writes the recovery key down and types back what is asked for, as after founding. Returns its words. */
  async savePaper(look = async () => {}) {
    const { w } = this
    const dialog = this.page.getByRole("dialog", { name: w.paper })
    await dialog.waitFor()
    const list = dialog.getByRole("listitem")
    await list.first().waitFor()
    const words = await list.allInnerTexts()
    await look("paper")
    await dialog.getByRole("button", { name: w.paperWritten }).click()
    await dialog.getByRole("textbox").first().waitFor()
    for (const field of await dialog.getByRole("textbox").all()) {
      const place = Number(await labelOf(field))
      await field.fill(words[place - 1].trim())
    }
    await look("paper-typed")
    await dialog.getByRole("button", { name: w.paperConfirm }).click()
    await dialog.getByRole("status").waitFor()
    await this.page.keyboard.press("Escape")
    await dialog.waitFor({ state: "detached" })
    return words.map((word) => word.trim()).join(" ")
  }

  /** Uses one of a message's own buttons. */
  async act(text, name) {
    const message = this.message(text)
    await message.hover()
    await message.getByRole("button", { name, exact: true }).click()
  }

  /** Checks the screen for barriers and, unless PARVIS_SHOTS=none, keeps pictures of it. */
  async look(name) {
    await checkAccessibility(this.page, name)
    mkdirSync(`${shots}/${this.w.locale}`, { recursive: true })
    for (const theme of ["light", "dark"]) {
      await this.page.emulateMedia({ colorScheme: theme })
      for (const [width, height] of sizes) {
        await this.page.setViewportSize({ width, height })
        await this.page.waitForTimeout(200)
        await this.page.screenshot({
          path: `${shots}/${this.w.locale}/${name}-${theme}-${width}.png`,
        })
      }
      if (theme === "dark") await checkColours(this.page, `${name} ${theme}`)
    }
    await this.page.emulateMedia({ colorScheme: "light" })
  }

  async keep(name) {
    const path = `${shots}/${this.w.locale}/${name.replace(/\W+/g, "-")}-${new URL(this.node.url).port}.png`
    await this.page.screenshot({ path }).catch(() => {})
  }

  async close() {
    await this.context.close()
    await this.node.close()
  }
}
