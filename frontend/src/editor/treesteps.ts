import { Fragment, Slice, type Node } from "prosemirror-model"
import type { Transaction } from "prosemirror-state"
import { ReplaceStep } from "prosemirror-transform"
import { before } from "./positions"

/**
 * Turns children `from` to `to` of a transaction's document into other nodes by the smallest steps
 * found, so that cursors, decorations and what can be undone keep their places. `hint` is a
 * position where text is known to have come or gone.
 */
export function reconcile(
  tr: Transaction,
  from: number,
  to: number,
  nodes: readonly Node[],
  hint = -1,
): void {
  const old: Node[] = []
  for (let index = from; index < to; index++) old.push(tr.doc.child(index))
  changeChildren(tr, before(tr.doc, from), old, nodes, hint)
}

const same = (a: Node | undefined, b: Node | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && a.eq(b))

function changeChildren(
  tr: Transaction,
  pos: number,
  old: readonly Node[],
  now: readonly Node[],
  hint: number,
): void {
  let from = 0
  let to = old.length
  let end = now.length
  while (to > 0 && end > 0 && old[to - 1] === now[end - 1]) (to--, end--)
  while (from < to && from < end && same(old[from], now[from])) from++
  while (to > from && end > from && same(old[to - 1], now[end - 1])) (to--, end--)
  if (from === to && from === end) return
  const start = pos + size(old, 0, from)
  if (to === end) {
    let at = start + size(old, from, to)
    for (let index = to - 1; index >= from; index--) {
      const [a, b] = [old[index], now[index]]
      if (!a || !b) continue
      at -= a.nodeSize
      change(tr, at, a, b, hint)
    }
  } else replaceRange(tr, start, old.slice(from, to), now.slice(from, end))
}

const size = (nodes: readonly Node[], from: number, to: number): number => {
  let sum = 0
  for (let index = from; index < to; index++) sum += nodes[index]?.nodeSize ?? 0
  return sum
}

/** Turns the node at a position into another. */
function change(tr: Transaction, pos: number, a: Node, b: Node, hint: number): void {
  if (same(a, b)) return
  if (a.isLeaf || b.isLeaf || !b.type.validContent(a.content)) {
    replaceRange(tr, pos, [a], [b])
    return
  }
  if (!a.sameMarkup(b)) tr.setNodeMarkup(pos, b.type, b.attrs, b.marks)
  if (a.isTextblock !== b.isTextblock) replaceRange(tr, pos, [tr.doc.nodeAt(pos) ?? a], [b])
  else if (a.isTextblock) changeText(tr, pos + 1, a.content, b.content, hint - pos - 1)
  else changeChildren(tr, pos + 1, a.children, b.children, hint)
}

/** Text that repeats can be found at several places: the hint tells which is meant. */
function changeText(tr: Transaction, pos: number, a: Fragment, b: Fragment, hint: number): void {
  const grown = b.size - a.size
  const [del, insert] = [Math.max(-grown, 0), Math.max(grown, 0)]
  const fits =
    grown !== 0 &&
    hint >= 0 &&
    hint + del <= a.size &&
    a.cut(0, hint).eq(b.cut(0, hint)) &&
    a.cut(hint + del).eq(b.cut(hint + insert))
  if (fits)
    tr.step(
      new ReplaceStep(pos + hint, pos + hint + del, new Slice(b.cut(hint, hint + insert), 0, 0)),
    )
  else replaceFragment(tr, pos, a, b)
}

function replaceRange(
  tr: Transaction,
  pos: number,
  old: readonly Node[],
  now: readonly Node[],
): void {
  replaceFragment(tr, pos, Fragment.fromArray([...old]), Fragment.fromArray([...now]))
}

function replaceFragment(tr: Transaction, pos: number, old: Fragment, now: Fragment): void {
  const start = old.findDiffStart(now)
  const ends = old.findDiffEnd(now)
  if (start === null || ends === null) return
  const overlap = Math.max(start - Math.min(ends.a, ends.b), 0)
  const [oldEnd, nowEnd] = [ends.a + overlap, ends.b + overlap]
  const slice = tr.doc.type.create(null, now).slice(start, nowEnd)
  const small = new ReplaceStep(pos + start, pos + oldEnd, slice)
  // A stretch that begins and ends at different depths cannot be replaced alone.
  if (fails(() => tr.maybeStep(small).failed !== null))
    tr.step(new ReplaceStep(pos, pos + old.size, new Slice(now, 0, 0)))
}

function fails(attempt: () => boolean): boolean {
  try {
    return attempt()
  } catch (error) {
    if (error instanceof RangeError) return true
    throw error
  }
}
