import { checkAccessibility } from "./axe.mjs"
import { Person } from "./person.mjs"
import { equal, ok } from "./report.mjs"
import { words } from "./words.mjs"

/** How long a fact may take to reach the other person. Milliseconds. */
const patience = 15_000

/** Two people, two programs, two browsers: from the first screen to a conversation. */
export async function talk(report, browser, program, language) {
  const w = words[language]
  const ana = await Person.start(browser, program, w)
  const ben = await Person.start(browser, program, w)
  const step = async (name, run) => {
    const passed = await report.step(`${language}: ${name}`, run)
    // What both saw when it failed says more than any message.
    if (!passed)
      await Promise.all([ana, ben].map((person) => person.keep(`failed-${name.slice(0, 24)}`)))
    return passed
  }
  let link = ""
  try {
    await step("the start screen offers both ways", async () => {
      await ana.button(w.create).waitFor()
      await ana.button(w.joinWith).waitFor()
      await ana.look("start")
    })
    const founded = await step("a workspace is created", async () => {
      await ana.button(w.create).click()
      await ana.field(w.workspaceName).fill("Atelier Rivoli")
      await ana.field(w.yourName).fill("Ana Lopez")
      await ana.look("create")
      await ana.button(w.createButton).click()
      await ana.savePaper((name) => ana.look(name))
      await ana.channel("general").waitFor({ timeout: patience })
      await ana.field(w.message("general")).waitFor()
      await ana.look("empty")
    })
    if (!founded) return
    await step("an invitation is made", async () => {
      await ana.button(w.invite).first().click()
      const dialog = ana.page.getByRole("dialog", { name: w.invite })
      await ana.look("invite-form")
      await dialog.getByRole("button", { name: w.createLink }).click()
      const box = dialog.getByRole("textbox", { name: w.link })
      await box.waitFor({ timeout: patience })
      link = await box.inputValue()
      ok(link.startsWith("parvis://join#"), `the link is ${link}`)
      ok((await box.getAttribute("readonly")) !== null, "the link can be changed")
      await dialog.getByRole("button", { name: w.copy, exact: true }).first().waitFor()
      ok(
        await box.evaluate((element) => element === document.activeElement),
        "the link has not the focus",
      )
      await ana.look("invite-link")
      await ana.page.keyboard.press("Escape")
      await dialog.waitFor({ state: "detached" })
    })
    await step("a broken link gives one clear sentence", async () => {
      await ben.button(w.joinWith).click()
      await ben.field(w.link).fill(`${link.slice(0, 60)}`)
      await ben.page.getByRole("alert").filter({ hasText: w.broken }).waitFor({ timeout: patience })
      await ben.look("join-broken")
    })
    const joined = await step(
      "the link is explained, then joining takes less than 10 s",
      async () => {
        await ben.field(w.link).fill(link)
        await ben.page.getByText(w.nothingSent).waitFor({ timeout: patience })
        await ben.field(w.yourName).fill("Ben Carter")
        await ben.look("join")
        const started = Date.now()
        await ben.button(w.joinButton, true).click()
        await ben.field(w.message("general")).waitFor({ timeout: 10_000 })
        console.log(`      joined in ${Date.now() - started} ms`)
      },
    )
    if (!joined) return
    await step("both talk, and each sees the other’s words", async () => {
      await ana.say("general", "Hello Ben, **welcome**.")
      await ben.message("welcome").waitFor({ timeout: patience })
      equal(await ben.log().locator("strong", { hasText: "welcome" }).count(), 1, "bold words")
      await ben.field(w.message("general")).click()
      await ben.page.keyboard.type("First line")
      await ben.page.keyboard.press("Shift+Enter")
      await ben.page.keyboard.type("second line")
      await ben.page.keyboard.press("Enter")
      await ana.message("second line").waitFor({ timeout: patience })
      await ana.page
        .getByText(w.personCount)
        .or(ana.page.getByRole("button", { name: w.personCount }))
        .first()
        .waitFor({ timeout: patience })
    })
    await step("a message says where it is", async () => {
      await ana.log().getByText(w.delivered).waitFor({ timeout: patience })
    })
    await step("a link shows its real host", async () => {
      await ben.say("general", "See [the bank](https://evil.example.org/login)")
      await ana.message("the bank").getByText("(evil.example.org)").waitFor({ timeout: patience })
      equal(await ana.log().locator("img, script, iframe").count(), 0, "foreign elements")
    })
    await step("a thread grows beside the conversation", async () => {
      await ana.act("second line", w.reply)
      await ana.page.getByRole("textbox", { name: w.reply }).fill("An answer aside")
      await ana.page.keyboard.press("Enter")
      await ben.log().getByRole("button", { name: w.oneReply }).click({ timeout: patience })
      await ben.page
        .getByRole("log", { name: w.threadMessages })
        .getByText("An answer aside")
        .waitFor({ timeout: patience })
      await ben.look("thread")
      await ben.page.getByRole("complementary").getByRole("button", { name: w.close }).click()
      await ana.page.getByRole("complementary").getByRole("button", { name: w.close }).click()
    })
    await step("a reaction is added and taken back", async () => {
      await ben.act("welcome", w.addReaction)
      await ben.page.getByRole("searchbox", { name: w.searchEmoji }).fill("tada")
      await ben.page.keyboard.press("Enter")
      await ana
        .message("welcome")
        .getByRole("button", { name: /🎉/ })
        .waitFor({ timeout: patience })
      await ben.message("welcome").getByRole("button", { name: /🎉/, pressed: true }).click()
      await ana
        .message("welcome")
        .getByRole("button", { name: /🎉/ })
        .waitFor({ state: "detached", timeout: patience })
    })
    await step("ArrowUp edits the last own message", async () => {
      await ana.say("general", "A mistaek")
      await ben.message("mistaek").waitFor({ timeout: patience })
      await ana.field(w.message("general")).press("ArrowUp")
      const editor = ana.page.getByRole("textbox", { name: w.editMessage })
      await editor.fill("A mistake")
      await editor.press("Enter")
      await ben.message("A mistake").getByText(w.edited).waitFor({ timeout: patience })
    })
    await step("a message is deleted after a question", async () => {
      await ana.act("A mistake", w.delete)
      const question = ana.page.getByRole("alertdialog")
      await question.getByText("A mistake").waitFor()
      await ana.look("delete")
      await question.getByRole("button", { name: w.delete }).click()
      await ben.log().getByText(w.deleted).waitFor({ timeout: patience })
      equal(await ben.message("A mistake").count(), 0, "deleted text")
    })
    await step("a mention is completed and counted", async () => {
      await ana.button(w.newChannel).click()
      await ana.field(w.channelName).fill("budget")
      await ana.look("new-channel")
      await ana.button(w.createChannel).click()
      await ana.field(w.message("budget")).waitFor({ timeout: patience })
      await ben.channel("budget").waitFor({ timeout: patience })
      await ana.field(w.message("budget")).click()
      await ana.page.keyboard.type("@be")
      await ana.page.getByRole("option", { name: "Ben Carter" }).waitFor()
      await ana.look("completion")
      await ana.page.keyboard.press("Enter")
      await ana.page.keyboard.type("please look")
      await ana.page.keyboard.press("Enter")
      await ben.page
        .locator(`a[aria-describedby]`, { hasText: "budget" })
        .waitFor({ timeout: patience })
      const id = await ben.channel("budget").getAttribute("aria-describedby")
      equal(
        (await ben.page.locator(`[id="${id}"]`).textContent())?.trim(),
        w.unread,
        "unread in words",
      )
      await ben.channel("budget").click()
      await ben.log().getByText(w.newMessages).waitFor({ timeout: patience })
      await ben.log().getByRole("button", { name: "@Ben Carter" }).waitFor()
      await ben.look("mention")
      await ben.page
        .locator(`a[aria-describedby]`, { hasText: "budget" })
        .waitFor({ state: "detached", timeout: patience })
    })
    await step("typing is seen, and a draft survives a reload", async () => {
      await ben.field(w.message("budget")).pressSequentially("I will look at it", { delay: 5 })
      await ana.page.getByText(w.typing("Ben Carter")).waitFor({ timeout: patience })
      await ben.page.waitForTimeout(1200)
      await ben.page.reload()
      await ben.field(w.message("budget")).waitFor({ timeout: patience })
      await ben.page.waitForFunction(
        () => document.querySelector("main textarea")?.value === "I will look at it",
        null,
        { timeout: patience },
      )
    })
    await step("a direct conversation reaches the other person", async () => {
      await ana.button(w.newDirect).click()
      const dialog = ana.page.getByRole("dialog", { name: w.newDirect })
      await dialog.getByRole("textbox", { name: w.people }).fill("ben")
      await ana.page.keyboard.press("Enter")
      await ana.look("new-direct")
      await dialog.getByRole("button", { name: w.start }).click()
      await ana.field(w.messageTo("Ben Carter")).waitFor({ timeout: patience })
      await ana.field(w.messageTo("Ben Carter")).fill("Only for you")
      await ana.page.keyboard.press("Enter")
      await ben.channel("Ana Lopez").click({ timeout: patience })
      await ben.message("Only for you").waitFor({ timeout: patience })
    })
    await step("the palette finds a channel by a few letters", async () => {
      await ana.page.keyboard.press("Control+k")
      await ana.page.getByRole("dialog", { name: w.search }).waitFor()
      await ana.page.keyboard.type("budg")
      await ana.look("palette")
      await ana.page.keyboard.press("Enter")
      await ana.field(w.message("budget")).waitFor()
    })
    await step("the settings have every section, and the theme changes at once", async () => {
      await ana.page.keyboard.press("Control+,")
      const dialog = ana.page.getByRole("dialog", { name: w.settings })
      for (const section of w.sections) {
        await dialog.getByRole("tab", { name: section }).click()
        await ana.page.waitForTimeout(60)
        await checkAccessibility(ana.page, `settings ${section}`)
      }
      await dialog.getByRole("tab", { name: w.sections[4] }).click()
      await dialog.getByRole("radio", { name: w.dark }).click()
      equal(await ana.page.locator("html").getAttribute("data-theme"), "dark", "theme")
      await ana.look("settings")
      await dialog.getByRole("tab", { name: w.sections[5] }).click()
      const other = language === "en" ? "Français" : "English"
      await dialog.getByRole("radio", { name: other }).click()
      await ana.page
        .getByRole("dialog", { name: words[language === "en" ? "fr" : "en"].settings })
        .waitFor()
      await ana.page
        .getByRole("radio", { name: language === "en" ? "English" : "Français" })
        .click()
      await dialog.waitFor()
      await ana.page.keyboard.press("Escape")
    })
    await step("an invitation is revoked", async () => {
      await ana.button(w.invite).first().click()
      const dialog = ana.page.getByRole("dialog", { name: w.invite })
      await dialog.getByRole("button", { name: w.createLink }).click()
      await dialog.getByRole("button", { name: w.revoke }).first().click()
      await ana.page.getByRole("alertdialog").getByRole("button", { name: w.revoke }).click()
      await dialog.getByText(w.none).waitFor({ timeout: patience })
      await ana.page.keyboard.press("Escape")
    })
    await step("the whole page can be used with the keyboard alone", async () => {
      await ana.page.keyboard.press("Alt+ArrowUp")
      await ana.message("welcome").waitFor()
      await ana.page.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA")
      await ana.page.keyboard.press("Shift+Tab")
      await ana.page.keyboard.press("ArrowUp")
      ok(
        await ana.page.evaluate(() => document.activeElement?.closest("[data-message]") !== null),
        "no message has the focus",
      )
    })
    await step("a program that stops is noticed within 5 s", async () => {
      ana.node.kill()
      await ana.page.getByRole("alert").filter({ hasText: w.stopped }).waitFor({ timeout: 5_000 })
      await ana.look("stopped")
    })
    await step("nothing was reported in the console", async () => {
      const lines = [...ana.complaints, ...ben.complaints]
      equal(lines.join("\n"), "", "console")
    })
  } finally {
    await ana.close()
    await ben.close()
  }
}
