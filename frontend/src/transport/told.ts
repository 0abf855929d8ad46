/**
 * Of which things an event told while an answer about them was under way. The program goes on
 * while it answers: an answer that comes after an event may be older than it, and what it lacks
 * may have been made since.
 */
export class Told {
  readonly #last = new Map<string, number>()
  #events = 0

  /** Notes that an event tells of something. */
  tell(id: string) {
    this.#last.set(id, ++this.#events)
  }

  /** To be called before asking: whether an event told of something since then. */
  ask(): (id: string) => boolean {
    const before = this.#events
    return (id) => (this.#last.get(id) ?? 0) > before
  }
}
