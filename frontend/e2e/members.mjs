import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { Person } from "./person.mjs"
import { equal, ok } from "./report.mjs"
import { words as names } from "./words.mjs"

const run = promisify(execFile)

/** What the screens below are named in both languages. */
const words = {
  en: {
    admin: "Admin",
    changeRole: "Change role",
    close: "Close the space",
    closed: "This space is closed",
    closeIt: "Close it",
    almost: "You are almost in Atelier",
    cannotReturn: /^This computer left this workspace, or was removed from it/,
    confirm: "Confirm",
    decide: /^To decide/,
    dismiss: "Hide this notice",
    handOver: "Hand over the workspace",
    handOverDo: "Hand over",
    isAdmin: "You are an admin now",
    isFirst: /is the first owner now/,
    leave: /^Leave the workspace/,
    leaveDo: "Leave",
    left: "You left Atelier",
    nameTrustees: "Name trustees",
    noAdmin: "Ana made you a member of Atelier. You are no longer an admin.",
    removeDevice: "Remove this device",
    onlyDevice: /^It is the only device of Ben/,
    removeBen: "Remove Ben",
    cancel: "Cancel",
    save: "Save",
    trustees: "Trustees",
    twoOfThree: "2 of 3",
    nowhere: "You are in no space at the moment",
    open: "Open it again",
    out: "You are no longer in Atelier",
    outBy: /^Ana removed you/,
    outOf: /out of this space$/,
    outOfSpace: "You are no longer in “Board”",
    people: /^\d+ (people|person)/,
    remove: "Remove from the workspace",
    removeDo: "Remove",
    role: "Role",
    takeOut: "Take out",
    waitsFor: "waits to be confirmed",
    who: "Chosen people",
  },
  fr: {
    admin: "Administrateur",
    changeRole: "Changer le rôle",
    close: "Fermer l’espace",
    closed: "Cet espace est fermé",
    closeIt: "Fermer l’espace",
    almost: /^Vous y êtes presque.: Atelier$/,
    cannotReturn: /^Cet ordinateur a quitté cet espace de travail ou en a été retiré/,
    confirm: "Confirmer",
    decide: /^À décider/,
    dismiss: "Masquer cet avis",
    handOver: "Transmettre l’espace de travail",
    handOverDo: "Transmettre",
    isAdmin: "Vous avez maintenant le rôle d’administrateur",
    isFirst: /le rôle de premier propriétaire/,
    leave: /^Quitter l’espace de travail/,
    leaveDo: "Quitter",
    left: "Vous avez quitté l’espace de travail Atelier",
    nameTrustees: "Choisir des personnes de confiance",
    noAdmin:
      "Ana vous a donné le rôle de membre dans Atelier. Vous n’avez plus celui d’administrateur.",
    removeDevice: "Retirer cet appareil",
    onlyDevice: /^C’est le seul appareil de Ben/,
    removeBen: "Retirer Ben",
    cancel: "Annuler",
    save: "Enregistrer",
    trustees: "Personnes de confiance",
    twoOfThree: "2 sur 3",
    nowhere: "Vous n’êtes dans aucun espace pour le moment",
    open: "Rouvrir l’espace",
    out: "Vous ne faites plus partie de l’espace de travail Atelier",
    outBy: /^Ana vous en a retiré/,
    outOf: /de cet espace$/,
    outOfSpace: /^Vous ne faites plus partie de «.Board.»$/,
    people: /^\d+ personnes?/,
    remove: "Retirer de l’espace de travail",
    removeDo: "Retirer",
    role: "Rôle",
    takeOut: "Retirer",
    waitsFor: "attend une confirmation",
    who: "Personnes choisies",
  },
}

/** How long a fact may take to reach the other person. Milliseconds. */
const patience = 20_000

/** Somebody in front of a page, and what one does there about people. */
class Member {
  static async start(browser, program, w, name) {
    const member = new Member()
    member.name = name
    member.w = w
    member.at = await Person.start(browser, program, w)
    return member
  }

  get page() {
    return this.at.page
  }

  aside = () => this.page.getByRole("complementary")
  dialog = () => this.page.getByRole("dialog")
  question = () => this.page.getByRole("alertdialog")

