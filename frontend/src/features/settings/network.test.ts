import { readFileSync } from "node:fs"
import { afterEach, describe, expect, test } from "vitest"
import { explain } from "../../explain"
import { ApiError } from "../../transport/transport"
import { TestTransport } from "../../transport/testing"
import type { Check, SuperPeer } from "../../transport/types"
import { line, report, summary } from "./check"
import { language } from "./language.svelte"
import { explainSetup, pathName, peerName, roomOf, size, superPeerProblem } from "./network"
import { SuperPeers } from "./superpeers.svelte"

afterEach(() => language.choose("en"))

const check = (change: Partial<Check>): Check => ({
  name: "udp",
  result: "ok",
  detail: "A detail.",
  remedy: "",
  code: "udp-open",
  values: [],
  ...change,
})

describe("the network check", () => {
  /** What the program says, by code. */
  const catalogue = [
    ...readFileSync("../app/doctor/texts.go", "utf8").matchAll(
      /^\t"([a-z0-9-]+)":\s+\{"((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\},$/gm,
    ),
  ].map(([, code = "", detail = "", remedy = ""]) => ({ code, detail, remedy }))
  const codes = readFileSync("../app/doctor/texts.go", "utf8").match(/^\t"[a-z0-9-]+":/gm)
  const typographic = (text: string) => text.replaceAll("'", "’")

  test("has words for every code, and in English those of the program", () => {
    expect(catalogue.length).toBe(codes?.length)
    expect(catalogue.length).toBeGreaterThan(60)
    for (const { code, detail, remedy } of catalogue) {
      const values = ["a", "b", "c"]
      const fill = (text: string) =>
        typographic(text.replace(/\{(\d)\}/g, (_, at) => values[Number(at)] ?? ""))
      const told = check({ code, values, detail: "?", remedy: remedy && "?" })
      language.choose("en")
      expect([code, line(told).detail, line(told).remedy]).toEqual([
        code,
        fill(detail),
        fill(remedy),
      ])
      language.choose("fr")
      const french = line(told)
      expect(french.detail).not.toBe("?")
      expect(french.remedy).not.toBe("?")
      for (const at of detail.matchAll(/\{(\d)\}/g))
        expect(`${code}: ${french.detail}`).toContain(values[Number(at[1])])
    }
  })

  test("has a name for every part", () => {
    const sources = ["doctor", "network", "superpeers"].map((name) =>
      readFileSync(`../app/doctor/${name}.go`, "utf8"),
    )
    const names = new Set(
      [...sources.join("").matchAll(/say\("([a-z0-9-]+)"/g)].map(([, name]) => name ?? ""),
    )
    expect(names.size).toBeGreaterThan(8)
    language.choose("fr")
    for (const name of names) expect(line(check({ name })).name).not.toBe(name)
  })

  test("falls back to English where a code is not known here", () => {
    language.choose("fr")
    const told = line(check({ code: "new-thing", name: "new", detail: "D.", remedy: "R." }))
    expect(told).toMatchObject({ name: "new", detail: "D.", remedy: "R." })
  })

  test("says durations and sizes as people do", () => {
    const behind = check({ code: "clock-behind", values: ["1h5m12s"], remedy: "x" })
    expect(line(behind).detail).toContain("1 hr 5 min 12 sec behind")
    expect(line(check({ code: "clock-right", values: ["0s"] })).detail).toContain("0 sec")
    language.choose("fr")
    expect(line(check({ code: "disk-free", values: ["51.3 GB"] })).detail).toMatch(/^51,3\sGo/)
  })

  test("is summed up by what hurts", () => {
    const results = (...all: string[]) => summary(all.map((result) => line(check({ result }))))
    expect(results("ok", "ok")).toBe("Everything works.")
    expect(results("ok", "fail", "warn", "warn")).toBe(
      "1 thing does not work. 2 things could be better.",
    )
  })

  test("is a text in the language of the page", () => {
    const diagnosis = { checks: [check({})], text: "English text" }
    expect(report(diagnosis, "1.0", 0)).toBe("English text")
    language.choose("fr")
    expect(report(diagnosis, "1.0", 0)).toContain("FONCTIONNE – UDP – L’UDP sort de ce réseau.")
  })
})

const superPeer = (change: Partial<SuperPeer> = {}): SuperPeer => ({
  workspace: "w",
  id: "12D3KooWabcdefgh",
  addrs: [],
  state: "connected",
  used: 0,
  limit: 0,
  queued: 0,
  alone: 0,
  lastContact: 0,
  problem: "",
  problemCode: "",
  ...change,
})

test("paths and peers have words", () => {
  expect(["lan", "direct", "punched", "relayed", "super-peer"].map(pathName)).toEqual([
    "same network",
    "directly",
    "directly, through punched holes",
    "relayed by a super-peer",
    "super-peer",
  ])
  const peer = { peer: "12D3KooWabcdefgh", person: "", name: "", path: "super-peer", rttMs: 1 }
  expect(peerName(peer)).toBe("Super-peer abcdefgh")
  expect(peerName({ ...peer, path: "lan" })).toBe("abcdefgh")
})

test("a super-peer in trouble says what to do, in the language of the page", () => {
  const source = readFileSync("../app/api/superpeers.go", "utf8")
  const codes = [...source.matchAll(/^\tSuperPeer\w+\s+= "([a-z-]+)"/gm)].map(([, code]) => code)
  expect(codes.length).toBe(7)
  expect(superPeerProblem(superPeer())).toBe("")
  const problem = "A sentence of the program."
  const said = (problemCode = "") => superPeerProblem(superPeer({ problem, problemCode }))
  for (const locale of ["en", "fr"] as const) {
    language.choose(locale)
    const words = codes.map(said)
    expect(words).not.toContain(problem)
    expect(new Set(words).size).toBe(words.length)
  }
  expect(said("something-new")).toBe(problem)
  expect(said("super-peer-new")).toBe(problem)
  expect(said("super-peer-stopped")).toContain("Parvis n’y tourne pas")
  expect(said("nearly-full")).toContain("presque")
  expect(superPeerProblem(superPeer({ state: "refused" }))).toContain("propriétaire")
  expect(explainSetup(new ApiError("offline", "x"))).toContain("injoignable")
  expect(explainSetup(new ApiError("invalid", "x"))).toContain("parvis://")
  language.choose("en")
  for (const code of ["offline", "timeout"] as const)
    expect(explainSetup(new ApiError(code, "x"))).toContain("super-peer cannot be reached")
})

describe("what was pasted where another thing is asked for", () => {
  // The codes of the program, and what each says in the form of a set-up code and elsewhere.
  const cases: [string, RegExp, RegExp][] = [
    ["is-invitation", /“Join with an invitation”|« Rejoindre avec/, /invitation/],
    ["is-device-link", /not a set-up code|pas un code/, /“Add this computer|« Ajouter cet/],
    ["setup-hidden", /--show-code/, /./],
    ["is-setup-code", /./, /“Add a super-peer”|« Ajouter un super-pair/],
  ]
  test("is named in both languages", () => {
    const source = readFileSync("../app/api/error.go", "utf8")
    for (const locale of ["en", "fr"] as const) {
      language.choose(locale)
      for (const [code, inSetup, elsewhere] of cases) {
        expect(source).toContain(`"${code}"`)
        const reason = new ApiError(code, "The program’s own sentence.")
        const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ")
        expect(`${code}: ${plain(explainSetup(reason))}`).toMatch(inSetup)
        expect(`${code}: ${plain(explain(reason))}`).toMatch(elsewhere)
      }
    }
  })
})

test("a super-peer that takes nothing more is shown full", () => {
  language.choose("en")
  expect(roomOf(superPeer({ state: "connecting", used: 0, limit: 0 }))).toBeUndefined()
  expect(roomOf(superPeer({ state: "connected", used: 1, limit: 4 }))?.part).toBe(0.25)
  const full = roomOf(superPeer({ state: "full", used: 38_000, limit: 887_000 }))
  expect(full?.part).toBe(1)
  expect(full?.words).toContain("no room for more")
  expect(roomOf(superPeer({ state: "full", used: 0, limit: 1 }))?.part).toBe(1)
})

test("sizes are said in the unit that fits", () => {
  expect(size(0)).toBe("0 bytes")
  expect(size(317 * 2 ** 20)).toBe("317 MB")
  expect(size(1.25 * 2 ** 30)).toBe("1.3 GB")
})

describe("super-peers", () => {
  test("are read anew when something about them changed here", async () => {
    let held = [superPeer({ queued: 2 })]
    const transport = new TestTransport({ "SuperPeers.List": () => held })
    const superPeers = new SuperPeers(transport, "w")
    expect(superPeers.all).toBeUndefined()
    await superPeers.load()
    held = [superPeer()]
    transport.tell("superpeers", { workspace: "other" })
    await Promise.resolve()
    expect(superPeers.all?.[0]?.queued).toBe(2)
    transport.tell("superpeers", { workspace: "w" })
    await expect.poll(() => superPeers.all?.[0]?.queued).toBe(0)
  })

  test("of an older reading do not replace newer ones", async () => {
    const answers: ((all: SuperPeer[]) => void)[] = []
    const transport = new TestTransport({
      "SuperPeers.List": () => new Promise((done) => answers.push(done)),
    })
    const superPeers = new SuperPeers(transport, "w")
    const both = [superPeers.load(), superPeers.load()]
    answers[1]?.([superPeer({ state: "full" })])
    answers[0]?.([superPeer()])
    await Promise.all(both)
    expect(superPeers.all?.[0]?.state).toBe("full")
  })

  test("take a code that was broken into lines", async () => {
    const transport = new TestTransport({
      "SuperPeers.Add": () => superPeer(),
      "SuperPeers.List": () => [superPeer()],
    })
    await new SuperPeers(transport, "w").add(" parvis://super\n peer#x ")
    expect(transport.of("SuperPeers.Add")).toEqual([
      [{ workspace: "w", code: "parvis://superpeer#x" }],
    ])
  })
})
