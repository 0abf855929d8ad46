import { readFileSync } from "node:fs"
import { expect, test } from "vitest"

type Variants = { match: Record<string, string> }[]
type Messages = Record<string, string | Variants>

const read = (language: string): Messages =>
  JSON.parse(readFileSync(`messages/${language}.json`, "utf8")) as Messages
const en = read("en")
const fr = read("fr")
const keys = Object.keys(en).filter((key) => !key.startsWith("$"))

/** Every text of a message, plural forms included. */
const texts = (message: string | Variants | undefined): string[] =>
  typeof message === "string"
    ? [message]
    : (message ?? []).flatMap((variant) => Object.values(variant.match))

const parameters = (message: string | Variants | undefined) =>
  [...new Set(texts(message).flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort()

test("both languages have the same messages with the same parameters", () => {
  expect(Object.keys(fr).sort()).toEqual(Object.keys(en).sort())
  for (const key of keys) expect([key, parameters(fr[key])]).toEqual([key, parameters(en[key])])
})

test("what is counted has a singular", () => {
  const never = ["state_held_by"] // of one device more is said: by whom
  for (const key of keys.filter((key) => !never.includes(key))) {
    for (const message of [en[key], fr[key]]) {
      if (typeof message !== "string") continue
      expect(`${key}: ${message}`).not.toMatch(/\{(count|uses)\} (\p{L}+ )?\p{L}{3,}s(?!\p{L})/u)
      expect(`${key}: ${message}`).not.toMatch(/^\S+ (All|Tous|Toutes) (les )?\{/)
    }
  }
})

test("quotation marks and apostrophes are typographic", () => {
  for (const key of keys) {
    for (const text of [...texts(en[key]), ...texts(fr[key])])
      expect(`${key}: ${text}`).not.toMatch(/['"]/)
  }
})

test("French signs keep their narrow spaces", () => {
  for (const key of keys) {
    for (const text of texts(fr[key])) {
      const words = text.replace(/\w+:\/\/\S+/g, "")
      expect(`${key}: ${words}`.slice(key.length + 2)).not.toMatch(
        / [;!?:»]|« |[^\s\u202f\u00a0;!?({][;!?](?!\w)/,
      )
    }
  }
})
