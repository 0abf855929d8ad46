import type { Node } from "prosemirror-model"
import { Plugin } from "prosemirror-state"
import { PerNode } from "./blocks"
import { NextFrame } from "./idle"
import { schema } from "./schema"
import type { Heading } from "./state"

const headingType = schema.nodes.heading
/** Headings that a table of contents shows. */
const most = 2000

/** The headings in a block at the top, counted from its own position. */
const inBlock = new PerNode<readonly Heading[]>((block) => {
  if (block.type === headingType) return [headingOf(block, 0)]
  if (block.isTextblock) return []
  const found: Heading[] = []
  block.descendants((node, pos) => {
    if (node.type === headingType) found.push(headingOf(node, pos + 1))
    return !node.isTextblock
  })
  return found
})

const headingOf = (node: Node, pos: number): Heading => ({
  level: node.attrs.level as number,
  text: node.textBetween(0, node.content.size, " ", " ").trim(),
  pos,
})

/** All headings of a document in its order, the empty ones left out. */
export function headingsOf(doc: Node): Heading[] {
  const found: Heading[] = []
  doc.forEach((block, offset) => {
    for (const heading of inBlock.of(block))
      if (heading.text && found.length < most) found.push({ ...heading, pos: heading.pos + offset })
  })
  return found
}

const same = (a: readonly Heading[], b: readonly Heading[]) =>
  a.length === b.length &&
  a.every((heading, index) => heading.text === b[index]?.text && heading.level === b[index].level)

/** The outline of one view, told to whoever draws it, at most once per frame. */
export class Outline {
  #headings: readonly Heading[] = []
  readonly #watchers = new Set<(headings: readonly Heading[]) => void>()

  /** Calls back now and after every change of a heading. Returns the cancel. */
  watch(changed: (headings: readonly Heading[]) => void): () => void {
    this.#watchers.add(changed)
    changed(this.#headings)
    return () => void this.#watchers.delete(changed)
  }

  /** Tells the watchers again, although no heading changed: its page did. */
  again(): void {
    for (const changed of this.#watchers) changed(this.#headings)
  }

  plugin(): Plugin {
    return new Plugin({
      view: (view) => {
        const look = () => {
          if (this.#watchers.size === 0) return
          const headings = headingsOf(view.state.doc)
          const news = !same(headings, this.#headings)
          this.#headings = headings
          if (news) this.again()
        }
        const frame = new NextFrame(look)
        frame.ask()
        return {
          update: (_, before) => {
            if (view.state.doc !== before.doc) frame.ask()
          },
          destroy: () => frame.cancel(),
        }
      },
    })
  }
}
