import { m } from "../../paraglide/messages.js"
import type { Container, Node as Part } from "./markdown"

/** What the controls in a text do. */
export type Actions = {
  self: string
  onlink: (href: string) => void
  onperson: (id: string) => void
}

const tags: Record<Container, keyof HTMLElementTagNameMap> = {
  strong: "strong",
  em: "em",
  strike: "s",
  paragraph: "p",
  quote: "blockquote",
  bullets: "ul",
  item: "li",
}

/**
 * Builds a text for the page, element by element: only what is named here can come out of a
 * message. A component per part would cost several times as much, for each row that scrolls in.
 */
export function elements(parts: readonly Part[], actions: Actions): DocumentFragment {
  const fragment = document.createDocumentFragment()
  for (const part of parts) fragment.append(...built(part, actions))
  return fragment
}

function built(part: Part, actions: Actions): (Node | string)[] {
  switch (part.kind) {
    case "text":
      return [part.text]
    case "break":
      return [document.createElement("br")]
    case "code":
      return [code(part.text)]
    case "block":
      return [block(part.text, part.language)]
    case "mention":
      return [mention(part.text, part.person, actions)]
    case "link":
      return link(part, actions)
    case "numbers": {
      const list = document.createElement("ol")
      list.start = part.start
      list.append(elements(part.children, actions))
      return [list]
    }
    default: {
      const element = document.createElement(tags[part.kind])
      element.append(elements(part.children, actions))
      return [element]
    }
  }
}

function code(text: string): HTMLElement {
  const element = document.createElement("code")
  element.textContent = text
  return element
}

function block(text: string, language: string): HTMLElement {
  const element = document.createElement("pre")
  element.setAttribute("aria-label", language || m.code_block())
  element.append(code(text))
  return element
}

function mention(text: string, person: string, actions: Actions): HTMLElement {
  const button = document.createElement("button")
  button.className = person === actions.self ? "mention self" : "mention"
  button.textContent = text
  button.onclick = () => actions.onperson(person)
  return button
}

function link(part: Part & { kind: "link" }, actions: Actions): HTMLElement[] {
  const anchor = document.createElement("a")
  anchor.href = part.href
  anchor.rel = "noopener noreferrer nofollow"
  anchor.onclick = (event) => {
    event.preventDefault()
    actions.onlink(part.href)
  }
  anchor.append(elements(part.children, actions))
  if (saysHost(part)) return [anchor]
  const host = document.createElement("span")
  host.className = "host"
  host.textContent = ` (${part.host})`
  return [anchor, host]
}

/** Whether the words of a link already say where it leads. */
function saysHost(part: Part & { kind: "link" }): boolean {
  const [only] = part.children
  if (part.children.length !== 1 || only?.kind !== "text") return false
  return (
    part.href === only.text || part.href === `${only.text}/` || part.href === `mailto:${only.text}`
  )
}
