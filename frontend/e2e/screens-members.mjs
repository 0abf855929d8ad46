const names = {
  en: {
    people: /^\d+ people/,
    list: "People",
    role: "Change role",
    remove: "Remove from the workspace",
    handOver: "Hand over the workspace",
    decide: /things? to decide$/,
    management: "Management",
    close: "Close the space",
    closeDo: "Close it",
    out: /out of this space$/,
    invite: "Invite people",
    guest: "Guest",
    roleField: "Role",
    menu: "Harbour Studio",
    leave: /^Leave the workspace/,
    trustees: "Trustees",
    depose: /^Depose somebody/,
    deposeDo: "Depose",
    makeText: "Make the text",
    forget: "Delete from this computer",
    documents: "All documents",
    guestRadio: "Guest",
    removeDevice: "Remove this device",
    tell: /Tell an owner or an admin/,
    lost: /You are no longer/,
    openNavigation: "Open navigation",
    actions: "Message actions",
  },
  fr: {
    people: /^\d+ personnes/,
    list: "Personnes",
    role: "Changer le rôle",
    remove: "Retirer de l’espace de travail",
    handOver: "Transmettre l’espace de travail",
    decide: /points? à décider$/,
    management: "Direction",
    close: "Fermer l’espace",
    closeDo: "Fermer l’espace",
    out: /de cet espace$/,
    invite: "Inviter des personnes",
    guest: "Invité",
    roleField: "Rôle",
    menu: "Atelier Rivoli",
    leave: /^Quitter l’espace de travail/,
    trustees: "Personnes de confiance",
    depose: /^Destituer quelqu’un/,
    deposeDo: "Destituer",
    makeText: "Créer le texte",
    forget: "Supprimer de cet ordinateur",
    documents: "Tous les documents",
    guestRadio: "Invité",
    removeDevice: "Retirer cet appareil",
    tell: /Prévenez un propriétaire/,
    lost: /Vous n’avez plus celui/,
    openNavigation: "Ouvrir la navigation",
    actions: "Actions sur le message",
  },
}

