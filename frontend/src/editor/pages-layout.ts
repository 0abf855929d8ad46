import type { PageSettings } from "./state"

const perMm = 96 / 25.4
const sizes = { A4: [210, 297], letter: [215.9, 279.4] } as const

/** A sheet in CSS px. */
export interface Sheet {
  width: number
  height: number
  top: number
  right: number
  bottom: number
  left: number
  /** Height between the margins. */
  content: number
}

/** The sheet of some settings. Margins never leave less than a third of it. */
export function sheetOf(settings: PageSettings): Sheet {
  const [short, long] = sizes[settings.size]
  const [width, height] = settings.landscape ? [long, short] : [short, long]
  const margin = (mm: number, side: number) =>
    Math.min(Math.max(Number.isFinite(mm) ? mm : 20, 5), side / 3) * perMm
  const [top, right, bottom, left] = settings.margins
  const sheet = {
    width: width * perMm,
    height: height * perMm,
    top: margin(top, height),
    right: margin(right, width),
    bottom: margin(bottom, height),
    left: margin(left, width),
  }
  return { ...sheet, content: sheet.height - sheet.top - sheet.bottom }
}

/** Lines of one height, between which a page may end. */
export interface Lines {
  count: number
  /** In CSS px. */
  height: number
  /** What stands above the first line, in CSS px. */
  above: number
}

/** One piece of the text that the layout puts on pages: a block, or a paragraph in a list. */
export interface Measured {
  height: number
  /** A page break: what follows begins a page. */
  breaks: boolean
  /** A heading does not stand alone at the end of a page. */
  withNext: boolean
  /** Null for what stays in one piece. */
  lines: Lines | null
}

/** Where a page ends. */
export interface PageEnd {
  /** Index of the piece that the end lies before or in. */
  piece: number
  /** Lines of the piece that stand on the page; 0 when it ends before the piece. */
  line: number
  /** The page that ends, from 1. */
  page: number
  /** What is left of its height, in CSS px. */
  rest: number
}

/** Room in px that rounding may take without moving a piece to the next page. */
const tolerance = 0.5
/** Lines of a paragraph that stand together at least, at the end and at the start of a page. */
const together = 2

/** Fills pages of one height with pieces. */
class Filler {
  readonly ends: PageEnd[] = []
  used = 0
  readonly #content: number
  /** The first piece of the page. */
  #first = 0
  /** The headings before the current piece that wait for their text. */
  #waiting: { piece: number; used: number } | null = null

  constructor(content: number) {
    this.#content = content
  }

  #end(piece: number, line: number, used: number): void {
    const rest = Math.max(0, this.#content - used)
    this.ends.push({ piece, line, page: this.ends.length + 1, rest })
    this.#first = piece
    this.#waiting = null
  }

  begin(piece: number): void {
    this.#end(piece, 0, this.used)
    this.used = 0
  }

  #fits = (height: number) => this.used + height <= this.#content + tolerance

  add(index: number, piece: Measured): void {
    if (!this.#fits(piece.height)) this.#over(index, piece)
    else this.used += piece.height
    if (!piece.withNext) this.#waiting = null
    else this.#waiting ??= { piece: index, used: this.used - piece.height }
  }

  /** Puts a piece that does not fit: split by its lines, or on the next page. */
  #over(index: number, piece: Measured): void {
    if (piece.lines && this.#split(index, piece.height, piece.lines)) return
    const heading = this.#waiting
    if (heading && heading.piece > this.#first) {
      const moved = this.used - heading.used
      this.#end(heading.piece, 0, heading.used)
      this.used = moved
    } else if (this.used > 0) this.begin(index)
    if (!this.#fits(piece.height) && piece.lines && this.#split(index, piece.height, piece.lines))
      return
    if (!this.#fits(piece.height) && this.used > 0) this.begin(index)
    this.used += piece.height
  }

  /** Ends pages between lines. False when too few of them fit on this one. */
  #split(index: number, height: number, lines: Lines): boolean {
    let left = height
    let above = lines.above
    let done = 0
    while (!this.#fits(left)) {
      const room = this.#content + tolerance - this.used - above
      const fit = Math.min(Math.floor(room / lines.height), lines.count - done - together)
      if (fit < together) {
        if (done === 0) return false
        break
      }
      done += fit
      left -= above + fit * lines.height
      this.#end(index, done, this.used + above + fit * lines.height)
      this.used = 0
      above = 0
    }
    this.used += left
    return true
  }
}

/**
 * Breaks pieces into pages. A paragraph is split between its lines, two of them always together;
 * what stays in one piece begins the next page when it does not fit, with the heading before it;
 * what is taller than a page runs over its end. `rest` is what is left of the last page.
 */
export function paginate(
  pieces: readonly Measured[],
  content: number,
): { ends: PageEnd[]; rest: number } {
  const filler = new Filler(content)
  let broken = false
  for (const [index, piece] of pieces.entries()) {
    if (broken) filler.begin(index)
    filler.add(index, piece)
    broken = piece.breaks
  }
  // A break at the end opens a page that is still empty.
  if (broken) filler.begin(pieces.length)
  return { ends: filler.ends, rest: Math.max(0, content - filler.used) }
}
