/** A text with its selection, before or after an edit. */
export type Selected = { text: string; start: number; end: number }

export type Format =
  "bold" | "italic" | "strike" | "code" | "block" | "list" | "numbers" | "quote" | "link"

const marks: Partial<Record<Format, string>> = { bold: "**", italic: "_", strike: "~~", code: "`" }

/** Applies a format to the selection, or takes it away where it already is. */
export function formatted(selected: Selected, format: Format): Selected {
  const mark = marks[format]
  if (mark) return wrapped(selected, mark)
  switch (format) {
    case "list":
      return prefixed(selected, () => "- ", /^- /)
    case "numbers":
      return prefixed(selected, (line) => `${line + 1}. `, /^\d+\. /)
    case "quote":
      return prefixed(selected, () => "> ", /^> /)
    case "link":
      return linked(selected)
    default:
      return fenced(selected)
  }
}

function wrapped({ text, start, end }: Selected, mark: string): Selected {
  const size = mark.length
  const inside = text.slice(start, end)
  if (text.slice(start - size, start) === mark && text.slice(end, end + size) === mark) {
    const bare = text.slice(0, start - size) + inside + text.slice(end + size)
    return { text: bare, start: start - size, end: end - size }
  }
  const marked = text.slice(0, start) + mark + inside + mark + text.slice(end)
  return { text: marked, start: start + size, end: end + size }
}

function prefixed(
  { text, start, end }: Selected,
  prefix: (line: number) => string,
  known: RegExp,
): Selected {
  const from = text.lastIndexOf("\n", start - 1) + 1
  const next = text.indexOf("\n", end)
  const to = next < 0 ? text.length : next
  const lines = text.slice(from, to).split("\n")
  const has = lines.every((line) => known.test(line))
  const changed = lines.map((line, index) => (has ? line.replace(known, "") : prefix(index) + line))
  const block = changed.join("\n")
  const result = text.slice(0, from) + block + text.slice(to)
  const caret = from + block.length
  return { text: result, start: start === end ? caret : from, end: caret }
}

function linked({ text, start, end }: Selected): Selected {
  const inside = text.slice(start, end)
  const result = `${text.slice(0, start)}[${inside}](https://)${text.slice(end)}`
  const caret = inside ? start + inside.length + 11 : start + 1
  return { text: result, start: caret, end: caret }
}

function fenced({ text, start, end }: Selected): Selected {
  const before = start > 0 && text[start - 1] !== "\n" ? "\n```\n" : "```\n"
  const result = `${text.slice(0, start)}${before}${text.slice(start, end)}\n\`\`\`${text.slice(end)}`
  return { text: result, start: start + before.length, end: end + before.length }
}

/** What the letters before the caret ask to complete. */
export type Trigger = { kind: "person" | "emoji"; from: number; query: string }

/** Finds "@na" or ":smi" before the caret. A name may hold spaces, so up to three words count. */
export function trigger(text: string, caret: number): Trigger | undefined {
  const before = text.slice(Math.max(0, caret - 60), caret)
  const offset = caret - before.length
  const person =
    /(?:^|[\s("'«\u00a0])@([\p{L}\p{M}\p{N}'’.-]*(?: [\p{L}\p{M}\p{N}'’.-]+){0,2})$/u.exec(before)
  if (person) {
    const query = person[1] ?? ""
    return { kind: "person", from: offset + before.length - query.length - 1, query }
  }
  const emoji = /(?:^|[\s("'«\u00a0]):([\p{L}_+][\p{L}\p{N}_+-]+)$/u.exec(before)
  if (!emoji) return undefined
  const query = emoji[1] ?? ""
  return { kind: "emoji", from: offset + before.length - query.length - 1, query }
}

/** The length of a text as it counts against the limit. */
export const bytes = (text: string) => new TextEncoder().encode(text).length

/** A message holds at most this many bytes (protocol 2.9). */
export const mostBytes = 16 * 1024

/** What Enter does inside a list: the next item, or the end of an empty one. Undefined elsewhere. */
export function continued({ text, start, end }: Selected): Selected | undefined {
  if (start !== end) return undefined
  const from = text.lastIndexOf("\n", start - 1) + 1
  const item = /^(\s*)([-*]|\d+\.) (.*)$/.exec(text.slice(from, start))
  if (!item) return undefined
  const [, indent = "", sign = "", words = ""] = item
  if (!words.trim()) {
    return { text: text.slice(0, from) + text.slice(start), start: from, end: from }
  }
  const number = Number.parseInt(sign)
  const next = `\n${indent}${Number.isNaN(number) ? sign : `${number + 1}.`} `
  const caret = start + next.length
  return { text: text.slice(0, start) + next + text.slice(start), start: caret, end: caret }
}
