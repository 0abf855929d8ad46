import type { Shelf } from "../../navigation.svelte"
import type { Doc } from "../../transport/types"
import { folded } from "../people/people.svelte"

export type Sort = "changed" | "title" | "created"

/** "Chapter 9" comes before "Chapter 10". */
const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" })

/** The names of a folder from the outermost on. */
export const parts = (folder: string): string[] => folder.split("/").filter(Boolean)

/** The name of a folder without those around it. */
export const lastPart = (folder: string): string => parts(folder).at(-1) ?? ""

/** The folder around a folder; empty at the top. */
export const above = (folder: string): string => parts(folder).slice(0, -1).join("/")

/** A folder as the program keeps it, of what somebody typed. */
export const tidyFolder = (typed: string): string =>
  typed
    .split("/")
    .map((part) => part.trim().replace(/\s+/g, " "))
    .filter(Boolean)
    .join("/")

const within = (folder: string, outer: string) =>
  folder === outer || outer === "" || folder.startsWith(`${outer}/`)

/** All folders that hold documents outside of the trash, and those around them, by name. */
export function foldersOf(documents: readonly Doc[]): string[] {
  const all = new Set<string>()
  for (const { folder, trashed } of documents)
    if (!trashed) for (let name = parts(folder).join("/"); name; name = above(name)) all.add(name)
  return [...all].sort((a, b) => compareFolders(parts(a), parts(b)))
}

function compareFolders(a: string[], b: string[]): number {
  for (const [index, name] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    const order = byName.compare(name, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** The folders that stand directly in a folder, each with the number of documents below it. */
export function foldersIn(
  documents: readonly Doc[],
  outer: string,
): { folder: string; count: number }[] {
  const depth = parts(outer).length + 1
  return foldersOf(documents)
    .filter((folder) => parts(folder).length === depth && within(folder, outer))
    .map((folder) => ({
      folder,
      count: documents.filter((doc) => !doc.trashed && within(doc.folder, folder)).length,
    }))
}

/** What a shelf shows. A search looks through everything below, not only at the top. */
export function listed(
  documents: readonly Doc[],
  shelf: Shelf,
  query: string,
  sort: Sort,
  title: (doc: Doc) => string,
): Doc[] {
  const words = folded(query).split(/\s+/).filter(Boolean)
  const found = documents.filter((doc) => {
    if (doc.trashed !== (shelf.name === "trash")) return false
    if (shelf.name === "starred" && !doc.starred) return false
    if (shelf.name === "folder") {
      if (words.length > 0 ? !within(doc.folder, shelf.folder) : doc.folder !== shelf.folder)
        return false
    }
    if (words.length === 0) return true
    const text = folded(`${title(doc)} ${doc.folder}`)
    return words.every((word) => text.includes(word))
  })
  const orders: Record<Sort, (a: Doc, b: Doc) => number> = {
    changed: (a, b) => b.changed - a.changed,
    created: (a, b) => b.created - a.created,
    title: (a, b) => byName.compare(title(a), title(b)),
  }
  return found.sort((a, b) => orders[sort](a, b) || (a.id < b.id ? -1 : 1))
}
