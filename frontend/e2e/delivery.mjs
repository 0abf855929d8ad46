import { Person } from "./person.mjs"
import { equal, ok } from "./report.mjs"
import { SuperPeer } from "./super-peer.mjs"
import { words as names } from "./words.mjs"

/** What the screens below are named in both languages. */
const words = {
  en: {
    addDevice: "Add a device",
    addSuperPeer: "Add a super-peer",
    addThis: "Add this computer to my devices",
    addThisDo: "Add this computer",
    again: "Check again",
    check: "Check the network",
    code: "Set-up code",
    compare: "Compare",
    connected: "Connected",
    devices: "Devices",
    entered: "Right. Waiting for the other person to type your code.",
    held: "Held by a super-peer",
    link: "Link for the new device",
    lost: "The super-peer cannot be reached.",
    network: "Network",
    online: "Connection: Online",
    otherLink: "Link of the other device",
    ours: "Your code",
    remove: /^Remove /,
    removed: "This computer was removed from Atelier",
    result: "Result of the check",
    submit: "Add",
    theirs: "Code of the other device",
  },
  fr: {
    addDevice: "Ajouter un appareil",
    addSuperPeer: "Ajouter un super-pair",
    addThis: "Ajouter cet ordinateur à mes appareils",
    addThisDo: "Ajouter cet ordinateur",
    again: "Vérifier de nouveau",
    check: "Vérifier le réseau",
    code: "Code d’installation",
    compare: "Comparer",
    connected: "Connecté",
    devices: "Appareils",
    entered: "C’est juste. L’autre personne doit encore saisir votre code.",
    held: "Gardé par un super-pair",
    link: "Lien pour le nouvel appareil",
    lost: "Le super-pair est injoignable.",
    network: "Réseau",
    online: /^Connexion.: En ligne$/,
    otherLink: "Lien de l’autre appareil",
    ours: "Votre code",
    remove: /^Retirer /,
    removed: "Cet ordinateur a été retiré de l’espace de travail Atelier",
    result: "Résultat de la vérification",
    submit: "Ajouter",
    theirs: "Code de l’autre appareil",
  },
}

/** How long the page may take to say that the last super-peer is gone. Milliseconds. */
const notice = 5_000

async function section(person, name) {
  await person.page.keyboard.press("Control+,")
  await person.page.getByRole("tab", { name }).click()
}

/** One person, two computers and a super-peer that is killed and comes back. */
export async function delivery(report, browser, program, language) {
  const w = { ...names[language], ...words[language] }
  const step = (name, run) => report.step(`delivery ${language}: ${name}`, run)
  const open = []
  const keep = (thing) => (open.push(thing), thing)
  try {
    const ana = keep(await Person.start(browser, program, w))
    const superPeer = keep(await SuperPeer.make(program))
    const ready = await superPeer.start()
    const dialog = ana.page.getByRole("dialog")

    await step("a super-peer is added with its first line", async () => {
      await ana.button(w.create).click()
      await ana.field(w.workspaceName).fill("Atelier")
      await ana.field(w.yourName).fill("Ana")
      await ana.button(w.createButton, true).click()
      await ana.savePaper()
      await ana.channel("general").waitFor()
      await section(ana, w.network)
      await dialog.getByRole("button", { name: w.addSuperPeer }).click()
      await ana.field(w.code).fill(ready)
      await dialog.getByRole("button", { name: w.submit, exact: true }).click()
      await dialog.getByText(w.connected, { exact: true }).waitFor()
    })
    await step("the network is checked", async () => {
      await dialog.getByRole("button", { name: w.check }).click()
      await dialog.getByRole("list", { name: w.result }).waitFor({ timeout: 20_000 })
      await ana.look("network-check")
      await ana.page.keyboard.press("Escape")
    })
    await step("the loss of the super-peer is told in time, and its return", async () => {
      const began = Date.now()
      superPeer.kill()
      await ana.page.getByText(w.lost).waitFor()
      ok(Date.now() - began < notice, `it took ${Date.now() - began} ms`)
      ok((await ana.page.getByRole("button", { name: w.online }).count()) === 0, "still online")
      await superPeer.start()
      await ana.page.getByText(w.lost).waitFor({ state: "detached", timeout: 45_000 })
    })

    const laptop = keep(await Person.start(browser, program, w))
    await step("a second device is added", async () => {
      await section(ana, w.devices)
      await dialog.getByRole("button", { name: w.addDevice }).click()
      const link = await ana.field(w.link).inputValue()
      await laptop.button(w.addThis).click()
      await laptop.field(w.otherLink).fill(link)
      await laptop.button(w.addThisDo, true).click()
      const codes = []
      for (const person of [ana, laptop]) {
        const shown = person.page.getByLabel(w.ours)
        await shown.waitFor({ timeout: 20_000 })
        codes.push(await shown.innerText())
      }
      for (const [index, person] of [ana, laptop].entries()) {
        await person.field(w.theirs).fill(codes[1 - index])
        await person.button(w.compare, true).dblclick() // as many do
        if (index > 0) continue
        await person.page.getByText(w.entered).waitFor()
        equal(await person.page.getByRole("alert").count(), 0, "a second sentence")
      }
      await laptop.channel("general").waitFor({ timeout: 30_000 })
      await laptop.page.keyboard.press("Escape")
      await laptop.look("linked")
    })
    await step("what is written on one is on the other", async () => {
      for (let left = 0; left < 3 && (await dialog.count()) > 0; left++)
        await ana.page.keyboard.press("Escape")
      await ana.say("general", "on both")
      await laptop.message("on both").waitFor()
    })
    await step("a device that was removed says so", async () => {
      await section(ana, w.devices)
      await dialog.getByRole("button", { name: w.remove }).click()
      await ana.page.getByRole("alertdialog").getByRole("button").last().click()
      await laptop.page.getByText(w.removed).waitFor({ timeout: 20_000 })
      await laptop.look("removed")
    })
    await step("nothing is in the consoles", async () => {
      ok(
        ana.complaints.length + laptop.complaints.length === 0,
        ana.complaints.concat(laptop.complaints).join("\n"),
      )
    })
  } finally {
    for (const thing of open) await thing.keep?.(`delivery end ${language}`)
    for (const thing of open.reverse()) await thing.close()
  }
}
