import { explain } from "../../explain"
import { m } from "../../paraglide/messages.js"
import { list } from "../../transport/services"
import type { Doc, DocLoss } from "../../transport/types"
import type { Documents } from "./documents.svelte"

/** The endings of files that documents are made of. */
export const importable = [".md", ".html", ".txt", ".docx", ".odt", ".automerge"]

/** What became of one file. */
export interface Imported {
  name: string
  doc: Doc | null
  report: DocLoss[]
  error: string
}

/** Imports files one after another and keeps what the person should know of. */
export class Imports {
  /** The file that is being imported; empty when none is. */
  current = $state("")
  /** Imports that lost something or failed, until the person has read of them. */
  notes = $state.raw<Imported[]>([])
  readonly #documents: Documents

  constructor(documents: Documents) {
    this.#documents = documents
  }

  /** Returns the documents that were made. */
  async run(files: readonly File[], folder: string): Promise<Doc[]> {
    const made: Doc[] = []
    for (const file of files) {
      this.current = file.name
      const note: Imported = { name: file.name, doc: null, report: [], error: "" }
      try {
        const dot = file.name.lastIndexOf(".")
        if (!importable.includes(file.name.slice(dot).toLowerCase()))
          note.error = m.docs_import_kinds()
        else {
          const { doc, report } = await this.#documents.import(file, folder)
          note.doc = doc
          note.report = list(report)
          made.push(doc)
        }
      } catch (reason) {
        note.error = explain(reason)
      }
      if (note.error || note.report.length > 0) this.notes = [...this.notes, note]
    }
    this.current = ""
    return made
  }
}
