import type { Node } from "prosemirror-model"
import { Plugin } from "prosemirror-state"
import { changedBlocks, PerNode } from "./blocks"
import { NextFrame } from "./idle"
import { schema } from "./schema"

const footnoteType = schema.nodes.footnote

const inBlock = new PerNode<readonly string[]>((block) => {
  const ids: string[] = []
  block.descendants((node) => {
    if (node.type === footnoteType) ids.push(node.attrs.id as string)
  })
  return ids
})

/** The ids of the footnotes in the order of the text; one that stands twice counts once. */
export function footnoteIds(doc: Node): string[] {
  const ids = new Set<string>()
  doc.forEach((block) => {
    for (const id of inBlock.of(block)) ids.add(id)
  })
  return [...ids]
}

const noted = (blocks: readonly Node[]) => blocks.some((block) => inBlock.of(block).length > 0)

/** Whether the blocks that differ between two documents hold footnotes in either. */
function touchesNotes(before: Node, after: Node): boolean {
  const { from, to } = changedBlocks(before, after)
  const end = to - after.childCount || undefined
  return noted(before.children.slice(from, end)) || noted(after.children.slice(from, end))
}

/** The numbers of the footnotes of one view, told to whoever draws them. */
export class FootnoteOrder {
  #ids: readonly string[] = []
  readonly #watchers = new Set<() => void>()

  get ids(): readonly string[] {
    return this.#ids
  }

  /** The number of a footnote from 1; 0 before it is counted. */
  number(id: string): number {
    return this.#ids.indexOf(id) + 1
  }

  /** Calls back after a number changed. Returns the cancel. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => void this.#watchers.delete(changed)
  }

  /** Counts the notes of a document. */
  look(doc: Node): void {
    const ids = footnoteIds(doc)
    if (ids.length === this.#ids.length && ids.every((id, index) => id === this.#ids[index])) return
    this.#ids = ids
    for (const changed of this.#watchers) changed()
  }

  plugin(): Plugin {
    return new Plugin({
      view: (view) => {
        const frame = new NextFrame(() => this.look(view.state.doc))
        this.look(view.state.doc)
        return {
          update: (_, before) => {
            if (touchesNotes(before.doc, view.state.doc)) frame.ask()
          },
          destroy: () => frame.cancel(),
        }
      },
    })
  }
}
