import { expect, test, vi } from "vitest"
import { elements } from "./elements"
import { parse } from "./markdown"

const ben = { id: "ben", name: "Ben Carter" }

function shown(text: string, self = "ana") {
  const actions = { self, onlink: vi.fn(), onperson: vi.fn() }
  const box = document.createElement("div")
  box.append(elements(parse(text, [ben]), actions))
  return { box, ...actions }
}

test("marks become elements", () => {
  const html = (text: string) => shown(text).box.innerHTML
  expect(html("**a** _b_ ~~c~~ `d`")).toBe(
    "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d</code></p>",
  )
  expect(html("> a\n\n- b\n- c")).toBe(
    "<blockquote><p>a</p></blockquote><ul><li>b</li><li>c</li></ul>",
  )
  expect(html("a\nb")).toBe("<p>a<br>b</p>")
})

test("a numbered list starts where it was written to start", () => {
  expect(shown("4. a\n5. b").box.querySelector("ol")?.start).toBe(4)
})

test("what looks like HTML stays text", () => {
  const { box } = shown("<img src=x onerror=alert(1)> <b>x</b>")
  expect(box.querySelector("img, b")).toBeNull()
  expect(box.textContent).toBe("<img src=x onerror=alert(1)> <b>x</b>")
})

test("a block of code names its language", () => {
  expect(shown("```ts\nlet a\n```").box.querySelector("pre")?.getAttribute("aria-label")).toBe("ts")
})

test("a link shows its host unless its words say it, and opens outside", () => {
  const { box, onlink } = shown("[the bank](https://evil.example.org/login)")
  expect(box.textContent).toBe("the bank (evil.example.org)")
  const anchor = box.querySelector("a") as HTMLAnchorElement
  const event = new MouseEvent("click", { cancelable: true })
  anchor.dispatchEvent(event)
  expect(event.defaultPrevented).toBe(true)
  expect(onlink).toHaveBeenCalledWith("https://evil.example.org/login")
  expect(shown("https://example.org/a").box.textContent).toBe("https://example.org/a")
})

test("a mention is a button for the person, and one's own is marked", () => {
  const { box, onperson } = shown("@Ben Carter please look")
  const button = box.querySelector("button") as HTMLButtonElement
  expect([button.textContent, button.className]).toEqual(["@Ben Carter", "mention"])
  button.click()
  expect(onperson).toHaveBeenCalledWith("ben")
  expect(shown("@Ben Carter", "ben").box.querySelector("button")?.className).toBe("mention self")
})
