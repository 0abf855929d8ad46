import { afterEach, expect, test } from "vitest"
import { isSafeLink, windowShell } from "./shell"

afterEach(() => void delete window.go)

test.each(["https://example.org/a?b#c", "http://10.0.0.1:8080", "mailto:ana@example.org"])(
  "%s may be opened",
  (url) => expect(isSafeLink(url)).toBe(true),
)

test.each([
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "data:text/html,x",
  "file:///etc/passwd",
  "smb://server/share",
  "ms-msdt:/id",
  "vscode://file/x",
  "parvis://join#x",
  "//example.org",
  "example.org",
  "",
])("%s may not be opened", (url) => expect(isSafeLink(url)).toBe(false))

test("the window saves a text, hides and ends", async () => {
  const calls: unknown[][] = []
  const note =
    (name: string, result: unknown) =>
    async (...args: unknown[]) => (calls.push([name, ...args]), result)
  const Dialogs = {
    SaveText: note("SaveText", true),
    Stay: note("Stay", null),
    Quit: note("Quit", null),
  }
  window.go = { api: {}, desktop: { Dialogs } }
  expect(await windowShell.saveText("check.txt", "all is well")).toBe(true)
  windowShell.stay(true)
  windowShell.quit()
  expect(calls).toEqual([["SaveText", "check.txt", "all is well"], ["Stay", true], ["Quit"]])
})

test("the window writes a film in pieces and keeps it only when it is whole", async () => {
  const calls: unknown[][] = []
  let full = false
  const Dialogs = {
    NewFilm: async (name: unknown) => (calls.push(["new", name]), true),
    WriteFilm: async (at: unknown, piece: unknown) => {
      if (full) throw new Error("no space")
      calls.push([at, piece])
    },
    EndFilm: async (keep: unknown) => void calls.push(["end", keep]),
  }
  window.go = { api: {}, desktop: { Dialogs } }
  const film = await windowShell.saveFilm("call.webm")
  film?.write(new Uint8Array([1, 2, 3]), 0)
  film?.write(new Uint8Array([255]), 3)
  expect(await film?.close(true)).toBe(true)
  expect(calls).toEqual([
    ["new", "call.webm"],
    [0, "AQID"],
    [3, "/w=="],
    ["end", true],
  ])
  const spoiled = await windowShell.saveFilm("call.webm")
  full = true
  spoiled?.write(new Uint8Array([1]), 0)
  expect(await spoiled?.close(true)).toBe(false)
  expect(calls.at(-1)).toEqual(["end", false])
})

test("a window that cannot save says so", async () => {
  window.go = { api: {} }
  await expect(windowShell.saveText("a", "b")).rejects.toMatchObject({ code: "internal" })
})
