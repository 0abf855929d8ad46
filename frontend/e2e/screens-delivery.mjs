import { ok } from "./report.mjs"

/** What the screens below are named in both languages. */
const words = {
  en: {
    add: "Add a super-peer",
    alone: "Connection: Alone",
    online: "Connection: Online",
    invitation: "Invitation link",
    joinWith: "Join with an invitation",
    check: "Check the network",
    code: "Set-up code",
    isolated: "Isolated mode",
    network: "Network",
    remove: "Remove",
    settings: "Settings",
    submit: "Add",
    superPeers: "Super-peers",
    addDevice: "Add a device",
    addThis: "Add this computer to my devices",
    addThisDo: "Add this computer",
    devices: "Devices",
    deviceLink: "Link for the new device",
    deviceName: "Name of the device",
    otherLink: "Link of the other device",
    passphrase: "Passphrase",
    rename: "Rename MacBook Air",
    dismiss: "Hide this notice",
    lost: "The super-peer cannot be reached.",
    newcomers: "People added later see only what follows.",
    addPeople: "Add people",
    people: /^2 people$/,
    private: "Management",
    stay: "Stay in the background",
    suggestion: "A super-peer keeps messages for whoever is away;",
    removeMac: "Remove MacBook Air",
  },
  fr: {
    add: "Ajouter un super-pair",
    alone: /^Connexion.: Seul$/,
    online: /^Connexion.: En ligne$/,
    invitation: "Lien d’invitation",
    joinWith: "Rejoindre avec une invitation",
    check: "Vérifier le réseau",
    code: "Code d’installation",
    isolated: "Mode isolé",
    network: "Réseau",
    remove: "Retirer",
    settings: "Réglages",
    submit: "Ajouter",
    superPeers: "Super-pairs",
    addDevice: "Ajouter un appareil",
    addThis: "Ajouter cet ordinateur à mes appareils",
    addThisDo: "Ajouter cet ordinateur",
    devices: "Appareils",
    deviceLink: "Lien pour le nouvel appareil",
    deviceName: "Nom de l’appareil",
    otherLink: "Lien de l’autre appareil",
    passphrase: "Phrase secrète",
    rename: "Renommer MacBook Air",
    dismiss: "Masquer cet avis",
    lost: "Le super-pair est injoignable.",
    newcomers: "Les personnes ajoutées plus tard ne voient que la suite.",
    addPeople: "Ajouter des personnes",
    people: /^2.personnes$/,
    private: "Direction",
    stay: "Rester en arrière-plan",
    suggestion: "Un super-pair garde les messages pour les absents",
    removeMac: "Retirer MacBook Air",
  },
}

const button = (page, name) => page.getByRole("button", { name, exact: true })

/** Waits until a field has the focus. */
const focused = (page, name) =>
  page.getByRole("textbox", { name }).and(page.locator(":focus")).waitFor()

/** Opens a section of the settings with the keyboard alone. */
async function section(page, name) {
  await page.keyboard.press("Control+,")
  await page.getByRole("tab", { name }).click()
  await page.waitForTimeout(150)
}

