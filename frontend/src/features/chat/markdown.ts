import markdownIt, { type Token } from "markdown-it"
import { isSafeLink } from "../../transport/shell"

/** Message text as a tree. It is shown element by element, never as HTML. */
export type Node =
  | { kind: "text"; text: string }
  | { kind: "mention"; text: string; person: string }
  | { kind: "code"; text: string }
  | { kind: "block"; text: string; language: string }
  | { kind: "link"; href: string; host: string; children: Node[] }
  | { kind: "break" }
  | { kind: Container; children: Node[] }
  | { kind: "numbers"; start: number; children: Node[] }

export type Container = "strong" | "em" | "strike" | "paragraph" | "quote" | "bullets" | "item"

/** Somebody who may be named in a text. */
export type Mentionable = { id: string; name: string }

const containers: Record<string, Container> = {
  paragraph_open: "paragraph",
  blockquote_open: "quote",
  bullet_list_open: "bullets",
  list_item_open: "item",
  strong_open: "strong",
  em_open: "em",
  s_open: "strike",
}

const parser = markdownIt("zero", { breaks: true, linkify: true, maxNesting: 60 })
  .enable(["blockquote", "fence", "list"])
  .enable([
    "autolink",
    "backticks",
    "emphasis",
    "escape",
    "link",
    "linkify",
    "newline",
    "strikethrough",
  ])
parser.enable(["balance_pairs", "fragments_join"])
parser.validateLink = isSafeLink
// A link shows what was typed; the real host stands beside it when it differs.
parser.normalizeLinkText = (text) => text
// "notes.md" and "parvis.app" are no addresses unless somebody wrote https:// before them.
parser.linkify.set({ fuzzyLink: false, fuzzyIP: false, fuzzyEmail: true })

/** Texts that nest deeper than this are shown as plain text from there on. */
const deepest = 12
const remembered = 2_000
const cache = new Map<string, Node[]>()

/** Parses a message. `people` are those it mentions, by the names they have now. */
export function parse(text: string, people: readonly Mentionable[]): Node[] {
  const key = people.map((person) => `${person.id}=${person.name}`).join() + "\n" + text
  const known = cache.get(key)
  if (known) return known
  const tree = tooDeep.test(text)
    ? literal(clean(text))
    : build(parser.parse(clean(text), {}), people)
  if (cache.size >= remembered) cache.delete(cache.keys().next().value as string)
  cache.set(key, tree)
  return tree
}

/** A line with this many marks at its start: the parser would drop what it nests too deep. */
const tooDeep = /^(?:[ \t]*(?:[>*+-]|\d+[.)])){10}/m

/** A text as it was written. */
const literal = (text: string): Node[] => [
  {
    kind: "paragraph",
    children: text
      .split("\n")
      .flatMap((line, index): Node[] => [
        ...(index > 0 ? [{ kind: "break" } as const] : []),
        { kind: "text", text: line },
      ]),
  },
]

/** Removes marks that turn the direction of text and so can disguise it. */
export const clean = (text: string) => text.replace(/[\u202A-\u202E\u2066-\u2069]/g, "")

/** The text without its marks, for one line of it. */
export function plain(nodes: Node[]): string {
  return nodes
    .map((node) => {
      if (node.kind === "break") return " "
      if ("text" in node) return node.text
      const inner = plain(node.children)
      return inline.has(node.kind) ? inner : `${inner} `
    })
    .join("")
    .replace(/\s+/g, " ")
    .trim()
}

const inline = new Set(["strong", "em", "strike", "link"])

function build(tokens: Token[], people: readonly Mentionable[]): Node[] {
  const root: Node[] = []
  const open: Node[][] = [root]
  let skipped = 0
  for (const token of tokens) {
    const siblings = open.at(-1) ?? root
    if (token.nesting === -1) {
      if (skipped > 0) skipped--
      else open.pop()
    } else if (token.nesting === 1) {
      const node = open.length > deepest ? undefined : container(token)
      // A paragraph inside a tight list adds nothing.
      if (!node || token.hidden) skipped++
      else {
        siblings.push(node)
        open.push("children" in node ? node.children : root)
      }
    } else if (token.type === "inline") {
      siblings.push(...build(token.children ?? [], people))
    } else {
      siblings.push(...leaf(token, people))
    }
  }
  return root
}

