import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { Person } from "./person.mjs"
import { equal, ok } from "./report.mjs"
import { words as names } from "./words.mjs"

const run = promisify(execFile)

/** What the screens below are named in both languages. */
const words = {
  en: {
    about: /^Your keys are encrypted with it\./,
    after: "After 5 minutes without use",
    again: "New passphrase again",
    ask: "Ask for a passphrase at each start",
    auto: "Lock by itself",
    cancel: "Cancel",
    change: "Change the passphrase",
    keyring: "Use the keyring of this system",
    keyringDo: "Use the keyring",
    keyringDone: "From now on the keyring opens your keys.",
    lock: "Lock Parvis",
    lockNow: "Lock now",
    locked: "Parvis is locked",
    neither: "This is neither the right passphrase nor your recovery key. Try again.",
    next: "New passphrase",
    noKeyring: "This system has no keyring that keeps keys. Nothing was changed.",
    nothing: /^Your keys lie unprotected on this computer/,
    old: "Current passphrase",
    oldWrong: "This is not the current passphrase. Nothing was changed.",
    passphrase: "Passphrase",
    section: "Protection",
    set: "Use this passphrase",
    setDone: "From now on this passphrase opens Parvis.",
    short: "Use at least 8 characters.",
    unlock: "Unlock",
    words: "If you have forgotten it, type the 24 words of your recovery key instead.",
  },
  fr: {
    about: /^Vos clés sont chiffrées avec elle\./,
    after: "Après 5 minutes sans activité",
    again: "Nouvelle phrase secrète, encore une fois",
    ask: "Demander une phrase secrète à chaque démarrage",
    auto: "Verrouiller automatiquement",
    cancel: "Annuler",
    change: "Changer la phrase secrète",
    keyring: "Utiliser le trousseau du système",
    keyringDo: "Utiliser le trousseau",
    keyringDone: "Le trousseau ouvre vos clés dès maintenant.",
    lock: "Verrouiller Parvis",
    lockNow: "Verrouiller maintenant",
    locked: "Parvis est verrouillé",
    neither: "Ce n’est ni la bonne phrase secrète ni votre clé de récupération. Réessayez.",
    next: "Nouvelle phrase secrète",
    noKeyring: "Ce système n’a pas de trousseau qui garde des clés. Rien n’a été changé.",
    nothing: /^Vos clés sont sur cet ordinateur sans protection/,
    old: "Phrase secrète actuelle",
    oldWrong: "Ce n’est pas la phrase secrète actuelle. Rien n’a été changé.",
    passphrase: "Phrase secrète",
    section: "Protection",
    set: "Utiliser cette phrase secrète",
    setDone: "Cette phrase secrète ouvre Parvis dès maintenant.",
    short: "Au moins 8 caractères.",
    unlock: "Déverrouiller",
    words: "Si vous l’avez oubliée, saisissez à la place les 24 mots de votre clé de récupération.",
  },
}

const [first, second, third] = ["correct horse battery", "another staple", "a third one, then"]

/** How long Parvis may take to stretch a passphrase, or to open. Milliseconds. */
const patience = 20_000

/** Somebody in front of a page whose keys are to be guarded. */
class Guarded {
  constructor(at, w) {
    this.at = at
    this.w = w
  }

  get page() {
    return this.at.page
  }

  panel = () => this.page.getByRole("tabpanel")
  field = (name) => this.page.getByLabel(name, { exact: true })
  button = (name) => this.page.getByRole("button", { name, exact: true })
  says = (text) => this.page.getByText(text, { exact: true }).waitFor({ timeout: patience })

  async found() {
    const { w, at } = this
    await at.button(w.create).click()
    await at.field(w.workspaceName).fill("Atelier")
    await at.field(w.yourName).fill("Ana")
    await at.button(w.createButton, true).click()
    await at.channel("general").waitFor({ timeout: patience })
    this.key = await at.savePaper()
    await at.say("general", "Before it is locked")
    await at.message("Before it is locked").waitFor()
  }

  async settings() {
    await this.page.keyboard.press("Control+,")
    await this.page.getByRole("tab", { name: this.w.section }).click()
    await this.panel().waitFor()
  }

  async choose(next, again = next) {
    await this.field(this.w.next).fill(next)
    await this.field(this.w.again).fill(again)
    await this.button(this.w.set).click()
  }

  async waitLocked() {
    await this.page.getByRole("heading", { name: this.w.locked }).waitFor({ timeout: patience })
    await this.field(this.w.passphrase).waitFor()
  }

  async unlock(typed) {
    await this.field(this.w.passphrase).fill(typed)
    await this.button(this.w.unlock).click()
  }

  async open(typed) {
    await this.unlock(typed)
    await this.at.message("Before it is locked").waitFor({ timeout: patience })
  }
}

