import type { Node } from "prosemirror-model"
import type { Plugin } from "prosemirror-state"
import type { EditorView } from "prosemirror-view"

/** The texts of the footnotes, each an object of its own beside the text of the document. */
export interface Notes {
  /** The text of a note as a document of `noteSchema`; empty when nobody has written it. */
  read(id: string): Node
  /** Replaces what the person changed in a note; the binding finds the smallest edit. */
  write(id: string, text: Node): void
  /** Calls back after a change of the note that `write` did not make. Returns the cancel. */
  watch(id: string, changed: () => void): () => void
}

/**
 * Where an editor's document comes from and where its changes go: the replica of the page (see
 * replica.ts) or a document in memory.
 */
export interface EditorSource {
  /** The document that is shown first. */
  readonly doc: Node
  /** The plugins of the binding. They stand before all others. */
  readonly plugins: readonly Plugin[]
  /** Called once with the view. Returns what ends the connection; the editor calls it. */
  attach(view: EditorView): () => void
  readonly notes: Notes
  /** Writes a new suggestion (`suggestions/<id>` with its time) and returns its id. */
  newSuggestion(): string
}

/** A stored image as an image node names it. */
export interface StoredImage {
  /** Content id of the file's index block, in hex. */
  file: string
  name: string
}

/** Where the bytes of images lie. */
export interface Images {
  /** Stores a file. Rejects when it is no image, too large, or the disk is full. */
  put(file: File): Promise<StoredImage>
  /** The address of a stored image on this computer; 404 there means that it is not here yet. */
  url(file: string): string
  /** What names the document to `read` of another one. */
  readonly document: string
  /** Reads an image of the document of that name. Rejects when it is not here, or not to be had. */
  read(document: string, image: StoredImage): Promise<File>
}
