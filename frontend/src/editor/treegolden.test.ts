import { existsSync, readdirSync, readFileSync } from "node:fs"
import type { Mark, Node } from "prosemirror-model"
import { expect, test } from "vitest"
import { Block, blocksOf, embedText } from "./flat"
import { readSpans } from "./flatpatch"
import { schema } from "./schema"
import { Decoder } from "./tree"
import { Marks } from "./treemarks"

type Json = Record<string, unknown>

interface Golden {
  name: string
  spans: { type: string; value: unknown; marks?: Record<string, unknown> }[]
  tree: Json[]
}

const folder = new URL("../../../crdt/doc/rich/testdata/", `file://${import.meta.dirname}/x`)
const goldens: Golden[] = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Golden[])
  : []

const some = (value: Json): Json =>
  Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== null && one !== "" && one !== false),
  )

/** The marks as the tree of Go says them; those that nobody knows are not shown by the page. */
function marksOf(marks: readonly Mark[]): Json | undefined {
  const out: Json = {}
  for (const { type, attrs } of marks) {
    if (type.name === "comment") out.comments = [...((out.comments as string[]) ?? []), attrs.id]
    else if (type.name === "suggestion")
      out.suggested = { ...(out.suggested as Json), [String(attrs.id)]: attrs.kind as string }
    else if (type.name === "link") out.link = some({ href: attrs.href, title: attrs.title })
    else out[type.name] = (attrs.color as string | undefined) ?? true
  }
  return marks.length > 0 ? out : undefined
}

function inlineOf(node: Node): Json {
  const marks = marksOf(node.marks)
  const marked = marks ? { marks } : {}
  if (node.isText) return { text: node.text, ...marked }
  const { attrs, type } = node
  if (type.name === "hard_break") return { break: true, ...marked }
  if (type.name === "footnote") return { footnote: attrs.id as string }
  if (type.name === "unknown_embed")
    return { unknown: (JSON.parse(String(attrs.marker)) as { type: string }).type }
  return { image: { ...some(attrs), file: attrs.file as string } }
}

const isGhost = (node: Node) => node.attrs.ghost === true && node.content.size === 0

function blockOf(node: Node): Json {
  const { attrs, type } = node
  const blocks = () => node.children.map(blockOf)
  const text = () => node.children.map(inlineOf)
  const align = some({ align: attrs.align })
  switch (type.name) {
    case "paragraph":
      return {
        type: "paragraph",
        ...align,
        ...some({ ghost: attrs.ghost }),
        ...(attrs.marker ? { unknown: true } : {}),
        text: text(),
      }
    case "heading":
      return { type: "heading", level: attrs.level as number, ...align, text: text() }
    case "code_block":
      return {
        type: "code",
        ...some({ language: attrs.language }),
        content: node.textContent.replaceAll(embedText, ""),
      }
    case "blockquote":
      return { type: "quote", blocks: blocks() }
    case "page_break":
      return { type: "page-break" }
    case "table_of_contents":
      return { type: "contents" }
    case "table":
      return tableOf(node)
    default:
      return listOf(node)
  }
}

function listOf(list: Node): Json {
  const kind = { bullet_list: "bullet", ordered_list: "ordered", task_list: "task" }[list.type.name]
  const items = list.children.map((item) => {
    const implicit = item.childCount > 1 && item.firstChild !== null && isGhost(item.firstChild)
    const blocks = item.children.map(blockOf)
    return {
      ...some({ checked: (item.attrs.checked as boolean | undefined) ?? null, implicit }),
      blocks: implicit ? blocks.slice(1) : blocks,
    }
  })
  return {
    type: "list",
    kind,
    items,
    ...(kind === "ordered" ? { start: list.attrs.start as number } : {}),
  }
}

function tableOf(table: Node): Json {
  const rows = table.children.map((row) => ({
    id: row.attrs.id as string,
    cells: row.children.map((cell) => ({
      ...some({ header: cell.type.name === "table_header" }),
      blocks:
        cell.childCount === 1 && cell.firstChild && isGhost(cell.firstChild)
          ? []
          : cell.children.map(blockOf),
    })),
  }))
  const columns = table.firstChild?.children.map((cell) => cell.attrs.col as string)
  return { type: "table", id: table.attrs.id as string, columns, rows }
}

/** Takes out of a tree of Go what the page does not tell apart. */
function plain(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    const out: unknown[] = []
    for (const one of value.map((each) => plain(each, key))) {
      const last = out.at(-1) as Json | undefined
      const now = one as Json
      const joins = key === "text" && last?.text !== undefined && now.text !== undefined
      if (joins && JSON.stringify(last.marks) === JSON.stringify(now.marks))
        last.text = `${String(last.text)}${String(now.text)}`
      else out.push(key === "columns" ? String(one).split("\n")[0] : one)
    }
    return out
  }
  if (typeof value !== "object" || value === null) return value
  const out: Json = {}
  for (const [name, one] of Object.entries(value)) {
    if (name === "other") continue
    const inner = plain(one, name)
    if (name === "marks" && Object.keys(inner as Json).length === 0) continue
    out[name] = inner
  }
  return out
}

test.each(goldens.map((golden) => [golden.name, golden] as const))(
  "as in Go: %s",
  (_name, { spans, tree }) => {
    const blocks = blocksOf(readSpans(spans, () => ({})))
    const { nodes } = new Decoder(new Marks(schema)).decode(
      blocks.length > 0 ? blocks : [new Block(null, [])],
    )
    expect(nodes.map(blockOf)).toEqual(plain(tree))
  },
)

test.skipIf(goldens.length > 0)("there are streams to compare with", () => {
  expect(goldens.length).toBeGreaterThan(0)
})