/** One person guards the keys by a passphrase, locks, forgets it, and comes back by the recovery key. */
export async function protection(report, browser, program, language) {
  const w = { ...names[language], ...words[language] }
  const step = (name, run) => report.step(`protection ${language}: ${name}`, run)
  const at = await Person.start(browser, program, w)
  const ana = new Guarded(at, w)
  const command = async (...args) =>
    JSON.parse((await run(program, ["--data", at.node.data, "--json", ...args])).stdout)
  try {
    await step("the section says that nothing guards the keys", async () => {
      await ana.found()
      await ana.settings()
      await ana.panel().getByText(w.nothing).waitFor({ timeout: patience })
      equal(await ana.button(w.lockNow).count(), 0, "a button to lock what nothing guards")
    })
    await step("a passphrase is set once it is long enough", async () => {
      await ana.button(w.ask).click()
      await ana.choose("short")
      await ana.says(w.short)
      await ana.choose(first)
      await ana.says(w.setDone)
      await ana.panel().getByText(w.about).waitFor()
      const { protection } = await command("protection")
      equal(protection.kind, "passphrase", "what guards the keys")
      await at.look("protection")
    })
    await step("it is changed with the old one only", async () => {
      await ana.button(w.change).click()
      await ana.field(w.old).fill("something else")
      await ana.choose(second)
      await ana.says(w.oldWrong)
      await ana.field(w.old).fill(first)
      await ana.button(w.set).click()
      await ana.says(w.setDone)
    })
    await step("it locks itself when nobody uses it, once that is chosen", async () => {
      await ana.page.getByLabel(w.auto).selectOption(w.after)
      const chosen = async () => (await command("protection")).protection.autoLock === 5
      for (let tries = 0; tries < 50 && !(await chosen()); tries++)
        await ana.page.waitForTimeout(100)
      ok(await chosen(), "the time was not kept")
    })
    await step("locked it shows nothing, and opens with the right passphrase only", async () => {
      await ana.button(w.lockNow).click()
      await ana.waitLocked()
      ok(!(await ana.page.content()).includes("Before it is locked"), "a message is still there")
      await ana.says(w.words)
      await at.look("locked")
      for (const wrong of [first, "nonsense"]) {
        await ana.unlock(wrong)
        await ana.says(w.neither)
      }
      await ana.open(second)
      equal((await command("protection")).protection.autoLock, 5, "minutes until it locks itself")
    })
    await step("it goes on by itself when somebody unlocks it elsewhere", async () => {
      const other = await ana.page.context().newPage()
      await other.goto(at.node.url)
      await ana.settings()
      await ana.button(w.lockNow).click()
      await ana.waitLocked()
      await ana.unlock("nonsense")
      await ana.says(w.neither)
      await other.getByRole("heading", { name: w.locked }).waitFor({ timeout: patience })
      const env = { ...process.env, PARVIS_PASSPHRASE: second }
      await run(program, ["--data", at.node.data, "unlock"], { env })
      await at.message("Before it is locked").waitFor({ timeout: patience })
      equal(await ana.page.getByText(w.neither).count(), 0, "a wrong passphrase is still told")
      await other.getByText("Before it is locked").first().waitFor({ timeout: patience })
      await other.close()
    })
    await step(
      "the palette locks it, and the passphrase is asked for at the next start",
      async () => {
        await ana.page.keyboard.press("Control+k")
        await ana.page.keyboard.type(w.lock)
        await ana.page.getByRole("option", { name: w.lock }).waitFor()
        await ana.page.keyboard.press("Enter")
        await ana.waitLocked()
        await ana.open(second)
        await at.node.stop()
        await at.node.again()
        await ana.page.goto(at.node.url)
        await ana.waitLocked()
      },
    )
    await step("the recovery key opens it, and changes the forgotten passphrase", async () => {
      await ana.open(ana.key)
      await ana.settings()
      await ana.button(w.change).click()
      await ana.field(w.old).fill(ana.key)
      await ana.choose(third)
      await ana.says(w.setDone)
      await ana.button(w.lockNow).click()
      await ana.waitLocked()
      await ana.unlock(second)
      await ana.says(w.neither)
      await ana.open(third)
    })
    await step("the keyring opens it again, where there is one", async () => {
      await ana.settings()
      await ana.button(w.keyring).click()
      await ana.field(w.old).fill(second)
      await ana.button(w.keyringDo).click()
      await ana.says(w.oldWrong)
      await ana.field(w.old).fill(third)
      await ana.button(w.keyringDo).click()
      const done = ana.page.getByText(w.keyringDone)
      const none = ana.page.getByText(w.noKeyring)
      await done.or(none).waitFor({ timeout: patience })
      const kept = (await none.count()) > 0
      equal((await command("protection")).protection.kind, kept ? "passphrase" : "keyring", "guard")
      if (kept) await ana.button(w.cancel).click()
    })
    await step("nothing is in the console", async () => {
      equal(at.complaints.join("\n"), "", "console")
    })
  } finally {
    await at.keep(`protection end ${w.locale}`)
    await at.close()
  }
}
