import type { Node } from "prosemirror-model"
import { Transform } from "prosemirror-transform"
import type { Authored, Difference } from "../../editor/replicahistory"
import { schema } from "../../editor/schema"
import type { Colored } from "../../editor/state"
import { hueOf } from "../../ui/hue"

/** A document with the colours that tell something about its parts. */
export interface Shown {
  doc: Node
  colors: Colored[]
}

/** The text in the colours of those who wrote it, without the colours of comments. */
export function byAuthor(
  doc: Node,
  authored: readonly Authored[],
  person: (actor: string) => string,
  name: (person: string) => string,
): Shown {
  const colors: Colored[] = []
  const tr = new Transform(doc).removeMark(0, doc.content.size, schema.marks.comment)
  for (const { from, to, actor } of authored) {
    const who = person(actor)
    if (!who) continue
    const last = colors.at(-1)
    const hue = hueOf(who)
    // Two devices of one person look the same.
    if (last && last.to === from && last.hue === hue) last.to = to
    else colors.push({ from, to, hue, title: name(who) })
  }
  return { doc: tr.doc, colors }
}

/** What stands for images and footnotes in the text of a deletion. */
const embed = /\uFFFC/g

/**
 * The newer document with what was deleted struck through where it was, and what was inserted
 * marked as such.
 */
export function compared({ doc, inserted, deleted }: Difference): Shown {
  const tr = new Transform(doc)
  for (const mark of [schema.marks.comment, schema.marks.suggestion])
    tr.removeMark(0, doc.content.size, mark)
  for (const { from, to } of inserted)
    tr.addMark(from, to, schema.marks.suggestion.create({ id: "compare", kind: "insert" }))
  const struck = schema.marks.suggestion.create({ id: "compare", kind: "delete" })
  for (const { pos, text } of [...deleted].reverse()) {
    const lines = text.replace(embed, "▢").split("\n")
    const words =
      lines
        .map((line) => line.trim())
        .filter(Boolean)
        .join(" ¶ ") || "¶"
    const $at = tr.doc.resolve(Math.min(pos, tr.doc.content.size))
    const node = schema.text(words, [struck])
    if ($at.parent.inlineContent && $at.parent.type.allowsMarkType(struck.type))
      tr.insert($at.pos, node)
    else {
      const at = $at.depth > 0 ? $at.before(1) : $at.pos
      tr.insert(at, schema.node("paragraph", null, [node]))
    }
  }
  return { doc: tr.doc, colors: [] }
}
