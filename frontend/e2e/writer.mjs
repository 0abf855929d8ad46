import { equal } from "./report.mjs"

/** How long a fact may take to reach the other person. Milliseconds. */
export const patience = 15_000

/** What a person does with documents. */
export class Writer {
  constructor(person) {
    this.person = person
    this.page = person.page
    this.d = person.w.docs
  }

  field = (name) => this.person.field(name)
  look = (name) => this.person.look(name)
  text = () => this.page.getByRole("textbox", { name: this.d.text, exact: true })
  tool = (name) =>
    this.page
      .getByRole("toolbar", { name: this.d.formatting })
      .getByRole("button", { name, exact: true })
  link = (name) =>
    this.page
      .getByRole("navigation", { name: this.person.w.workspace, exact: true })
      .getByRole("link", { name, exact: true })

  go(name) {
    return this.link(name).click()
  }

  async menu(button, item) {
    await this.page.getByRole("button", { name: button, exact: true }).click()
    await this.page.getByRole("menuitem", { name: item }).click()
  }

  /** Puts the cursor at the end of the text. */
  async end() {
    await this.text().focus()
    await this.page.keyboard.press("Control+End")
    // The engine tells of a selection after the key; nobody types the next one that soon.
    await this.page.waitForTimeout(50)
  }

  /** Selects words that stand in one stretch of text. */
  async select(words) {
    await this.before(words)
    for (let n = 0; n < words.length; n++) await this.page.keyboard.press("Shift+ArrowRight")
  }

  /** Puts the cursor before the paragraph that holds some words. */
  async before(words) {
    await this.text()
      .getByText(words)
      .first()
      .click({ position: { x: 1, y: 8 } })
    await this.page.keyboard.press("Home")
  }

  async closePanel(w) {
    await this.page.getByRole("complementary").getByRole("button", { name: w.close }).click()
  }

  /** The words of the text, without what the screen adds. */
  words() {
    return this.text().evaluate((text) => {
      const copy = text.cloneNode(true)
      for (const node of copy.querySelectorAll(
        ".ProseMirror-widget, .page-gap, .image, .code-language",
      ))
        node.remove()
      return [...copy.querySelectorAll("p, h1, h2, h3, h4, pre")]
        .map((it) => it.textContent)
        .join("\n")
    })
  }
}

/** Ana makes a workspace, and Ben joins it. */
export async function meet(ana, ben, w) {
  await ana.button(w.create).click()
  await ana.field(w.workspaceName).fill("Atelier Rivoli")
  await ana.field(w.yourName).fill("Ana Lopez")
  await ana.button(w.createButton).click()
  await ana.savePaper()
  await ana.channel("general").waitFor({ timeout: patience })
  await ana.button(w.invite).first().click()
  const dialog = ana.page.getByRole("dialog", { name: w.invite })
  await dialog.getByRole("button", { name: w.createLink }).click()
  const box = dialog.getByRole("textbox", { name: w.link })
  await box.waitFor({ timeout: patience })
  const link = await box.inputValue()
  await ana.page.keyboard.press("Escape")
  await ben.button(w.joinWith).click()
  await ben.field(w.link).fill(link)
  await ben.field(w.yourName).fill("Ben Carter")
  await ben.button(w.joinButton, true).click()
  await ben.channel("general").waitFor({ timeout: 2 * patience })
}

/** Waits until something is so. */
export async function waitUntil(check, what) {
  const end = Date.now() + patience
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`${what} did not come`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

/** Waits until both read the same words. */
export async function same(ana, ben) {
  let [a, b] = ["", "-"]
  await waitUntil(async () => {
    ;[a, b] = await Promise.all([ana.words(), ben.words()])
    return a === b
  }, "the same text").catch(() => equal(a, b, "the text of both"))
}
