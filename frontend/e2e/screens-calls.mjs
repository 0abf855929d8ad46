const words = {
  en: {
    answer: "Answer",
    join: "Join call",
    leave: "Leave call",
    mute: "Mute microphone",
    speaker: "Show who speaks",
    start: "Start call",
    show: "Show the call",
    missed: "Call back",
    participants: "Participants",
    devices: "Choose devices",
    record: "Record call",
    react: "React",
    agree: "Agree",
    withdraw: "Do not record me any more",
    cancelRecord: "Do not record",
    noCamera: "There is no camera.",
    leaveAnswer: "Leave and answer",
    enlarge: "Full screen",
    fold: "Hide the pictures",
    rejoin: "Join again",
    invite: "Invite guests by link",
    createLink: "Create link",
    admit: "Admit Marc Aurel",
    remove: "Remove Marc Aurel",
    meeting: "Meeting link",
  },
  fr: {
    answer: "Répondre",
    join: "Rejoindre l’appel",
    leave: "Quitter l’appel",
    mute: "Couper le micro",
    speaker: "Afficher qui parle",
    start: "Démarrer un appel",
    show: "Afficher l’appel",
    missed: "Rappeler",
    participants: "Participants",
    devices: "Choisir les appareils",
    record: "Enregistrer l’appel",
    react: "Réagir",
    agree: "Accepter",
    withdraw: "Ne plus m’enregistrer",
    cancelRecord: "Renoncer à enregistrer",
    noCamera: "Il n’y a pas de caméra.",
    leaveAnswer: "Quitter et répondre",
    enlarge: "Plein écran",
    fold: "Masquer les images",
    rejoin: "Rejoindre de nouveau",
    invite: "Inviter par un lien de réunion",
    createLink: "Créer le lien",
    admit: "Faire entrer Marc Aurel",
    remove: "Retirer Marc Aurel",
    meeting: "Lien de réunion",
  },
}

const button = (page, name) => page.getByRole("button", { name, exact: true })
const here = (page) => page.evaluate(() => location.hash.split("/").at(-1))

