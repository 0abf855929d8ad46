/** More comments than this are not kept half-written; then the oldest goes. */
const most = 100

/** What was written of comments and answers and not sent, as long as the page is there. */
export class Drafts {
  readonly #texts = new Map<string, string>()

  /** The text of a place; empty where nothing was begun. */
  read(place: string): string {
    return this.#texts.get(place) ?? ""
  }

  /** Keeps the text of a place; an empty one is forgotten. */
  write(place: string, text: string): void {
    this.#texts.delete(place)
    if (text.trim()) this.#texts.set(place, text)
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= most) break
      this.#texts.delete(oldest)
    }
  }
}

/** The half-written comments of this page. */
export const commentDrafts = new Drafts()

/** Where a comment of a document is written: in one of its threads, or a new one. */
export const draftPlace = (
  { workspace, id }: { workspace: string; id: string },
  thread = "",
): string => `${workspace}/${id}/${thread}`
