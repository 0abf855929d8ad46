import type { Node } from "prosemirror-model"
import type { EditorState } from "prosemirror-state"
import { PerNode } from "./blocks"
import { inIdle } from "./idle"
import type { Counts } from "./state"

/** A word: letters and digits with the signs that stand inside words; a Han or kana sign counts as one. */
const word =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{N}\p{M}])+(?:['’.,:@-](?:(?!\p{Script=Han})[\p{L}\p{N}\p{M}])+)*/gu

/** Counts a text. Half a pair of surrogates counts as one character. */
export function countText(text: string): Counts {
  let characters = 0
  let letters = 0
  for (const sign of text) {
    if (sign === "\n") continue
    characters++
    if (sign.trim() !== "") letters++
  }
  return { words: text.match(word)?.length ?? 0, characters, letters }
}

const sum = (a: Counts, b: Counts): Counts => ({
  words: a.words + b.words,
  characters: a.characters + b.characters,
  letters: a.letters + b.letters,
})

const none: Counts = { words: 0, characters: 0, letters: 0 }

/** Hard breaks end words; images and footnotes are no text. */
const textOf = (node: Node, from: number, to: number) =>
  node.textBetween(from, to, "\n", (leaf) => (leaf.type.name === "hard_break" ? "\n" : ""))

/** Counts of whole blocks, kept per node. */
const ofBlock = new PerNode<Counts>((block) => countText(textOf(block, 0, block.content.size)))

/** Counts a document from what is known of its blocks. */
export function countDocument(doc: Node): Counts {
  let total = none
  doc.forEach((block) => (total = sum(total, ofBlock.of(block))))
  return total
}

function* learn(doc: Node): Generator<void> {
  for (let index = 0; index < doc.childCount; index++) {
    const block = doc.child(index)
    if (ofBlock.has(block)) continue
    ofBlock.of(block)
    yield
  }
}

/** What a count found. */
export interface Counted {
  document: Counts
  selection: Counts | null
}

const countSelection = ({ doc, selection }: EditorState): Counts | null =>
  selection.empty
    ? null
    : selection.ranges.reduce(
        (total, { $from, $to }) => sum(total, countText(textOf(doc, $from.pos, $to.pos))),
        none,
      )

/** Counts in idle time, only the blocks that changed since the last time. */
export class WordCount {
  #cancel = () => {}
  #waiting: ((counted: Counted) => void)[] = []

  /** The state is read when everything is known, so the answer is not older than its resolving. */
  count(state: () => EditorState): Promise<Counted> {
    this.#cancel()
    this.#cancel = inIdle(this.#steps(state))
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  *#steps(state: () => EditorState): Generator<void> {
    yield* learn(state().doc)
    const counted = { document: countDocument(state().doc), selection: countSelection(state()) }
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve(counted)
  }

  destroy(): void {
    this.#cancel()
  }
}