/** Calls over a workspace in memory: without camera and microphone, as many computers are. */
export async function callScreens(look) {
  // French has the longer words and the smaller window; `make test-long` has all four.
  const combinations = [
    [false, [1280, 800]],
    [true, [800, 600]],
    ...(process.env.PARVIS_LONG
      ? [
          [false, [800, 600]],
          [true, [1280, 800]],
        ]
      : []),
  ]
  const both = async (name, act) => {
    for (const [french, size] of combinations) {
      const w = words[french ? "fr" : "en"]
      await look(`${name} ${french ? "fr" : "en"} ${size[0]}`, {
        french,
        size,
        act: (page) => act(page, w, french),
      })
    }
  }
  const join = async (page, w, count) => {
    const channel = await here(page)
    await page.evaluate(([id, n]) => window.fake.calls.go(id, n), [channel, count])
    await button(page, w.join).click()
    await page.getByRole("dialog").getByText(w.noCamera).waitFor()
    await page.getByRole("dialog").getByRole("button", { name: w.join }).click()
    await page.getByRole("group", { name: w.participants }).waitFor()
  }
  const direct = (page) =>
    page.evaluate(() => window.fake.call("Chat.Channels", []).then((all) => all.at(-1).id))

  await both("call: there is no camera and no microphone", async (page, w) => {
    await button(page, w.start).click()
    await page.getByText(w.noCamera).waitFor()
  })
  await both("call: four others", async (page, w) => {
    await join(page, w, 4)
    await page.evaluate(() => window.fake.calls.measure())
  })
  await both("call: one large", async (page, w) => {
    await join(page, w, 8)
    await button(page, w.speaker).click()
  })
  await both("call: somebody asks to record", async (page, w) => {
    await join(page, w, 3)
    await page.evaluate(() => window.fake.calls.record())
    await button(page, w.agree).waitFor()
  })
  await both("call: it is recorded", async (page, w) => {
    await join(page, w, 3)
    await page.evaluate(() => window.fake.calls.record(true))
    await button(page, w.withdraw).waitFor()
  })
  await both("call: one asks to record and others have not answered", async (page, w) => {
    await join(page, w, 3)
    await button(page, w.record).click()
    await page.getByRole("button", { name: w.cancelRecord }).last().waitFor()
  })
  await both("call: a guest is in it and another waits", async (page, w) => {
    await join(page, w, 2)
    await page.evaluate(() => window.fake.calls.knock("Marc Aurel"))
    await button(page, w.admit).click()
    await page.evaluate(() => window.fake.calls.knock("Léa, Cabinet Étienne et Associés"))
    await page.getByRole("figure", { name: "Marc Aurel" }).waitFor()
  })
  await both("call: guests and links", async (page, w) => {
    await join(page, w, 2)
    await page.evaluate(() => window.fake.calls.knock("Marc Aurel"))
    await button(page, w.admit).click()
    await page.evaluate(() => window.fake.calls.knock("Léa"))
    await button(page, w.invite).click()
    await page.getByRole("dialog").getByRole("button", { name: w.createLink }).click()
    await page.getByRole("textbox", { name: w.meeting }).waitFor()
  })
  await both("call: a guest is to be removed", async (page, w) => {
    await join(page, w, 1)
    await page.evaluate(() => window.fake.calls.knock("Marc Aurel"))
    await button(page, w.admit).click()
    await button(page, w.invite).click()
    await page.getByRole("dialog").getByRole("button", { name: w.remove }).click()
    await page.getByRole("alertdialog").waitFor()
  })
  await both("call: a meeting link of a channel", async (page, w) => {
    await button(page, w.invite).click()
    await page.getByRole("dialog").getByRole("button", { name: w.createLink }).click()
    await page.getByRole("textbox", { name: w.meeting }).waitFor()
  })
  await both("call: reactions", async (page, w) => {
    await join(page, w, 4)
    await button(page, w.react).click()
    await page.getByRole("button", { name: "🎉", exact: true }).click()
    await page.evaluate(() => ["👏", "❤️", "😂"].forEach((one) => window.fake.calls.react(one)))
    await page.waitForTimeout(700)
  })
  await both("call: one goes on in the sidebar", async (page, w) => {
    const channel = await here(page)
    await page.evaluate((id) => window.fake.calls.go(id, 3), channel)
    await button(page, w.join).waitFor()
  })
  await both("call: elsewhere", async (page, w) => {
    await join(page, w, 1)
    const id = await direct(page)
    await page.evaluate((id) => {
      location.hash = location.hash.replace(/[^/]+$/, id)
    }, id)
    await button(page, w.show).waitFor()
  })
  await both("call: it rings", async (page, w) => {
    await page.evaluate((id) => window.fake.calls.ring(id), await direct(page))
    await button(page, w.answer).waitFor()
  })
  await both("call: it rings during another call", async (page, w) => {
    await join(page, w, 2)
    await page.evaluate((id) => window.fake.calls.ring(id), await direct(page))
    await button(page, w.leaveAnswer).waitFor()
  })
  await both("call: a shared screen", async (page, w) => {
    await join(page, w, 3)
    await page.evaluate(() => window.fake.calls.share())
    await button(page, w.enlarge).waitFor()
  })
  await both("call: a shared screen fills the window", async (page, w) => {
    await join(page, w, 3)
    await page.evaluate(() => window.fake.calls.share())
    await button(page, w.enlarge).click()
  })
  await both("call: only the messages", async (page, w) => {
    await join(page, w, 3)
    await button(page, w.fold).click()
  })
  await both("call: one lost the connection, one closed the window", async (page, w) => {
    await join(page, w, 3)
    await page.evaluate(() => window.fake.calls.lose())
  })
  await both("call: all are gone", async (page, w) => {
    await join(page, w, 1)
    await page.evaluate(() => window.fake.calls.lose(60_000))
  })
  await both("call: it goes on without this device", async (page, w) => {
    await join(page, w, 2)
    await page.evaluate(() => window.fake.calls.leave())
    await button(page, w.rejoin).waitFor()
  })
  await both("call: who was called declines", async (page, w) => {
    const id = await direct(page)
    await page.evaluate((id) => {
      location.hash = location.hash.replace(/[^/]+$/, id)
    }, id)
    await button(page, w.start).click()
    await page.getByRole("dialog").getByRole("button", { name: w.start }).click()
    await button(page, w.leave).waitFor()
    await page.evaluate(() => window.fake.calls.refuse())
  })
  await both("call: missed", async (page, w) => {
    const id = await direct(page)
    await page.evaluate((id) => {
      location.hash = location.hash.replace(/[^/]+$/, id)
      window.fake.calls.miss(id)
    }, id)
    await button(page, w.missed).waitFor()
  })
  await both("call: choose devices", async (page, w) => {
    await join(page, w, 2)
    await button(page, w.devices).click()
    await page.getByRole("dialog").waitFor()
  })
}
