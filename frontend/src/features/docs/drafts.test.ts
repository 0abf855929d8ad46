import { expect, test } from "vitest"
import fr from "../../../messages/fr.json"
import { draftPlace, Drafts } from "./drafts"

const doc = { workspace: "w", id: "d" }

test("half-written comments are kept per document and thread until they are sent", () => {
  const drafts = new Drafts()
  drafts.write(draftPlace(doc), "a new")
  drafts.write(draftPlace(doc, "t"), "an answer")
  drafts.write(draftPlace({ ...doc, id: "e" }), "elsewhere")
  expect(drafts.read(draftPlace(doc))).toBe("a new")
  expect(drafts.read(draftPlace(doc, "t"))).toBe("an answer")
  expect(drafts.read(draftPlace(doc, "u"))).toBe("")
  drafts.write(draftPlace(doc), " ")
  expect(drafts.read(draftPlace(doc))).toBe("")
  expect(drafts.read(draftPlace({ ...doc, id: "e" }))).toBe("elsewhere")
})

test("only so many are kept, the newest", () => {
  const drafts = new Drafts()
  for (let at = 0; at < 150; at++) drafts.write(String(at), `text ${at}`)
  expect(drafts.read("49")).toBe("")
  expect(drafts.read("50")).toBe("text 50")
})

test("the quote of a thread is introduced as French does it", () => {
  expect(fr.docs_show_in_text_lead).toMatch(/\u00a0:$/)
})
