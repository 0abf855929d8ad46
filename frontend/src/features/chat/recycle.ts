/** Rows that may join a window at its end while those that leave it are not known yet. */
const margin = 8

/**
 * Gives each row that is shown the place of one that no longer is: a row that takes over another's
 * elements leaves little for the browser to clear away, and clearing takes longer than a frame.
 */
export class Places {
  readonly #of = new Map<string, number>()
  readonly #owners: { id: string; index: number }[] = []
  readonly #taken = new Set<number>()
  #first = 0
  #last = -1
  #count = 0
  #width = 0

  /**
   * The place of a row. All rows of the window are asked for in the order of their indexes, round
   * after round; no two of one round have the same. `kept` is a row whose place nobody else gets.
   */
  place(id: string, index: number, kept = ""): number {
    if (index <= this.#last) {
      this.#taken.clear()
      this.#width = this.#count
      this.#count = 0
    }
    if (this.#count === 0) this.#first = index
    this.#count++
    this.#last = index
    let place = this.#of.get(id)
    if (place === undefined || this.#taken.has(place)) place = this.#free(kept)
    this.#own(place, id, index)
    return place
  }

  /** A place whose row has probably left the window; if it has not, it is built anew elsewhere. */
  #free(kept: string): number {
    const end = this.#first + this.#width + margin
    const place = this.#owners.findIndex(
      ({ id, index }, place) =>
        !this.#taken.has(place) && id !== kept && (index < this.#first || index >= end),
    )
    return place < 0 ? this.#owners.length : place
  }

  #own(place: number, id: string, index: number) {
    const before = this.#owners[place]
    if (before && before.id !== id && this.#of.get(before.id) === place) this.#of.delete(before.id)
    this.#owners[place] = { id, index }
    this.#of.set(id, place)
    this.#taken.add(place)
  }
}
