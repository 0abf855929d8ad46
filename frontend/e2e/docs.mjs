import { readFile } from "node:fs/promises"
import { Person } from "./person.mjs"
import { equal, ok } from "./report.mjs"
import { words } from "./words.mjs"
import { meet, patience, same, waitUntil, Writer } from "./writer.mjs"

/** A red dot of 8 × 8, as a PNG. */
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC",
  "base64",
)

/** Two people on two nodes write a report together. */
export async function docs(report, browser, program, language) {
  const w = words[language]
  const d = w.docs
  const ana = new Writer(await Person.start(browser, program, w))
  const ben = new Writer(await Person.start(browser, program, w))
  const step = async (name, run) => {
    const passed = await report.step(`${language}: documents: ${name}`, run)
    if (!passed) {
      await Promise.all(
        [ana, ben].map(({ person }) => person.keep(`failed-docs-${name.slice(0, 24)}`)),
      )
      // What it left open would stand in the way of all others.
      for (const { page } of [ana, ben]) await page.keyboard.press("Escape").catch(() => {})
    }
    return passed
  }
  const title = language === "fr" ? "Rapport d’activité" : "Annual report"
  try {
    if (!(await step("two people meet", () => meet(ana.person, ben.person, w)))) return
    await step("the list teaches what to do while it is empty", async () => {
      await ana.go(d.all)
      await ana.page.getByRole("heading", { level: 2 }).last().waitFor()
      await ana.look("docs-empty")
    })
    const made = await step("a document is made, named and opened by the other", async () => {
      await ana.page
        .getByRole("navigation", { name: w.workspace })
        .getByRole("button", { name: d.new })
        .click()
      await ana.field(d.title).waitFor()
      await ana.text().waitFor({ timeout: patience })
      await ana.field(d.title).fill(title)
      await ana.field(d.title).press("Enter")
      ok(
        await ana.text().evaluate((it) => it.contains(document.activeElement)),
        "the text has not the focus",
      )
      await ben.link(title).click({ timeout: patience })
      await ben.text().waitFor({ timeout: patience })
    })
    if (!made) return
    await step("both type at once and read the same", async () => {
      await ana.text().click()
      await ana.page.keyboard.type("# ")
      await ana.page.keyboard.type("Overview")
      await ana.page.keyboard.press("Enter")
      await ana.page.keyboard.type("The first paragraph by Ana.")
      await ana.page.keyboard.press("Enter")
      await ben.text().getByText("The first paragraph by Ana.").waitFor({ timeout: patience })
      equal(await ben.text().locator("h1").innerText(), "Overview", "heading")
      await ben.text().getByText("The first paragraph by Ana.").click()
      await ben.page.keyboard.press("End")
      await Promise.all([
        ana.page.keyboard.type("Ana writes here while Ben writes above. ".repeat(3), { delay: 12 }),
        ben.page.keyboard.type(" And Ben goes on in the same place.".repeat(3), { delay: 12 }),
      ])
      await same(ana, ben)
      const got = await ana.words()
      ok(got.includes("Ana writes here while Ben writes above. ".repeat(3).trim()), got)
      ok(got.includes(" And Ben goes on in the same place.".repeat(3)), got)
    })
    await step("each sees the other, and where the words are", async () => {
      await ana.page
        .getByRole("button", { name: d.here("Ben Carter") })
        .waitFor({ timeout: patience })
      await ana.page
        .locator(".remote-cursor", { hasText: "Ben Carter" })
        .waitFor({ timeout: patience })
      await ana.page.getByText(d.delivered).waitFor({ timeout: patience })
    })
    await step("the toolbar formats, and one Tab goes past it", async () => {
      await ana.end()
      await ana.page.keyboard.press("Enter")
      await ana.page.keyboard.type("Bold words")
      await ana.page.keyboard.press("Shift+Home")
      const bar = ana.page.getByRole("toolbar", { name: d.formatting })
      await bar.getByRole("button", { name: d.bold }).click()
      await bar.getByRole("button", { name: d.bold, pressed: true }).waitFor({ timeout: patience })
      await ben.text().locator("strong", { hasText: "Bold words" }).waitFor({ timeout: patience })
      equal(await bar.locator('button[tabindex="0"]').count(), 1, "stops of Tab")
      await ana.end()
      await ana.page.keyboard.press("Enter")
      await bar.getByRole("button", { name: d.bullets, exact: true }).click()
      await ana.page.keyboard.type("an item")
      await ben.text().locator("li", { hasText: "an item" }).waitFor({ timeout: patience })
      await ana.page.keyboard.press("Enter")
      await ana.page.keyboard.press("Enter")
    })
    await step("a table grows from both sides", async () => {
      await ana.end()
      await ana.tool(d.table).click()
      const dialog = ana.page.getByRole("dialog", { name: d.insertTable })
      await dialog.getByRole("button", { name: d.insertTable }).click()
      await dialog.waitFor({ state: "detached" })
      await ben.text().locator("table").waitFor({ timeout: patience })
      await ana.text().locator("td, th").first().click()
      await ana.page.keyboard.type("left")
      await ben.text().locator("tr").last().locator("td, th").last().click()
      await ben.page.keyboard.type("right")
      await ana.text().locator("td, th").filter({ hasText: "right" }).waitFor({ timeout: patience })
      await ben.text().locator("td, th").filter({ hasText: "left" }).waitFor({ timeout: patience })
    })
    await step("a picture is inserted and arrives", async () => {
      await ana.text().getByText("The first paragraph by Ana.").click()
      await ana.page.locator('input[type="file"][accept*="png"]').setInputFiles({
        name: "dot.png",
        mimeType: "image/png",
        buffer: picture,
      })
      const image = ben.text().locator("img").first()
      await image.waitFor({ timeout: patience })
      await waitUntil(
        () => image.evaluate((it) => it.complete && it.naturalWidth > 0),
        "the picture",
      )
    })
    await step("a comment calls the other, who answers", async () => {
      await ana.select("The first paragraph")
      await ana.page.keyboard.press("Control+Alt+m")
      const box = ana.field(d.newComment)
      await box.waitFor()
      await box.pressSequentially("@be")
      await ana.page.getByRole("option", { name: "Ben Carter" }).click()
      await box.pressSequentially("is this right?")
      await ana.look("docs-comment-writing")
      await ana.closePanel(w)
      await ana.page.keyboard.press("Control+Alt+m")
      ok((await box.inputValue()).endsWith("is this right?"), "the half-written comment is gone")
      await box.press("Control+Enter")
      await box.waitFor({ state: "detached" })
      ok(
        await ana.text().evaluate((it) => it.contains(document.activeElement)),
        "the text has not the focus",
      )
      const toast = ben.page.locator("[data-sonner-toast]", { hasText: d.mentioned })
      await toast.waitFor({ timeout: patience })
      await toast.getByRole("button").first().click()
      const thread = ben.page.getByRole("article").filter({ hasText: "is this right?" })
      await thread.waitFor({ timeout: patience })
      await thread.getByRole("textbox", { name: d.reply }).fill("Yes, it is.")
      await thread.getByRole("button", { name: d.reply, exact: true }).click()
      const mine = ana.page.getByRole("article").filter({ hasText: "Yes, it is." })
      await mine.waitFor({ timeout: patience })
      await ana.look("docs-comments")
      await mine.getByRole("button", { name: d.resolve }).click()
      await mine.waitFor({ state: "detached" })
      await ben.page
        .getByRole("button", { name: new RegExp(`^${d.resolved}`) })
        .click({ timeout: patience })
      await thread.getByRole("button", { name: d.reopen }).click({ timeout: patience })
      await mine.waitFor({ timeout: patience })
      await ana.closePanel(w)
      await ben.closePanel(w)
    })
    await step("a suggestion is made, seen and accepted", async () => {
      await ben.page.getByRole("button", { name: d.suggest, exact: true }).click()
      await ben.before("The first paragraph")
      await ben.page.keyboard.type("Proposed: ")
      await ana.text().locator("ins", { hasText: "Proposed:" }).waitFor({ timeout: patience })
      await ben.page.getByRole("button", { name: d.suggest, exact: true }).click()
      await ana.menu(d.more, d.suggestions)
      const list = ana.page.getByRole("complementary", { name: d.suggestions })
      await list.getByText("Ben Carter").waitFor({ timeout: patience })
      await ana.look("docs-suggestions")
      // The name of a button beside must not lie in the way.
      await list.getByRole("button", { name: d.reject, exact: true }).hover()
      await ana.page.locator(".tooltip", { hasText: d.reject }).waitFor()
      await list.getByRole("button", { name: d.accept, exact: true }).click()
      await ben.text().locator("ins").waitFor({ state: "detached", timeout: patience })
      ok((await ben.words()).includes("Proposed: The first"), "the proposal is gone")
      await ana.closePanel(w)
    })
    await step("words are found and replaced", async () => {
      await ana.text().click()
      await ana.page.keyboard.press("Control+h")
      await ana.page.getByRole("searchbox", { name: d.find }).fill("Ben writes")
      await ana.field(d.replaceWith).fill("Ben is writing")
      await ana.look("docs-find")
      await ana.page.getByRole("button", { name: d.replaceAll }).click()
      await ana.page.keyboard.press("Escape")
      await ben
        .text()
        .getByText("while Ben is writing above")
        .first()
        .waitFor({ timeout: patience })
    })
    await step("the page has a footer", async () => {
      await ana.menu(d.more, d.page)
      const dialog = ana.page.getByRole("dialog", { name: d.page })
      await dialog.getByRole("textbox", { name: d.footer }).fill("Harbour Studio")
      await ana.look("docs-page")
      await dialog.getByRole("button", { name: d.save }).click()
      await ben.page
        .locator(".page-foot", { hasText: "Harbour Studio" })
        .first()
        .waitFor({ timeout: patience })
    })
    await step("history shows authors, keeps names and restores", async () => {
      await same(ana, ben)
      const before = await ana.words()
      await ana.page.getByRole("button", { name: d.history }).click()
      const slider = ana.page.getByRole("slider", { name: d.time })
      const shown = ana.page.getByRole("document", { name: d.versionText })
      await shown.waitFor({ timeout: patience })
      await shown.locator(".authored").first().waitFor({ timeout: patience })
      await ana.page.getByRole("button", { name: d.nameVersion }).click()
      await ana.field(d.versionName).fill("Draft 1")
      await ana.page.keyboard.press("Enter")
      await ana.page.getByRole("button", { name: /Draft 1/ }).waitFor()
      await ana.look("docs-history")
      await slider.focus()
      await ana.page.keyboard.press("Home")
      for (let n = 0; n < 6; n++) await ana.page.keyboard.press("ArrowRight")
      await waitUntil(
        async () => !(await shown.innerText()).includes("Bold words"),
        "an earlier text",
      )
      await ana.page.getByRole("combobox").selectOption("now")
      await shown.locator("ins").first().waitFor({ timeout: patience })
      await ana.look("docs-compare")
      await ana.page.getByRole("button", { name: d.restore, exact: true }).click()
      await waitUntil(async () => !(await ben.words()).includes("Bold words"), "the restored text")
      await ana.page.getByRole("button", { name: d.history }).click()
      await ana.page.getByRole("button", { name: /Draft 1/ }).click()
      await ana.page.getByRole("button", { name: d.restore, exact: true }).click()
      await waitUntil(async () => (await ben.words()) === before, "the text of Draft 1")
      await same(ana, ben)
    })
    await step("the document is exported", async () => {
      await ana.page.getByRole("button", { name: d.export, exact: true }).click()
      const dialog = ana.page.getByRole("dialog", { name: d.export })
      await dialog.getByRole("radio", { name: "Markdown" }).click()
      await ana.look("docs-export")
      const download = ana.page.waitForEvent("download", { timeout: 60_000 })
      await dialog.getByRole("button", { name: d.export, exact: true }).click()
      const save = dialog.getByRole("button", { name: d.saveFile })
      void save.click({ timeout: 60_000 }).catch(() => {})
      const file = await download
      ok(file.suggestedFilename().endsWith(".md"), file.suggestedFilename())
      const written = await readFile(await file.path(), "utf8")
      ok(written.includes("# Overview"), written)
      await dialog.waitFor({ state: "detached" })
    })
    await step("a file becomes a document", async () => {
      await ana.go(d.all)
      await ana.page.locator('input[type="file"][accept*=".md"]').setInputFiles({
        name: "Minutes.md",
        mimeType: "text/markdown",
        buffer: Buffer.from("# Minutes\n\nWe met and *agreed*.\n\n- one\n- two\n"),
      })
      await ana.field(d.title).waitFor({ timeout: 60_000 })
      await ana.text().getByText("We met and").waitFor({ timeout: patience })
      await ben.link("Minutes").waitFor({ timeout: patience })
    })
    await step("a dropped file becomes a document too", async () => {
      await ana.go(d.all)
      const files = await ana.page.evaluateHandle(() => {
        const data = new DataTransfer()
        data.items.add(new File(["A plan in plain words."], "Plan.txt", { type: "text/plain" }))
        return data
      })
      await ana.page
        .getByRole("searchbox", { name: d.search })
        .dispatchEvent("drop", { dataTransfer: files })
      await ana.text().getByText("A plan in plain words.").waitFor({ timeout: patience })
    })
    await step("an item stays nested for both", async () => {
      await ben.link("Plan").click({ timeout: patience })
      await ben.text().getByText("A plan in plain words.").waitFor({ timeout: patience })
      await ana.end()
      await ana.page.keyboard.press("Enter")
      await ana.page.keyboard.type("- first")
      await ana.page.keyboard.press("Enter")
      await ana.page.keyboard.type("below")
      await ana.page.keyboard.press("Tab")
      await ben.text().locator("li li", { hasText: "below" }).waitFor({ timeout: patience })
      await ana.page.keyboard.press("Enter")
      await ana.page.keyboard.type("lower")
      await ana.tool(d.indent).click()
      for (const writer of [ana, ben])
        await writer.text().locator("li li li", { hasText: "lower" }).waitFor({ timeout: patience })
      await ana.page.keyboard.press("Enter")
      for (let n = 0; n < 3; n++) await ana.page.keyboard.press("Enter")
    })
    await step("typing goes on behind a footnote", async () => {
      await ana.page.keyboard.type("A claim")
      await ana.page.keyboard.press("Control+Alt+f")
      await ana.page.keyboard.type("Its source.")
      await ana.page.keyboard.press("Escape")
      await ana.page.keyboard.type(" and more.")
      equal(await ana.text().locator("sup.footnote").count(), 1, "footnotes")
      await ben.page.locator(".notes", { hasText: "Its source." }).waitFor({ timeout: patience })
      await waitUntil(
        async () => /A claim.* and more\./.test(await ben.words()),
        "the text behind the mark",
      )
    })
    await step("what other programs copy keeps its looks", async () => {
      await ana.page.keyboard.press("Enter")
      await ana.text().evaluate((text) => {
        const data = new DataTransfer()
        data.setData(
          "text/html",
          `<style>p { margin: 0 }</style><b style="font-weight:normal"><p style="text-align:center">` +
            `<span style="font-weight:400">plain </span><span style="font-weight:700">heavy </span>` +
            `<span style="color:#cc0000;font-weight:400">red</span></p><p onclick="x()">end</p></b>`,
        )
        const paste = { clipboardData: data, bubbles: true, cancelable: true }
        text.dispatchEvent(new ClipboardEvent("paste", paste))
      })
      const line = ben.text().locator('p[data-align="center"]')
      await line.locator("strong", { hasText: "heavy" }).waitFor({ timeout: patience })
      equal(await line.locator("strong").allInnerTexts().then(String), "heavy ", "bold")
      equal(await line.locator(".color").innerText(), "red", "coloured")
    })
    await step("a press below the text goes to its end", async () => {
      await ana.before("A plan in plain words.")
      const sheet = await ana.page.locator(".document-sheet").boundingBox()
      const last = await ana.page.locator(".notes").boundingBox()
      ok(sheet && last, "the sheet is not there")
      await ana.page.mouse.click(sheet.x + sheet.width / 2, last.y + last.height + 20)
      await ana.page.keyboard.type("ed here")
      await ben.text().getByText("ended here").waitFor({ timeout: patience })
    })
    await step("a document goes to the trash and comes back", async () => {
      await ana.go(d.all)
      await ana.look("docs-list")
      await ana.page.getByRole("button", { name: d.moreAbout("Minutes") }).click()
      await ana.page.getByRole("menuitem", { name: d.toTrash }).click()
      await ben.link("Minutes").waitFor({ state: "detached", timeout: patience })
      await ana.page.getByRole("link", { name: d.trash, exact: true }).click()
      await ana.page.getByRole("button", { name: d.restoreNamed("Minutes") }).click()
      await ben.link("Minutes").waitFor({ timeout: patience })
    })
    await step("a document waits for the program and loses nothing", async () => {
      await ana.link(title).click()
      await ana.text().getByText("Overview").waitFor({ timeout: patience })
      await ana.look("docs-document")
      await ana.person.node.kill()
      await ana.end()
      await ana.page.keyboard.type("Typed while nothing answered.")
      await ana.page.getByText(d.storing).first().waitFor({ timeout: patience })
    })
    await step("nothing complained", async () => {
      // No picture of a document has been kept before it is opened for the first time.
      const complaints = [ana, ben].flatMap(({ person }) => person.complaints)
      equal(complaints.filter((text) => !/404/.test(text)).join("\n"), "", "console")
    })
  } finally {
    await ana.person.close()
    await ben.person.close()
  }
}