/** Super-peers, devices and what waits, over a workspace in memory. */
export async function deliveryScreens(look) {
  await look("network settings on a narrow window", {
    size: [420, 740],
    french: true,
    act: async (page) => {
      await page.evaluate(() => window.fake.network.attach("connected"))
      await section(page, words.fr.network)
    },
  })
  // French has the longer words and the smaller window; `make test-long` has both.
  const languages = process.env.PARVIS_LONG ? ["en", "fr"] : ["fr"]
  for (const language of languages) {
    const w = words[language]
    const french = language === "fr"
    const size = french ? [800, 600] : [1280, 800]
    const both = (name, act, query = "") =>
      look(`${name} (${language})`, { size, french, query, act: (page) => act(page, w) })

    await both("network settings without a super-peer", async (page) => {
      await section(page, w.network)
      await button(page.getByRole("dialog"), w.add).click()
      await page.getByRole("textbox", { name: w.code }).fill("parvis:/broken")
      await button(page, w.submit).click()
      await page.getByRole("dialog").getByRole("alert").waitFor()
    })
    await both("an invitation instead of a set-up code", async (page) => {
      await section(page, w.network)
      await button(page.getByRole("dialog"), w.add).click()
      await page.getByRole("textbox", { name: w.code }).fill("parvis://join#abc")
      await button(page, w.submit).click()
      await page.getByRole("dialog").getByRole("alert").filter({ hasText: w.joinWith }).waitFor()
    })
    await both(
      "a set-up code instead of an invitation",
      async (page) => {
        await button(page, w.joinWith).click()
        await page
          .getByRole("textbox", { name: w.invitation })
          .fill('{"event":"ready","setup":"parvis://superpeer#abc","metrics":""}')
        await page.getByRole("alert").filter({ hasText: w.add }).waitFor()
      },
      "empty",
    )
    await both(
      "a super-peer is suggested in the welcome",
      async (page) => {
        await page.getByText(w.suggestion).waitFor()
        await button(page, w.add).click()
        await focused(page, w.code)
        await page.keyboard.press("Escape")
        await page.getByRole("dialog").waitFor({ state: "detached" })
      },
      "people=1&messages=0",
    )
    await both(
      "a new channel with a super-peer",
      async (page) => {
        await page.evaluate(() => window.fake.network.attach("connected"))
        await page.getByText(w.suggestion).waitFor({ state: "detached" })
      },
      "people=2&messages=0",
    )
    await both("network settings with super-peers", async (page) => {
      await page.evaluate(() => window.fake.network.attach("tight", "refused", "full"))
      await page.evaluate(() => window.fake.tell("status", window.fake.status()))
      await section(page, w.network)
    })
    await both("a super-peer is removed", async (page) => {
      await page.evaluate(() => window.fake.network.attach("connecting"))
      await section(page, w.network)
      await page.getByRole("button", { name: new RegExp(`^${w.remove} `) }).click()
      await page.getByRole("alertdialog").waitFor()
    })
    await both("the network is checked", async (page) => {
      await section(page, w.network)
      await page.getByRole("switch", { name: w.isolated }).click()
      await button(page, w.check).click()
      await page.getByRole("listitem").filter({ hasText: "203.0.113.7" }).scrollIntoViewIfNeeded()
    })
    await both("own devices, one is renamed", async (page) => {
      await section(page, w.devices)
      await button(page, w.rename).click()
      const field = page.getByRole("textbox", { name: w.deviceName })
      await field.fill("Portable")
      await field.press("Enter")
      await page.getByText("Portable", { exact: true }).waitFor()
      await page.keyboard.press("Enter") // the focus is on the pencil again
      await field.press("Escape")
      await field.waitFor({ state: "detached" })
      await page.keyboard.press("Enter")
      await field.fill("MacBook Air")
    })
    await both("an own device is removed", async (page) => {
      await section(page, w.devices)
      await button(page, w.removeMac).click()
      await page.getByRole("alertdialog").waitFor()
    })
    await both("a link for a device", async (page) => {
      await section(page, w.devices)
      await button(page, w.addDevice).click()
      await page.getByRole("textbox", { name: w.deviceLink }).waitFor()
    })
    await both("a link for a device needs the passphrase", async (page) => {
      await page.evaluate(() => (window.fake.network.passphrase = "open"))
      await section(page, w.devices)
      await button(page, w.addDevice).click()
      await page.getByLabel(w.passphrase).fill("wrong")
      await page.keyboard.press("Enter")
      await page.getByRole("alert").waitFor()
    })
    await both("the codes of two devices", async (page) => {
      await section(page, w.devices)
      await button(page, w.addDevice).click()
      await page.getByRole("textbox", { name: w.deviceLink }).waitFor()
      await page.evaluate(() => window.fake.network.codes(true))
    })
    await both("a device gets the workspaces", async (page) => {
      await section(page, w.devices)
      await button(page, w.addDevice).click()
      await page.getByRole("textbox", { name: w.deviceLink }).waitFor()
      await page.evaluate(() =>
        window.fake.network.linked({ link: "", state: "copying", done: 1, total: 3 }),
      )
      await page.getByRole("progressbar").waitFor()
    })
    await both("adding a device has failed", async (page) => {
      await section(page, w.devices)
      await button(page, w.addDevice).click()
      await page.getByRole("textbox", { name: w.deviceLink }).waitFor()
      await page.evaluate(() =>
        window.fake.network.linked({ link: "", state: "failed", code: "used", problem: "Used." }),
      )
      await page.getByRole("alert").waitFor()
    })
    await both("the start screen", () => {}, "empty")
    const openLink = async (page, text) => {
      await button(page, w.addThis).click()
      await page.getByRole("textbox", { name: w.otherLink }).fill(text)
      await button(page, w.addThisDo).click()
    }
    await both(
      "an invitation instead of a link for a device",
      async (page) => {
        await openLink(page, "parvis://join#abc")
        await page.getByRole("alert").waitFor()
      },
      "empty",
    )
    await both(
      "this computer is being added",
      async (page) => {
        await openLink(page, "parvis://device#abc")
        await page.getByRole("progressbar").waitFor()
      },
      "empty",
    )
    await both("this computer is added beside the work", async (page) => {
      await page.evaluate(() =>
        window.fake.network.linked({ new: true, state: "copying", done: 1, total: 3 }),
      )
      await page.getByRole("progressbar").waitFor()
    })
    await both("a super-peer is suggested until that is dismissed", async (page) => {
      await page.getByText(w.suggestion).waitFor()
      await button(page, w.add).click()
      await page.getByRole("heading", { name: w.superPeers }).waitFor()
      await focused(page, w.code)
      await page.keyboard.press("Escape")
      await button(page, w.dismiss).click()
      await page.getByText(w.suggestion).waitFor({ state: "detached" })
      await page.reload()
      await page.getByText(w.suggestion).waitFor()
    })
    await both("the super-peer is lost, nobody else is there", async (page) => {
      await page.evaluate(() => window.fake.network.attach("connected"))
      // What the program says of its connections comes a moment later than of the workspace.
      await page.evaluate(() =>
        window.fake.tell("status", {
          ...window.fake.status(),
          peers: window.fake.status().peers.filter(({ path }) => path === "super-peer"),
        }),
      )
      await page.evaluate(() => window.fake.change({ superPeersUp: 0, online: 1, queued: 2 }))
      await page.getByText(w.lost).waitFor()
      await page.getByRole("button", { name: w.alone }).waitFor()
      await page.evaluate(() => window.fake.change({ superPeersUp: 1 }))
      await page.getByText(w.lost).waitFor({ state: "detached" })
      await page.getByRole("button", { name: w.online }).waitFor()
      await page.evaluate(() => window.fake.change({ superPeersUp: 0 }))
      await page.getByText(w.lost).waitFor()
    })
    await both("the super-peer is lost, others are there", async (page) => {
      await page.evaluate(() => window.fake.network.attach("connected"))
      await page.evaluate(() => window.fake.change({ superPeersUp: 0 }))
      await page.getByText(w.lost).waitFor()
    })
    await both("catching up", async (page) => {
      await page.evaluate(() =>
        window.fake.change({ superPeers: 1, superPeersUp: 1, behind: 4000 }),
      )
      await page.evaluate(() => window.fake.change({ behind: 1400 }))
      await page.getByRole("progressbar").waitFor()
    })
    await both("the window is closed while something waits", async (page) => {
      await page.evaluate(() =>
        window.fake.tell("closing", {
          waiting: [
            { workspace: "w", name: "Atelier Rivoli", count: 3, people: ["Ben Carter", "Chloé"] },
            {
              workspace: "v",
              name: "Harbour",
              count: 1,
              people: ["Ada", "Bo", "Cy", "Dee", "Eve", "Flo"],
            },
            { workspace: "u", name: "Club", count: 2, people: [] },
          ],
        }),
      )
      await page.getByRole("alertdialog").waitFor()
      await page.waitForTimeout(200)
      ok(
        await button(page, w.stay).evaluate((element) => element === document.activeElement),
        "staying does not have the focus",
      )
    })
    await both("the people of a private channel", async (page) => {
      if (french) await page.getByRole("button", { name: "Ouvrir la navigation" }).click()
      await page.getByRole("link", { name: w.private }).click()
      await page.getByRole("main").getByRole("button", { name: w.people }).click()
      await page.getByText(w.newcomers).waitFor()
    })
    await both("people are added to a private channel", async (page) => {
      if (french) await page.getByRole("button", { name: "Ouvrir la navigation" }).click()
      await page.getByRole("link", { name: w.private }).click()
      await page.getByRole("main").getByRole("button", { name: w.people }).click()
      await page.getByRole("button", { name: w.addPeople }).click()
      const dialog = page.getByRole("dialog")
      await dialog.getByRole("group").getByRole("button").first().click()
      ok(await dialog.getByRole("button", { name: w.addPeople }).isEnabled(), "nobody is chosen")
    })
    await both("this computer was removed", (page) =>
      page.evaluate(() => window.fake.change({ state: "removed" })),
    )
  }
}