  async found(workspace) {
    const { w, at } = this
    await at.button(w.create).click()
    await at.field(w.workspaceName).fill(workspace)
    await at.field(w.yourName).fill(this.name)
    await at.button(w.createButton, true).click()
    await at.savePaper()
    await at.channel("general").waitFor({ timeout: patience })
  }

  /** Makes an invitation; for a guest, to the only private space. */
  async invite({ guest = false } = {}) {
    const { w, at } = this
    await at.button(w.invite).first().click()
    const dialog = this.dialog()
    if (guest) {
      await dialog.getByLabel(w.role).selectOption("guest")
      equal(
        await dialog.getByRole("button", { name: w.createLink }).isDisabled(),
        true,
        "a guest may be invited nowhere",
      )
      await dialog.getByRole("checkbox", { name: "Board" }).click()
    }
    await dialog.getByRole("button", { name: w.createLink }).click()
    const box = dialog.getByRole("textbox", { name: w.link })
    await box.waitFor({ timeout: patience })
    const link = await box.inputValue()
    await this.page.keyboard.press("Escape")
    await dialog.waitFor({ state: "detached" })
    return link
  }

  async join(link) {
    const { w, at } = this
    await at.button(w.joinWith).click()
    await at.field(w.link).fill(link)
    await at.field(w.yourName).fill(this.name)
    await at.button(w.joinButton, true).click()
  }

  /** Opens the profile of somebody. */
  async profile(name) {
    await this.people()
    const person = this.aside()
      .getByRole("list")
      .getByRole("button", { name: new RegExp(`^${name}`) })
    await person.first().click({ timeout: patience })
    await this.aside().getByRole("heading", { name, exact: true }).waitFor()
  }

  async people() {
    const button = this.page.locator("main").getByRole("button", { name: this.w.people })
    if ((await button.getAttribute("aria-pressed")) !== "true") await button.click()
  }

  async leave() {
    await this.page.getByRole("button", { name: "Atelier", exact: true }).click()
    await this.page.getByRole("menuitem", { name: this.w.leave }).click()
  }
}

/** One invitation for one person lets two in, through two people who do not see each other. */
async function doubleUse(step, { ana, ben, person, w, program }) {
  const cleo = await person("Cleo")
  const dan = await person("Dan")
  await step("two people come with an invitation for one", async () => {
    const link = await ana.invite()
    await ben.page.waitForTimeout(1_000) // the invitation reaches Ben
    await ben.at.node.stop()
    await cleo.join(link)
    await cleo.at.channel("general").waitFor({ timeout: patience })
    await Promise.all([ana.at.node.stop(), cleo.at.node.stop()])
    await ben.at.node.again()
    await dan.join(link)
    await dan.at.channel("general").waitFor({ timeout: 2 * patience })
    await Promise.all([ana.at.node.again(), cleo.at.node.again()])
  })
  await step("one is confirmed and goes on, the other one is removed", async () => {
    await ana.at.button(w.decide).click({ timeout: patience })
    const matter = (name) =>
      ana.aside().getByRole("listitem").filter({ hasText: name }).filter({ hasText: w.waitsFor })
    await matter("Cleo").waitFor({ timeout: patience })
    await matter("Dan").waitFor({ timeout: patience })
    await ana.at.look("members-decide")
    for (const { at } of [cleo, dan]) {
      await at.page.getByRole("heading", { name: w.almost }).waitFor({ timeout: patience })
      const list = await run(program, ["--data", at.node.data, "workspace", "list"])
      ok(/\bsuspended\b/.test(list.stdout), list.stdout)
      const status = await run(program, ["--data", at.node.data, "status"])
      ok(status.stdout.includes("somebody has to confirm"), status.stdout)
    }
    await dan.at.look("members-suspended")
    await matter("Cleo").getByRole("button", { name: w.confirm }).click()
    await ana.at.say("general", "Welcome, Cleo")
    await cleo.at.message("Welcome, Cleo").waitFor({ timeout: 2 * patience })
    await matter("Dan").getByRole("button", { name: w.removeDo }).click()
    await ana.at.look("members-remove")
    await ana.question().getByRole("button", { name: w.removeDo }).click()
    await dan.page.getByRole("heading", { name: w.out }).waitFor({ timeout: 2 * patience })
    await dan.page.getByText(w.outBy).waitFor()
    await dan.at.look("members-out")
    await ana.at.button(w.decide).waitFor({ state: "detached", timeout: patience })
  })
  await step(
    "with three people two of three trustees are proposed, and everybody sees them",
    async () => {
      await ana.at.button(w.dismiss).click() // the suggestion before
      await ana.at.button(w.nameTrustees).click({ timeout: patience })
      await ana.dialog().getByText(w.twoOfThree).waitFor({ state: "attached" })
      await ana.at.look("members-trustees")
      await ana.dialog().getByRole("button", { name: w.save, exact: true }).click()
      await ana.at.button(w.nameTrustees).waitFor({ state: "detached", timeout: patience })
      await cleo.page.getByRole("button", { name: "Atelier" }).first().click()
      await cleo.page.getByRole("menuitem", { name: w.trustees }).click()
      for (const name of ["Ana", "Ben", "Cleo"])
        await cleo.dialog().getByText(name, { exact: true }).waitFor({ timeout: patience })
      await cleo.page.keyboard.press("Escape")
    },
  )
}

