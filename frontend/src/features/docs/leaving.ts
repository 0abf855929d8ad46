import type { OpenDocument } from "./document.svelte"
import { LeftDocuments } from "./left.svelte"

/** The documents of this page that were left before all of their text was stored. */
export const leftDocuments = new LeftDocuments<OpenDocument>()
