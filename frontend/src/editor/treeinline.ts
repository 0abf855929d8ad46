import { Fragment, type Node, type Schema } from "prosemirror-model"
import { embedText, noMarks, pushRun } from "./flat"
import type { Marker, Run, Scalar } from "./flat"
import { encodeMarks, parsed, type Marks } from "./treemarks"
import { readMarker } from "./flatpatch"

/** The inline nodes of a block's text. Every node is as long as its run. */
export function decodeInline(runs: readonly Run[], marks: Marks): Node[] {
  const schema = marks.schema
  const nodes: Node[] = []
  for (const run of runs) {
    const set = marks.decode(run.marks)
    if (run.embed) {
      const embed = decodeEmbed(run.embed, schema)
      nodes.push(embed ? embed.mark(set) : schema.text(embedText, set))
      continue
    }
    run.text.split("\n").forEach((line, index) => {
      if (index > 0) nodes.push(schema.node("hard_break", null, undefined, set))
      if (line !== "") nodes.push(schema.text(line, set))
    })
  }
  return nodes
}

/** The text of a block that has no marks, breaks or embeds: a code block. */
export function decodePlain(runs: readonly Run[], schema: Schema): Node[] {
  const text = runs.map((run) => run.text).join("")
  return text === "" ? [] : [schema.text(text)]
}

/** Text of marker fields as nodes keep it. */
const text = (value: Scalar | undefined): string => (typeof value === "string" ? value : "")
const size = (value: Scalar | undefined): number | null =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : null

function decodeEmbed(embed: Marker, schema: Schema): Node | null {
  const { attrs, type } = embed
  if (type === "image" && schema.nodes.image)
    return schema.nodes.image.create({
      file: text(attrs.file),
      name: text(attrs.name),
      alt: text(attrs.alt),
      width: size(attrs.width),
      height: size(attrs.height),
    })
  if (type === "footnote" && schema.nodes.footnote && typeof attrs.id === "string")
    return schema.nodes.footnote.create({ id: attrs.id })
  return schema.nodes.unknown_embed?.create({ marker: JSON.stringify(embed) }) ?? null
}

/** The runs of a block's inline content. */
export function encodeInline(content: Fragment): Run[] {
  const runs: Run[] = []
  content.forEach((node) => {
    const marks = encodeMarks(node.marks)
    if (node.isText) pushRun(runs, { text: node.text ?? "", marks, embed: null })
    else if (node.type.name === "hard_break") pushRun(runs, { text: "\n", marks, embed: null })
    else pushRun(runs, { text: embedText, marks, embed: encodeEmbed(node) })
  })
  return runs
}

/** The text of a code block as runs: no marks. */
export function encodePlain(content: Fragment): Run[] {
  const runs: Run[] = []
  content.forEach((node) => {
    pushRun(runs, { text: node.text ?? embedText, marks: noMarks, embed: null })
  })
  return runs
}

function encodeEmbed(node: Node): Marker {
  if (node.type.name === "unknown_embed")
    return (
      readUnknown(String(node.attrs.marker)) ?? { type: "", parents: [], attrs: {}, embed: true }
    )
  const attrs: Record<string, Scalar> = {}
  for (const [name, value] of Object.entries(node.attrs))
    if (typeof value === "number" || (typeof value === "string" && value !== ""))
      attrs[name] = value
  return { type: node.type.name, parents: [], attrs, embed: true }
}

/** A marker that a node keeps as JSON because nobody here knows its type. */
export function readUnknown(json: string): Marker | null {
  const read = parsed(json)
  return read && { ...readMarker(read), embed: read.embed === true }
}