function container(token: Token): Node | undefined {
  if (token.type === "ordered_list_open") {
    return { kind: "numbers", start: Number(token.attrGet("start") ?? 1), children: [] }
  }
  if (token.type === "link_open") {
    const href = String(token.attrGet("href") ?? "")
    return { kind: "link", href, host: host(href), children: [] }
  }
  const kind = containers[token.type]
  return kind && { kind, children: [] }
}

function leaf(token: Token, people: readonly Mentionable[]): Node[] {
  switch (token.type) {
    case "code_inline":
      return [{ kind: "code", text: token.content }]
    case "fence":
    case "code_block":
      return [
        {
          kind: "block",
          text: token.content.replace(/\n$/, ""),
          language: token.info.trim().split(/\s/)[0] ?? "",
        },
      ]
    case "softbreak":
    case "hardbreak":
      return [{ kind: "break" }]
    default:
      return token.content ? mentions(token.content, people) : []
  }
}

/** Cuts a text where it names one of the people, longer names first. */
function mentions(text: string, people: readonly Mentionable[]): Node[] {
  const found = firstMention(text, people)
  if (!found) return [{ kind: "text", text }]
  const { at, person } = found
  const end = at + person.name.length + 1
  const nodes: Node[] = [{ kind: "mention", text: text.slice(at, end), person: person.id }]
  if (at > 0) nodes.unshift({ kind: "text", text: text.slice(0, at) })
  if (end < text.length) nodes.push(...mentions(text.slice(end), people))
  return nodes
}

function firstMention(text: string, people: readonly Mentionable[]) {
  let best: { at: number; person: Mentionable } | undefined
  for (const person of people) {
    const at = mentionAt(text, person.name)
    if (at < 0) continue
    if (!best || at < best.at || (at === best.at && person.name.length > best.person.name.length)) {
      best = { at, person }
    }
  }
  return best
}

/** Where "@name" stands as a whole word, or -1. */
function mentionAt(text: string, name: string): number {
  if (!name) return -1
  for (let at = text.indexOf(`@${name}`); at >= 0; at = text.indexOf(`@${name}`, at + 1)) {
    const before = text[at - 1] ?? " "
    const after = text.slice(at + name.length + 1, at + name.length + 3)
    if (!/[\p{L}\p{N}]/u.test(before) && !/^[\p{L}\p{N}]/u.test(after)) return at
  }
  return -1
}

/** The ids of the people whom a text names. Of two with one name, the chosen one counts. */
export function mentioned(
  text: string,
  people: readonly Mentionable[],
  chosen: ReadonlySet<string>,
): string[] {
  const found = new Map<string, string>()
  let rest = text
  for (;;) {
    const next = firstMention(rest, people)
    if (!next) return [...found.values()]
    const name = next.person.name
    const same = people.filter((person) => person.name === name)
    const picked = same.find((person) => chosen.has(person.id)) ?? next.person
    found.set(name, picked.id)
    rest = rest.slice(next.at + name.length + 1)
  }
}

/** The host of an address as it is looked up, so that look-alike letters show. */
function host(href: string): string {
  try {
    const url = new URL(href)
    return url.protocol === "mailto:" ? url.pathname : url.host
  } catch {
    return ""
  }
}

/** Made once: that costs far more than using it. */
const characters = new Intl.Segmenter()

/** Whether a message is nothing but a few emoji. */
export function isOnlyEmoji(text: string): boolean {
  const trimmed = text.trim()
  if (
    !trimmed ||
    trimmed.length > 40 ||
    !/^[\p{Extended_Pictographic}\p{RI}\p{M}\u200d\s]+$/u.test(trimmed)
  )
    return false
  return [...characters.segment(trimmed.replace(/\s/g, ""))].length <= 6
}
