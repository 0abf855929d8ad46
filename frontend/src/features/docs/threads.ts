import type { CommentThread } from "../../editor/root"
import type { CommentRange } from "../../editor/state"

/** A thread with the text it lies on. */
export interface PlacedThread extends CommentThread {
  /** The text, cut; empty where it was deleted. */
  quote: string
  /** Where its text begins, or null where it was deleted. */
  from: number | null
}

/** Threads in the order of the text; those whose text is gone come last, by time. */
export function placed(
  threads: readonly CommentThread[],
  ranges: readonly CommentRange[],
): PlacedThread[] {
  const known = new Map(ranges.map((range) => [range.id, range]))
  return threads
    .filter(({ messages }) => messages.length > 0)
    .map((thread) => {
      const range = known.get(thread.id)
      return { ...thread, quote: range?.quote ?? "", from: range?.from ?? null }
    })
    .sort(
      (a, b) =>
        (a.from ?? Number.MAX_SAFE_INTEGER) - (b.from ?? Number.MAX_SAFE_INTEGER) ||
        (a.messages[0]?.at ?? 0) - (b.messages[0]?.at ?? 0),
    )
}
