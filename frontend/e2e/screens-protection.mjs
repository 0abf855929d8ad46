import { equal } from "./report.mjs"

const names = {
  en: {
    section: "Protection",
    ask: "Ask for a passphrase at each start",
    change: "Change the passphrase",
    keyring: "Use the keyring of this system",
    keyringDo: "Use the keyring",
    old: "Current passphrase",
    next: "New passphrase",
    again: "New passphrase again",
    set: "Use this passphrase",
    lockNow: "Lock now",
    show: "Show what I type",
    passphrase: "Passphrase",
    unlock: "Unlock",
    tryAgain: "Try again",
    words: "The 24 words of your recovery key",
  },
  fr: {
    section: "Protection",
    ask: "Demander une phrase secrète à chaque démarrage",
    change: "Changer la phrase secrète",
    keyring: "Utiliser le trousseau du système",
    keyringDo: "Utiliser le trousseau",
    old: "Phrase secrète actuelle",
    next: "Nouvelle phrase secrète",
    again: "Nouvelle phrase secrète, encore une fois",
    set: "Utiliser cette phrase secrète",
    lockNow: "Verrouiller maintenant",
    show: "Afficher ce que je saisis",
    passphrase: "Phrase secrète",
    unlock: "Déverrouiller",
    tryAgain: "Réessayer",
    words: "Les 24 mots de votre clé de récupération",
  },
}

/** What guards the keys, how that is changed, and the page of a program that is locked. */
export async function protectionScreens(look) {
  for (const [size, french] of [
    [[1280, 800], false],
    [[800, 600], true],
  ]) {
    const w = names[french ? "fr" : "en"]
    const show = (name, query, act) =>
      look(`protection ${name} ${french ? "fr" : "en"} ${size[0]}`, { size, french, query, act })
    const section = (name, query, act) =>
      show(name, query, async (page) => {
        await page.keyboard.press("Control+,")
        await page.getByRole("tab", { name: w.section }).click()
        await page.getByRole("tabpanel").getByRole("button").first().waitFor()
        await act?.(page)
      })
    const button = (page, name) => page.getByRole("button", { name, exact: true })
    const field = (page, name) => page.getByLabel(name, { exact: true })
    const bottom = (page) =>
      page.getByRole("tabpanel").evaluate((panel) => panel.scrollTo(0, panel.scrollHeight))

    await section("by the keyring", "")
    await section("by a passphrase", "guard=passphrase&autolock=15")
    await section("of a disk that is not encrypted", "guard=passphrase&disk=off&unsaved", bottom)
    await section("by nothing", "guard=none&disk=unknown&unsaved")
    await section("by the recovery key alone", "guard=recovery")
    await section("a passphrase is set", "unsaved", async (page) => {
      await button(page, w.ask).click()
      await field(page, w.next).fill("short")
      await field(page, w.again).fill("short")
      await page.keyboard.press("Enter")
      await page.getByRole("alert").waitFor()
    })
    await section("the old passphrase is wrong", "guard=passphrase", async (page) => {
      await button(page, w.change).press("Enter")
      await page.keyboard.type("open the door")
      await field(page, w.next).fill("correct horse battery")
      await field(page, w.again).fill("correct horse battery")
      await field(page, w.show).press("Space")
      await button(page, w.set).press("Enter")
      await page.getByRole("alert").waitFor()
      equal(await field(page, w.old).evaluate((it) => it === document.activeElement), true)
    })
    await section("a passphrase of a file", "guard=passphrase&from", async (page) => {
      await button(page, w.change).press("Enter")
      await page.getByText("/etc/parvis/passphrase").scrollIntoViewIfNeeded()
    })
    await section("a passphrase of a file was changed", "guard=passphrase&from", async (page) => {
      await button(page, w.change).press("Enter")
      await field(page, w.old).fill("open sesame")
      await field(page, w.next).fill("correct horse battery")
      await field(page, w.again).fill("correct horse battery")
      await page.keyboard.press("Enter")
      await page.getByRole("tabpanel").getByText("/etc/parvis/passphrase").waitFor()
    })
    await section("a passphrase was set", "", async (page) => {
      await button(page, w.ask).press("Enter")
      await page.keyboard.type("correct horse battery")
      await page.keyboard.press("Tab")
      await page.keyboard.type("correct horse battery")
      await page.keyboard.press("Enter")
      await page.getByRole("tabpanel").getByRole("status").waitFor()
      await button(page, w.lockNow).waitFor()
    })
    await section("there is no keyring", "guard=passphrase&nokeyring", async (page) => {
      await button(page, w.keyring).click()
      await page.keyboard.type("open sesame")
      await button(page, w.keyringDo).click()
      await page.getByRole("alert").waitFor()
    })
    await section("not locked in a call", "guard=passphrase", async (page) => {
      await page.evaluate(() => (window.fake.protection.inCall = true))
      await button(page, w.lockNow).click()
      await page.getByRole("alert").waitFor()
    })
    await show("locked", "locked", async (page) => {
      await field(page, w.passphrase).fill("wrong")
      await button(page, w.unlock).click()
      await page.getByRole("alert").waitFor()
    })
    await show("locked without a recovery key", "locked&unsaved")
    await show("locked and the keyring is silent", "locked&guard=keyring", async (page) => {
      await button(page, w.tryAgain).click()
      await page.getByRole("alert").waitFor()
      equal(await field(page, w.words).count(), 1, "fields for the words")
    })
    await show("locked and nothing opens it", "locked&guard=keyring&unsaved", async (page) => {
      await button(page, w.tryAgain).click()
      await page.getByRole("alert").waitFor()
    })
    await show("a passphrase is chosen at the first start", "fresh&empty")
  }
}
