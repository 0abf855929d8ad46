import type { Transaction } from "prosemirror-state"

const key = "parvis.remote"

/**
 * Marks a transaction as made by the binding: changes of others and repairs. It is not undone by
 * this person, numbered anew or turned into a suggestion.
 */
export const fromRemote = (tr: Transaction): Transaction =>
  tr.setMeta(key, true).setMeta("addToHistory", false)

/** Whether the binding made this transaction. */
export const isRemote = (tr: Transaction): boolean => tr.getMeta(key) === true
