import type { Node } from "prosemirror-model"
import type { Transaction } from "prosemirror-state"

/** Children of a document by index, the last one not included. */
export interface BlockRange {
  from: number
  to: number
}

/**
 * The blocks at the top that differ between two versions of a document, as indexes into `after`.
 * Nodes are shared between versions, so this compares identities and reads no text.
 */
export function changedBlocks(before: Node, after: Node): BlockRange {
  let from = 0
  const most = Math.min(before.childCount, after.childCount)
  while (from < most && before.child(from) === after.child(from)) from++
  let same = 0
  while (
    same < most - from &&
    before.child(before.childCount - 1 - same) === after.child(after.childCount - 1 - same)
  )
    same++
  return { from, to: after.childCount - same }
}

/** Calls back for the given blocks with their positions. */
export function eachBlock(
  doc: Node,
  range: BlockRange,
  see: (block: Node, pos: number, index: number) => void,
): void {
  let pos = 0
  for (let index = 0; index < range.to; index++) {
    const block = doc.child(index)
    if (index >= range.from) see(block, pos, index)
    pos += block.nodeSize
  }
}

/** Whether any of these transactions changed the document. */
export const changed = (trs: readonly Transaction[]): boolean => trs.some((tr) => tr.docChanged)

/** Something computed once per node: nodes never change, so their findings do not either. */
export class PerNode<T> {
  readonly #known = new WeakMap<Node, T>()
  readonly #find: (node: Node) => T

  constructor(find: (node: Node) => T) {
    this.#find = find
  }

  of(node: Node): T {
    let found = this.#known.get(node)
    if (found === undefined) {
      found = this.#find(node)
      this.#known.set(node, found)
    }
    return found
  }

  has(node: Node): boolean {
    return this.#known.has(node)
  }
}