/** Everything about who is in a workspace, in both languages and sizes. */
export async function memberScreens(look) {
  for (const french of [false, true])
    for (const size of [
      [1280, 800],
      [800, 600],
    ]) {
      const w = names[french ? "fr" : "en"]
      const show = (name, act, query = "") =>
        look(`members ${name} ${french ? "fr" : "en"} ${size[0]}`, { size, french, act, query })
      const wide = size[0] > 959
      const aside = (page) => page.getByRole("complementary")
      const people = (page) => page.getByRole("button", { name: w.people }).click()
      const person = async (page, name) => {
        await people(page)
        await aside(page).getByRole("button", { name }).click()
      }
      const sidebar = async (page) => {
        if (!wide) await page.getByRole("button", { name: w.openNavigation }).click()
      }
      const trouble = (page) => page.evaluate(() => window.fake.members.trouble())
      const board = async (page) => {
        await sidebar(page)
        await page.getByRole("link", { name: w.management, exact: true }).click()
        await people(page)
      }

      await show("a person", (page) => person(page, /Chloé/))
      await show("a role", async (page) => {
        await person(page, /Chloé/)
        await aside(page).getByRole("button", { name: w.role }).click()
        await page.getByRole("radio", { name: w.guestRadio }).click()
      })
      await show("a removal", async (page) => {
        await person(page, /Chloé/)
        await aside(page).getByRole("button", { name: w.remove }).click()
        await page.getByRole("switch").click()
      })
      await show("handing over", async (page) => {
        await person(page, /Chloé/)
        await aside(page).getByRole("button", { name: w.handOver }).click()
      })
      await show("somebody waits", async (page) => {
        await trouble(page)
        await person(page, /Dariusz/)
      })
      await show("people with matters", async (page) => {
        await trouble(page)
        await people(page)
        await aside(page).getByRole("button", { name: w.decide }).waitFor()
      })
      await show("matters", async (page) => {
        await trouble(page)
        await people(page)
        await aside(page).getByRole("button", { name: w.decide }).click()
      })
      await show(
        "a copied device of somebody else, told to a member",
        async (page) => {
          await page.evaluate(() => window.fake.members.copied())
          await page.getByText(w.tell).waitFor()
        },
        "role=member",
      )
      await show("a device to remove", async (page) => {
        await page.evaluate(() => window.fake.members.addDevices(3))
        await person(page, /Chloé/)
        await aside(page).getByRole("button", { name: w.removeDevice }).last().click()
      })
      await show("the only device to remove", async (page) => {
        await page.evaluate(() => window.fake.members.copied())
        await page.getByRole("button", { name: w.removeDevice }).click()
      })
      await show("an office that was lost", async (page) => {
        await page.evaluate(() => window.fake.members.lower())
        await page.getByText(w.lost).waitFor()
      })
      await show("the sidebar with matters", async (page) => {
        await trouble(page)
        await sidebar(page)
      })
      await show("a member looks at an owner", (page) => person(page, /Ben Carter/), "role=member")
      await show("a private space", board)
      await show("taking out", async (page) => {
        await board(page)
        await aside(page).getByRole("button", { name: w.out }).first().click()
      })
      await show("closing", async (page) => {
        await board(page)
        await aside(page).getByRole("button", { name: w.close }).click()
      })
      await show("a closed space", async (page) => {
        await board(page)
        await aside(page).getByRole("button", { name: w.close }).click()
        await page.getByRole("alertdialog").getByRole("button", { name: w.closeDo }).click()
        await page.getByRole("note").waitFor()
      })
      const guestInvite = async (page) => {
        await sidebar(page)
        await page.getByRole("button", { name: w.invite }).first().click()
        await page.getByLabel(w.roleField).selectOption("guest")
      }
      await show("inviting a guest", async (page) => {
        await guestInvite(page)
        await page.getByRole("checkbox").first().click()
      })
      await show("inviting a guest without a space", async (page) => {
        await page.evaluate(() => window.fake.members.forgetSpaces())
        await guestInvite(page)
      })
      const leave = async (page) => {
        await sidebar(page)
        await page.getByRole("button", { name: w.menu }).click()
        await page.getByRole("menuitem", { name: w.leave }).click()
      }
      await show("the menu", async (page) => {
        await sidebar(page)
        await page.getByRole("button", { name: w.menu }).click()
      })
      const trustees = async (page) => {
        await sidebar(page)
        await page.getByRole("button", { name: w.menu }).click()
        await page.getByRole("menuitem", { name: w.trustees }).click()
      }
      const named = (page) => page.evaluate(() => window.fake.members.trust())
      await show("naming trustees", trustees)
      await show("trustees that somebody else named", trustees, "role=member")
      await show(
        "deposing",
        async (page) => {
          await named(page)
          await trustees(page)
          await page.getByRole("button", { name: w.depose }).click()
          await page.getByRole("button", { name: w.makeText }).click()
        },
        "role=member",
      )
      await show(
        "whether to depose",
        async (page) => {
          await named(page)
          await trustees(page)
          await page.getByRole("button", { name: w.depose }).click()
          await page.getByRole("textbox").last().fill("parvis-consent-a parvis-consent-b")
          await page.getByRole("button", { name: w.deposeDo, exact: true }).click()
          await page.getByRole("alertdialog").waitFor()
        },
        "role=member",
      )
      await show("the first owner leaves", leave)
      await show("a member leaves", leave, "role=member")
      const out = (how) => (page) =>
        page.evaluate(([how, by]) => window.fake.members.out({ how, by }), [how, ""])
      for (const how of ["left", "person", "device", "suspended"])
        await show(`out ${how}`, out(how))
      await show("out forget", async (page) => {
        await out("left")(page)
        await page.getByRole("button", { name: w.forget }).click()
      })
      await show("a guest", people, "role=guest")
      await show("a guest profile", (page) => person(page, /Ben Carter/), "role=guest")
      await show("a guest nowhere", sidebar, "role=guest&nowhere")
      await show(
        "a guest without documents",
        async (page) => {
          await sidebar(page)
          await page.getByRole("link", { name: w.documents }).click()
        },
        "role=guest&documents=0",
      )
    }
}
