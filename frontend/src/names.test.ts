import { afterEach, expect, test } from "vitest"
import { elides, ofName, together } from "./names"
import { language } from "./features/settings/language.svelte"

afterEach(() => language.choose("en"))

test.each(["Ana", "Eve", "Émile", "Hélène", "Hugo", "Yves", "Œdipe", "ursule", " Inès"])(
  "de is shortened before %s",
  (name) => expect(elides(name)).toBe(true),
)

test.each(["Ben", "Hans", "Hassan", "Yann", "Yasmine", "Heidi", "Zoé", "漢", "", "7"])(
  "de is whole before %s",
  (name) => expect(elides(name)).toBe(false),
)

test("only French says it", () => {
  expect(ofName("Ana")).toBe("Ana")
  language.choose("fr")
  expect([ofName("Ana"), ofName("Ben")]).toEqual(["d’Ana", "de Ben"])
  expect(together(["Ana", "Ben", "Cleo"])).toBe("Ana, Ben et Cleo")
})
