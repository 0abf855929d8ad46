import type { Node } from "prosemirror-model"
import { Plugin } from "prosemirror-state"
import { Decoration, DecorationSet } from "prosemirror-view"
import { changedBlocks, eachBlock, PerNode } from "./blocks"

/** Engines take seconds to break a word of this length, when its letters are kerned. */
const long = /\S{1000}/

const isLong = new PerNode<boolean>(
  (node) =>
    node.content.size >= 1000 && long.test(node.textBetween(0, node.content.size, " ", " ")),
)

/** The blocks of text at or below a place, marked where a word in them is that long. */
function marksIn(block: Node, start: number): Decoration[] {
  const found: Decoration[] = []
  const see = (node: Node, pos: number) => {
    if (node.isTextblock && isLong.of(node))
      found.push(Decoration.node(pos, pos + node.nodeSize, { class: "unbroken" }))
    return !node.isTextblock
  }
  if (see(block, start)) block.descendants((node, pos) => see(node, start + 1 + pos))
  return found
}

/**
 * Gives blocks with a word of a thousand letters and more (a key, a picture as text) a class of
 * their own, which takes the kerning away.
 */
export const unbroken = (): Plugin<DecorationSet> =>
  new Plugin<DecorationSet>({
    state: {
      init: (_, { doc }) => {
        const all: Decoration[] = []
        doc.forEach((block, pos) => all.push(...marksIn(block, pos)))
        return DecorationSet.create(doc, all)
      },
      apply(tr, set, before) {
        if (!tr.docChanged) return set
        let next = set.map(tr.mapping, tr.doc)
        eachBlock(tr.doc, changedBlocks(before.doc, tr.doc), (block, pos) => {
          const end = pos + block.nodeSize
          const old = next.find(pos, end).filter((mark) => mark.from >= pos && mark.to <= end)
          const now = marksIn(block, pos)
          if (old.length > 0) next = next.remove(old)
          if (now.length > 0) next = next.add(tr.doc, now)
        })
        return next
      },
    },
    props: {
      decorations(state) {
        return this.getState(state)
      },
    },
  })
