import { ok } from "./report.mjs"

/** Screens that two talking people do not meet, over a workspace in memory. */
export async function mainScreens(look) {
  await look("a conversation with everything", {})
  await look("a conversation in French at 800", { size: [800, 600], french: true })
  await look("200 channels and 200 people", {
    query: "channels=200&people=200",
    act: async (page) => {
      await page.getByRole("button", { name: "200 people" }).click()
      await page.getByRole("list", { name: "People" }).waitFor()
    },
  })
  await look("the folded sidebar", {
    size: [800, 600],
    act: (page) => page.getByRole("button", { name: "Open navigation" }).click(),
  })
  await look("one pane on a narrow window", {
    size: [420, 740],
    act: (page) => page.getByRole("button", { name: "3 replies" }).click(),
  })
  await look("the line of new messages", {
    act: async (page) => {
      await page.getByRole("link", { name: "harbour-front-renovation" }).click()
      const line = page.getByText("New messages", { exact: true })
      await line.waitFor()
      await page.waitForTimeout(300)
      const box = await line.boundingBox()
      ok(box && box.y > 56 && box.y < 400, `the line stands at ${box?.y}`)
    },
  })
  await look("offline, full disk, damaged rows", {
    act: (page) =>
      page.evaluate(() => {
        const problems = ["A damaged message was fetched again from Ben."]
        window.fake.tell("status", {
          ...window.fake.status(),
          network: "offline",
          disk: "full",
          problems,
        })
      }),
  })
  await look("the program was lost and is back", {
    act: async (page) => {
      await page.evaluate(() => window.fake.tell("transport", { state: "lost" }))
      await page.getByRole("alert").filter({ hasText: "Parvis has stopped" }).waitFor()
      await page.evaluate(() => window.fake.tell("transport", { state: "open" }))
      await page.getByText("Parvis has stopped").waitFor({ state: "detached" })
      await page.getByRole("log", { name: "Messages" }).getByRole("article").last().waitFor()
    },
  })
  for (const [name, size, french] of [
    ["the audit log", [1280, 800], false],
    ["the audit log in French at 800", [800, 600], true],
    ["the audit log on a narrow window", [420, 740], false],
  ]) {
    const words = french
      ? { workspace: "Atelier Rivoli", log: "Journal d’audit" }
      : { workspace: "Harbour Studio", log: "Audit log" }
    await look(name, {
      french,
      act: async (page) => {
        await page.getByRole("button", { name: words.workspace, exact: true }).last().click()
        await page.getByRole("menuitem", { name: words.log }).click()
        await page.getByRole("dialog", { name: words.log }).getByRole("listitem").first().waitFor()
        await page.setViewportSize({ width: size[0], height: size[1] })
      },
    })
  }
  for (const [name, size, french] of [
    ["the recovery key", [1280, 800], false],
    ["the recovery key in French on a narrow window", [420, 740], true],
  ]) {
    const words = french
      ? { save: "Enregistrer la clé de récupération", word: "Mot 4", written: "Je les ai écrits" }
      : { save: "Save the recovery key", word: "Word 4", written: "I have written them down" }
    const unsaved = (page) =>
      page.evaluate(() => {
        window.fake.recovery.state = {
          ...window.fake.recovery.state,
          paper: "unsaved",
          needed: true,
        }
        window.fake.tell("status", window.fake.status())
      })
    await look(`${name}, the reminder`, { size, french, act: unsaved })
    await look(name, {
      size,
      french,
      act: async (page) => {
        await unsaved(page)
        await page.getByRole("button", { name: words.save }).click()
        await page.getByRole("dialog").getByRole("listitem").nth(23).waitFor()
      },
    })
    await look(`${name}, typed back`, {
      size,
      french,
      act: async (page) => {
        await unsaved(page)
        await page.getByRole("button", { name: words.save }).click()
        await page.getByRole("button", { name: words.written }).click()
        await page.getByRole("textbox", { name: words.word }).fill("zoo")
      },
    })
  }
  for (const [name, size, french] of [
    ["settings, recovery", [1280, 800], false],
    ["settings, recovery in French at 800", [800, 600], true],
  ]) {
    await look(name, {
      size,
      french,
      act: async (page) => {
        await page.keyboard.press("Control+,")
        await page.getByRole("tab", { name: french ? "Récupération" : "Recovery" }).click()
        await page.getByRole("region", { name: french ? "Sauvegarde" : "Backup" }).waitFor()
      },
    })
  }
  await look("coming back", {
    query: "empty",
    size: [800, 600],
    act: async (page) => {
      await page.getByRole("button", { name: "I have lost my computer" }).click()
      await page.getByRole("textbox", { name: "Backup file" }).fill("/media/ana/parvis.age")
    },
  })
  await look("locked", {
    query: "locked",
    act: async (page) => {
      await page.getByLabel("Passphrase", { exact: true }).fill("wrong")
      await page.getByRole("button", { name: "Unlock" }).click()
      await page.getByRole("alert").waitFor()
    },
  })
  await look("joining, while nobody answers", {
    query: "empty",
    act: async (page) => {
      await page.getByRole("button", { name: "Join with an invitation" }).click()
      await page.getByRole("textbox", { name: "Invitation link" }).fill("parvis://join#abc")
      await page.getByRole("textbox", { name: "Your name" }).fill("Zoe")
      await page.getByText("Nothing has been sent yet.").waitFor()
      await page.getByRole("button", { name: "Join", exact: true }).click()
      await page
        .getByText("Waiting for the computer of the person who invited you, for a colleague’s")
        .waitFor()
    },
  })
  await look("the emoji picker", {
    act: async (page) => {
      await page.getByRole("button", { name: "Emoji", exact: true }).click()
      await page.getByRole("searchbox").fill("hear")
      await page.getByRole("button", { name: /❤️/ }).first().waitFor()
    },
  })
  await look("a profile", {
    act: (page) =>
      page.getByRole("article").last().getByRole("button", { name: "Ana Lopez" }).first().click(),
  })
  await look("a private channel is made", {
    french: true,
    act: async (page) => {
      await page.getByRole("button", { name: "Nouveau canal" }).click()
      await page.getByRole("textbox", { name: "Nom du canal" }).fill("Conseil")
      await page.getByRole("radio", { name: "Personnes choisies" }).click()
      await page.getByRole("button", { name: "Ben Carter" }).last().click()
    },
  })
  await look("the shortcuts", { act: (page) => page.keyboard.press("Control+/") })
  await look("a message is edited", {
    act: async (page) => {
      await page.getByRole("textbox", { name: "Message general" }).press("ArrowUp")
      await page.getByRole("textbox", { name: "Edit message" }).waitFor()
    },
  })
  const openList = (name) => (page) => page.getByRole("link", { name, exact: true }).click()
  await look("the documents", { act: openList("All documents") })
  await look("the documents in French at 800", {
    size: [800, 600],
    french: true,
    act: async (page) => {
      await page.getByRole("button", { name: "Ouvrir la navigation" }).click()
      await openList("Tous les documents")(page)
      await page.getByRole("link", { name: /^Chantier/ }).click()
      await page.getByRole("navigation", { name: "Dossiers parents" }).waitFor()
    },
  })
  await look("500 documents are searched", {
    query: "documents=500",
    act: async (page) => {
      await openList("All documents")(page)
      const box = page.getByRole("searchbox", { name: "Search documents" })
      await box.waitFor()
      const took = await page.evaluate(async () => {
        const field = document.querySelector("input[type=search]")
        const started = performance.now()
        field.value = "budget 2"
        field.dispatchEvent(new Event("input", { bubbles: true }))
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
        return performance.now() - started
      })
      ok(took < 250, `searching took ${Math.round(took)} ms`)
      ok((await page.getByRole("listitem").count()) < 80, "all rows are drawn at once")
    },
  })
  await look("the trash of documents", {
    act: async (page) => {
      await openList("All documents")(page)
      await openList("Trash")(page)
      await page.getByRole("button", { name: /^Restore/ }).waitFor()
    },
  })
  await look("a document is moved", {
    french: true,
    act: async (page) => {
      await openList("Tous les documents")(page)
      await page.getByRole("button", { name: "Plus d’actions pour Budget 2027" }).click()
      await page.getByRole("menuitem", { name: "Déplacer dans un dossier" }).click()
      await page.getByRole("dialog").waitFor()
    },
  })
  await look("a document cannot be opened", {
    act: async (page) => {
      await openList("Budget 2027")(page)
      await page.getByText("The document could not be opened").waitFor()
    },
  })
  await look("the palette finds documents", {
    act: async (page) => {
      await page.keyboard.press("Control+k")
      await page.keyboard.type("report")
      await page.getByRole("option", { name: "Report on the harbour front" }).waitFor()
    },
  })
  await look("documents on a narrow window", {
    size: [420, 740],
    act: async (page) => {
      await page.evaluate(() => (location.hash = `${location.hash.split("/c/")[0]}/docs/all`))
      await page.getByRole("searchbox", { name: "Search documents" }).waitFor()
    },
  })
  await look("codes are compared", {
    act: (page) =>
      page.evaluate(() =>
        window.fake.tell("codes", {
          id: "x",
          workspace: "w",
          invite: "i",
          role: "member",
          expires: Date.now() + 3 * 86_400_000,
          begun: Date.now(),
          inviter: true,
          device: false,
          code: "482913",
          state: "compare",
          end: "",
        }),
      ),
  })
}
