import type { Node } from "prosemirror-model"
import type { EditorView } from "prosemirror-view"
import type { Lines, Measured } from "./pages-layout"
import { schema } from "./schema"

const { paragraph, heading, page_break, code_block, blockquote, list_item, task_item } =
  schema.nodes

/** A piece of the text with its place. Places are counted from the start of its block at the top. */
export interface Piece extends Measured {
  /** The node that the piece is: a textblock, or a block that stays in one piece. */
  node: Node
  /** Where the node begins. */
  at: number
  /** Where the gap between two pages stands, when one ends before the piece. */
  gap: number
  /** How far the box around that place is indented, in CSS px. */
  indent: number
  /** The same for a gap between the lines of the piece. */
  inner: number
}

/** The look of a kind of paragraph in CSS px. */
interface Look {
  line: number
  above: number
  below: number
  left: number
}

/** Lines are only known where every line has the same height. */
const plainText = (node: Node): boolean =>
  node.children.every(({ type }) => type.isText || ["hard_break", "footnote"].includes(type.name))

/** How far a measured number of lines may be from a whole one. */
const blur = 0.2

/**
 * Measures the pieces of blocks. A block is measured once, as long as it does not change; asking
 * reads from the engine only, so that measuring many blocks costs one layout.
 */
export class Measure {
  readonly #view: EditorView
  #pieces = new WeakMap<Node, readonly Piece[]>()
  #looks = new Map<string, Look>()
  #starts = new WeakMap<Node, Map<number, number>>()
  /** What one CSS px of the sheet is on the screen. */
  #scale = 1
  #left = 0
  /** Gaps that are not drawn while their blocks are measured: they would part lines. */
  #hidden: HTMLElement[] = []

  constructor(view: EditorView) {
    this.#view = view
  }

  /** Forgets everything: the text has another width or typeface. */
  clear(): void {
    this.#pieces = new WeakMap()
    this.#looks = new Map()
    this.#starts = new WeakMap()
  }

  forget(block: Node): void {
    this.#pieces.delete(block)
    this.#starts.delete(block)
  }

