import { ok } from "./report.mjs"

const words = {
  en: { people: "9 people", verify: "Verify", others: "Tell the others" },
  fr: { people: "9 personnes", verify: "Vérifier", others: "Le dire aux autres" },
}

/** Opens the panel of somebody by place: 0 is oneself. */
async function open(page, place) {
  const name = await page.evaluate((index) => window.fake.trust.person(index).name, place)
  await page
    .getByRole("list", { name: /^(People|Personnes)$/ })
    .getByRole("button", { name })
    .click()
}

/** Shows how a comparison with somebody stands. */
const compare = (page, place, state) =>
  page.evaluate(
    ([index, state]) => window.fake.trust.compare(window.fake.trust.person(index).id, state),
    [place, state],
  )

/** What shows how sure one can be of somebody. */
export async function trustScreens(look) {
  for (const [size, french] of [
    [[1280, 800], false],
    [[800, 600], true],
  ]) {
    const w = french ? words.fr : words.en
    const of = (name) => `${name} at ${size[0]}${french ? " in French" : ""}`
    const person = (place, then) => ({
      size,
      french,
      act: async (page) => {
        await page.getByRole("button", { name: w.people }).click()
        await open(page, place)
        await then?.(page)
      },
    })
    await look(
      of("somebody admitted, verified by another"),
      person(2, async (page) => {
        ok(await page.getByRole("button", { name: w.verify }).isEnabled(), "one cannot verify")
      }),
    )
    await look(
      of("somebody verified"),
      person(1, async (page) => {
        await page.getByRole("button", { name: w.others }).click()
        await page.getByRole("status").first().waitFor()
      }),
    )
    await look(
      of("somebody who is away"),
      person(5, async (page) => {
        ok(await page.getByRole("button", { name: w.verify }).isDisabled(), "nobody is there")
      }),
    )
    await look(
      of("codes of two members"),
      person(2, async (page) => {
        await page.getByRole("button", { name: w.verify }).click()
        await page.getByRole("dialog").waitFor()
      }),
    )
    await look(
      of("codes of two members that match"),
      person(2, async (page) => {
        await page.getByRole("button", { name: w.verify }).click()
        await page.getByRole("dialog").waitFor()
        await compare(page, 2, "verified")
        await page.getByRole("dialog").getByRole("status").waitFor()
      }),
    )
    await look(
      of("codes of two members that differ"),
      person(2, async (page) => {
        await page.getByRole("button", { name: w.verify }).click()
        await page.getByRole("dialog").waitFor()
        await compare(page, 2, "failed")
        await page.getByRole("dialog").getByRole("alert").waitFor()
      }),
    )
  }
}
