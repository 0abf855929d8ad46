import { describe, expect, test } from "vitest"
import { clean, isOnlyEmoji, mentioned, parse, plain, type Node } from "./markdown"

/** The tree as one line, for reading tests. */
function shape(nodes: Node[]): string {
  return nodes
    .map((node) => {
      if (node.kind === "text") return node.text
      if (node.kind === "break") return "⏎"
      if (node.kind === "link") return `link(${node.href}|${node.host}|${shape(node.children)})`
      if (node.kind === "block") return `block(${node.language}|${node.text})`
      if ("text" in node) return `${node.kind}(${node.text})`
      return `${node.kind}(${shape(node.children)})`
    })
    .join("")
}

const show = (text: string) => shape(parse(text, []))

test.each([
  ["plain", "paragraph(plain)"],
  ["**bold** and _italic_ and *also*", "paragraph(strong(bold) and em(italic) and em(also))"],
  ["~~gone~~ `a < b`", "paragraph(strike(gone) code(a < b))"],
  ["one\ntwo", "paragraph(one⏎two)"],
  ["one\n\ntwo", "paragraph(one)paragraph(two)"],
  ["```ts\nlet a = 1\n```", "block(ts|let a = 1)"],
  ["> said\n\nanswer", "quote(paragraph(said))paragraph(answer)"],
  ["- a\n- **b**", "bullets(item(a)item(strong(b)))"],
  ["3. c\n4. d", "numbers(item(c)item(d))"],
  ["snake_case_name and 2*3*4", "paragraph(snake_case_name and 2em(3)4)"],
])("%j becomes %s", (text, want) => expect(show(text)).toBe(want))

describe("what is not Markdown here", () => {
  test.each([
    ["# heading", "paragraph(# heading)"],
    ["    indented", "paragraph(indented)"],
    ["---", "paragraph(---)"],
    ["<b>no</b>", "paragraph(<b>no</b>)"],
    [
      "![alt](https://example.org/a.png)",
      "paragraph(!link(https://example.org/a.png|example.org|alt))",
    ],
    ["<img src=x onerror=alert(1)>", "paragraph(<img src=x onerror=alert(1)>)"],
  ])("%j stays %s", (text, want) => expect(show(text)).toBe(want))
})

describe("links", () => {
  test("written out are recognised", () =>
    expect(show("see https://example.org/a.")).toBe(
      "paragraph(see link(https://example.org/a|example.org|https://example.org/a).)",
    ))

  test("only lead to the web and to mail", () => {
    for (const bad of [
      "javascript:alert(1)",
      "data:text/html,x",
      "file:///x",
      "smb://h/s",
      "vscode://x",
    ]) {
      expect(show(`[click](${bad})`)).not.toContain("link(")
      expect(show(`<${bad}>`)).not.toContain("link(")
    }
  })

  test("show the host that is really looked up", () => {
    expect(show("[paypal.com](https://pаypal.com/x)")).toContain("|xn--pypal-4ve.com|")
    expect(show("[bank](https://bank.example@evil.example/)")).toContain("|evil.example|")
  })

  test("names that look like addresses are none", () =>
    expect(show("open notes.md")).toBe("paragraph(open notes.md)"))
})

describe("mentions", () => {
  const people = [
    { id: "1", name: "Ana" },
    { id: "2", name: "Ana Lopez" },
    { id: "3", name: "Élodie Lefèvre" },
  ]

  test("take the longest name", () =>
    expect(shape(parse("hi @Ana Lopez, and @Ana!", people))).toBe(
      "paragraph(hi mention(@Ana Lopez), and mention(@Ana)!)",
    ))

  test("are whole words", () => {
    expect(mentioned("mail me@Ana or @Anabel", people, new Set())).toEqual([])
    expect(mentioned("(@Élodie Lefèvre)", people, new Set())).toEqual(["3"])
  })

  test("of a name that two share go to the one who was picked", () => {
    const two = [
      { id: "1", name: "Ana" },
      { id: "2", name: "Ana" },
    ]
    expect(mentioned("@Ana", two, new Set(["2"]))).toEqual(["2"])
  })

  test("each person once", () => expect(mentioned("@Ana @Ana", people, new Set())).toEqual(["1"]))

  test("are not found in code", () =>
    expect(shape(parse("`@Ana`", people))).toBe("paragraph(code(@Ana))"))
})

test("marks that turn the direction of text are removed", () => {
  expect(clean("a\u202Eb\u2066c")).toBe("abc")
  expect(show("x\u202Egpj.exe")).toBe("paragraph(xgpj.exe)")
})

test("one line of a message is its words", () =>
  expect(plain(parse("**Hello**\n- a\n- b\n\n```\ncode\n```", []))).toBe("Hello a b code"))

test("deep nesting ends, and nothing throws", () => {
  expect(() => parse("> ".repeat(500) + "deep", [])).not.toThrow()
  expect(() => parse("*".repeat(5000) + "[".repeat(5000), [])).not.toThrow()
  expect(plain(parse("> ".repeat(40) + "deep", []))).toContain("deep")
})

test("random input never throws and stays quick", () => {
  const letters = "*_~`>#[]()!<>-1.\n @Ana:/\\|{}&;é👍\u202e"
  let state = 7
  const started = performance.now()
  for (let i = 0; i < 2000; i++) {
    let text = ""
    for (let n = 0; n < 60; n++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      text += letters[state % letters.length]
    }
    parse(text, [{ id: "1", name: "Ana" }])
  }
  expect(performance.now() - started).toBeLessThan(10_000)
})

test.each([
  ["👍", true],
  ["👍 🎉❤️", true],
  ["👨‍👩‍👧‍👦🇫🇷", true],
  ["👍 ok", false],
  ["7", false],
  ["", false],
  ["👍👍👍👍👍👍👍", false],
])("%j is only emoji: %s", (text, want) => expect(isOnlyEmoji(text)).toBe(want))
