import { describe, expect, test } from "vitest"
import { bytes, continued, formatted, trigger, type Format } from "./writing"

/** A text whose selection stands between | and |. */
function at(text: string) {
  const start = text.indexOf("|")
  const end = text.lastIndexOf("|") - (start === text.lastIndexOf("|") ? 0 : 1)
  return { text: text.replaceAll("|", ""), start, end }
}

const back = ({ text, start, end }: { text: string; start: number; end: number }) =>
  start === end
    ? `${text.slice(0, start)}|${text.slice(start)}`
    : `${text.slice(0, start)}|${text.slice(start, end)}|${text.slice(end)}`

test.each<[Format, string, string]>([
  ["bold", "a |word| b", "a **|word|** b"],
  ["bold", "a **|word|** b", "a |word| b"],
  ["italic", "|", "_|_"],
  ["strike", "|x|", "~~|x|~~"],
  ["code", "|x|", "`|x|`"],
  ["list", "one|", "- one|"],
  ["list", "|one\ntwo|", "|- one\n- two|"],
  ["list", "|- one\n- two|", "|one\ntwo|"],
  ["numbers", "|one\ntwo|", "|1. one\n2. two|"],
  ["quote", "before\n|said|", "before\n|> said|"],
  ["link", "|words|", "[words](https://|)"],
  ["link", "|", "[|](https://)"],
  ["block", "|let a|", "```\n|let a|\n```"],
  ["block", "say |x|", "say \n```\n|x|\n```"],
])("%s: %j becomes %j", (format, before, after) =>
  expect(back(formatted(at(before), format))).toBe(after),
)

describe("Shift+Enter in a list", () => {
  test.each([
    ["- one|", "- one\n- |"],
    ["2. two|", "2. two\n3. |"],
    ["- one\n- |", "- one\n|"],
  ])("%j becomes %j", (before, after) => {
    const next = continued(at(before))
    expect(next && back(next)).toBe(after)
  })

  test("does nothing elsewhere", () => expect(continued(at("plain|"))).toBeUndefined())
})

describe("completion", () => {
  test.each([
    ["@", { kind: "person", from: 0, query: "" }],
    ["hello @an", { kind: "person", from: 6, query: "an" }],
    ["« @Élodie Le", { kind: "person", from: 2, query: "Élodie Le" }],
    ["nice :smi", { kind: "emoji", from: 5, query: "smi" }],
  ])("%j asks for %j", (text, want) => expect(trigger(text, text.length)).toEqual(want))

  test.each(["mail@example", "at 10:30", "a:b", "done :", "@ana. Then some more words"])(
    "%j asks for nothing",
    (text) => expect(trigger(text, text.length)).toBeUndefined(),
  )
})

test("the limit counts bytes", () => expect(bytes("é👍")).toBe(6))