/** People on computers of their own: roles, a double use, a guest, a private space, and leaving. */
export async function members(report, browser, program, language) {
  const w = { ...names[language], ...words[language] }
  const step = (name, run) => report.step(`members ${language}: ${name}`, run)
  const all = []
  const person = async (name) => {
    const member = await Member.start(browser, program, w, name)
    all.push(member)
    return member
  }
  try {
    const ana = await person("Ana")
    const ben = await person("Ben")
    await step("two people are in a workspace", async () => {
      await ana.found("Atelier")
      await ben.join(await ana.invite())
      await ben.at.channel("general").waitFor({ timeout: patience })
    })
    await step("an owner makes somebody an admin, and his page says so", async () => {
      await ana.profile("Ben")
      await ana.at.look("members-profile")
      await ana.aside().getByRole("button", { name: w.changeRole }).click()
      await ana.dialog().getByRole("radio", { name: w.admin }).click()
      await ana.dialog().getByRole("button", { name: w.changeRole }).click()
      await ana.aside().getByText(w.admin, { exact: true }).waitFor({ timeout: patience })
      await ben.page.getByText(w.isAdmin).waitFor({ timeout: patience })
      await ben.at.button(w.invite).first().waitFor({ timeout: patience })
    })
    await step("who loses an office reads by whom, until it was seen", async () => {
      const command = async (one, ...args) =>
        JSON.parse((await run(program, ["--data", one.at.node.data, "--json", ...args])).stdout)
      const matters = async () =>
        (await command(ben, "people", "matters")).matters.map(({ kind }) => kind).join()
      await command(ana, "people", "role", "Ben", "member")
      await ben.page.getByText(w.noAdmin).waitFor({ timeout: patience })
      equal(await matters(), "lowered", "what the terminal lists")
      await ben.at.look("members-lowered")
      const banner = ben.page.getByRole("status").filter({ hasText: w.noAdmin })
      await banner.getByRole("button", { name: w.dismiss }).click()
      await ben.page.getByText(w.noAdmin).waitFor({ state: "detached" })
      equal(await matters(), "", "what the terminal lists once it was seen")
      await command(ana, "people", "role", "Ben", "admin")
      await ben.at.button(w.invite).first().waitFor({ timeout: patience })
    })
    await step("whose only device would be removed is removed altogether, or stays", async () => {
      await ana.profile("Ben")
      await ana.aside().getByRole("button", { name: w.removeDevice }).click()
      await ana.question().getByText(w.onlyDevice).waitFor()
      await ana.question().getByRole("button", { name: w.removeBen }).click()
      await ana.question().getByRole("button", { name: w.cancel, exact: true }).click()
      await ana.question().waitFor({ state: "detached" })
    })
    await step("who stands above has no buttons that would fail", async () => {
      await ben.profile("Ana")
      equal(await ben.aside().getByRole("group").count(), 0, "buttons about an owner")
    })

    await doubleUse(step, { ana, ben, person, w, program })

    const eva = await person("Eva")
    await step("a guest sees its space, the names in it, and nothing else", async () => {
      await ana.at.button(w.newChannel).click()
      await ana.at.field(w.channelName).fill("Board")
      await ana.dialog().getByRole("radio", { name: w.who }).click()
      await ana.at.button(w.createChannel).click()
      await ana.at.field(w.message("Board")).waitFor({ timeout: patience })
      await ana.at.say("Board", "For the guest too")
      await eva.join(await ana.invite({ guest: true }))
      await eva.at.channel("Board").waitFor({ timeout: patience })
      await eva.at.message("For the guest too").waitFor({ timeout: patience })
      await eva.page
        .getByRole("button", { name: "Ana", exact: true })
        .waitFor({ timeout: patience })
      await eva.page
        .getByRole("button", { name: "Atelier", exact: true })
        .waitFor({ timeout: patience })
      equal(await eva.at.channel("general").count(), 0, "the channel for everybody")
      equal(await eva.at.button(w.newChannel).count(), 0, "a button for new channels")
      equal(await eva.page.getByText("Ben").count(), 0, "people of other spaces")
      await eva.at.look("members-guest")
    })
    await step("a closed space says why one cannot write, and opens again", async () => {
      await ana.at.channel("Board").click()
      await ana.people()
      await ana.aside().getByRole("button", { name: w.close }).click()
      await ana.question().getByRole("button", { name: w.closeIt }).click()
      await eva.page.getByRole("note").getByText(w.closed).waitFor({ timeout: patience })
      equal(await eva.at.field(w.message("Board")).count(), 0, "fields to write in")
      await ana.page.getByRole("note").getByRole("button", { name: w.open }).click()
      await eva.at.field(w.message("Board")).waitFor({ timeout: patience })
      await eva.at.say("Board", "It is open")
      await ana.at.message("It is open").waitFor({ timeout: patience })
    })
    await step("who is taken out of a space is told, and sees what to do", async () => {
      await ana.aside().getByRole("button", { name: w.outOf }).click()
      await ana.question().getByRole("button", { name: w.takeOut }).click()
      await eva.page.getByText(w.outOfSpace).waitFor({ timeout: patience })
      await eva.page.getByRole("heading", { name: w.nowhere }).waitFor({ timeout: patience })
      await eva.at.look("members-nowhere")
    })
    await step("the first owner hands over, then leaves", async () => {
      await ana.page.keyboard.press("Escape")
      await ana.leave()
      await ana.question().getByRole("button", { name: w.handOver }).click()
      await ana.dialog().getByRole("button", { name: w.handOverDo, exact: true }).click()
      await ana.page.getByText(w.isFirst).waitFor({ timeout: patience })
      await ana.question().getByRole("button", { name: w.leaveDo, exact: true }).click()
      await ana.page.getByRole("heading", { name: w.left }).waitFor({ timeout: patience })
      await ana.at.channel("general").click() // what is here stays to be read
      await ana.at.message("Welcome, Cleo").waitFor()
      await ana.at.look("members-left")
      await ana.page.evaluate(() => (location.hash = "#/add"))
      await ana.at.button(w.joinWith).click()
      await ana.at.field(w.link).fill(await ben.invite())
      await ana.page.getByText(w.cannotReturn).waitFor()
      await ana.at.field(w.yourName).fill("Ana")
      equal(await ana.at.button(w.joinButton, true).isDisabled(), true, "joining is offered")
      await ben.at.channel("general").click()
      await ben.people()
      await ben
        .aside()
        .getByRole("button", { name: /^Ana/ })
        .waitFor({ state: "detached", timeout: patience })
    })
    await step("nothing is in the consoles", async () => {
      const lines = all.flatMap(({ at }) => at.complaints)
      ok(lines.length === 0, lines.join("\n"))
    })
  } finally {
    for (const { at } of all) await at.keep(`members end ${w.locale}`)
    for (const { at } of all.reverse()) await at.close()
  }
}