  /** The pieces of all blocks with the positions of their blocks. `restore` has to follow. */
  all(scale: number): { pieces: Piece[]; starts: number[] } {
    this.#scale = scale
    this.#left = this.#view.dom.getBoundingClientRect().left
    const pieces: Piece[] = []
    const starts: number[] = []
    // Writing first and reading then costs one layout, however many blocks are new.
    this.#each((node, _, dom) => {
      if (!this.#pieces.has(node)) this.#hide(dom)
    })
    this.#each((node, offset, dom) => {
      const known = this.#pieces.get(node) ?? this.#block(node, offset, dom)
      this.#pieces.set(node, known)
      for (const piece of known) {
        pieces.push(piece)
        starts.push(offset)
      }
    })
    return { pieces, starts }
  }

  /** Draws the gaps again that were in the way. */
  restore(): void {
    for (const gap of this.#hidden) gap.style.removeProperty("display")
    this.#hidden = []
  }

  #hide(dom: Element): void {
    for (const gap of dom.querySelectorAll<HTMLElement>(".page-gap")) {
      gap.style.display = "none"
      this.#hidden.push(gap)
    }
  }

  /** The blocks beside their elements; every block at the top has one. */
  #each(see: (node: Node, offset: number, dom: Element) => void): void {
    let dom = this.#view.dom.firstElementChild
    this.#view.state.doc.forEach((node, offset) => {
      while (dom?.classList.contains("ProseMirror-widget")) dom = dom.nextElementSibling
      if (dom) see(node, offset, dom)
      dom = dom?.nextElementSibling ?? null
    })
  }

  #block(node: Node, offset: number, dom: Element): Piece[] {
    const whole = this.#height(dom)
    if (node.type === blockquote || node.type.spec.group?.includes("list"))
      return this.#inside(node, offset, whole)
    const lines = node.type === paragraph || node.type === code_block
    const piece = this.#piece(node, null, dom, { at: 0, gap: 0, indent: 0 })
    return [lines ? piece : { ...piece, lines: null }]
  }

  /** The textblocks of a list or a quote; what is left of its height goes with the last. */
  #inside(block: Node, offset: number, whole: number): Piece[] {
    const pieces: Piece[] = []
    block.descendants((node, pos, parent, index) => {
      if (!node.isTextblock) return true
      const dom = this.#view.nodeDOM(offset + 1 + pos)
      if (!(dom instanceof Element)) return false
      const first = index === 0 && (parent?.type === list_item || parent?.type === task_item)
      const holder = first ? dom.closest("li") : dom
      const indent = ((holder ?? dom).getBoundingClientRect().left - this.#left) / this.#scale
      const gap = pieces.length === 0 ? 0 : first ? pos : pos + 1
      const place = { at: pos + 1, gap, indent: pieces.length === 0 ? 0 : indent }
      pieces.push(this.#piece(node, parent, dom, place))
      return false
    })
    const last = pieces.at(-1)
    const sum = pieces.reduce((total, piece) => total + piece.height, 0)
    if (last) last.height += Math.max(0, whole - sum)
    return pieces
  }

  #piece(
    node: Node,
    parent: Node | null,
    dom: Element,
    place: { at: number; gap: number; indent: number },
  ): Piece {
    const height = this.#height(dom)
    const look = this.#look(node, parent, dom)
    const left = (dom.getBoundingClientRect().left - this.#left) / this.#scale
    return {
      ...place,
      node,
      height,
      inner: left + look.left,
      breaks: node.type === page_break,
      withNext: node.type === heading,
      lines: node.isTextblock && plainText(node) ? linesOf(height, look) : null,
    }
  }

  #height = (dom: Element) => dom.getBoundingClientRect().height / this.#scale

  #look(node: Node, parent: Node | null, dom: Element): Look {
    const kind = `${parent?.type.name ?? ""} ${node.type.name}`
    let look = this.#looks.get(kind)
    if (!look) {
      const style = getComputedStyle(dom)
      const px = (value: string) => Number.parseFloat(value) || 0
      look = {
        line: px(style.lineHeight),
        above: px(style.paddingTop) + px(style.borderTopWidth),
        below: px(style.paddingBottom) + px(style.borderBottomWidth),
        left: px(style.paddingLeft) + px(style.borderLeftWidth),
      }
      this.#looks.set(kind, look)
    }
    return look
  }

  /** Where a line of a piece begins in the document, or null when it cannot be told. */
  lineStart(piece: Piece, start: number, line: number): number | null {
    const first = start + piece.at + 1
    const known = this.#starts.get(piece.node) ?? new Map<number, number>()
    const found = known.get(line) ?? this.#findLine(piece, first, line)
    this.#starts.set(piece.node, known.set(line, found))
    return found > 0 && found < piece.node.content.size ? first + found : null
  }

  /** The first offset whose character stands on a line or below it. */
  #findLine({ node, lines }: Piece, first: number, line: number): number {
    const dom = this.#view.nodeDOM(first - 1)
    if (!(dom instanceof Element) || !lines) return 0
    this.#hide(dom)
    const top = dom.getBoundingClientRect().top + lines.above * this.#scale
    const lineOf = (offset: number) => {
      const rect = this.#view.coordsAtPos(first + offset, 1)
      return Math.floor(((rect.top + rect.bottom) / 2 - top) / (lines.height * this.#scale))
    }
    let low = 0
    let high = node.content.size
    while (low < high) {
      const middle = (low + high) >> 1
      if (lineOf(middle) >= line) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** The lines of a height, or null when they are not of one height. */
function linesOf(height: number, { line, above, below }: Look): Lines | null {
  if (line <= 0) return null
  const count = (height - above - below) / line
  const whole = Math.round(count)
  return whole > 0 && Math.abs(count - whole) < blur
    ? { count: whole, height: (height - above - below) / whole, above }
    : null
}
