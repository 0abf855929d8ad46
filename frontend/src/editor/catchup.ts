import type { EditorView } from "prosemirror-view"

/**
 * Reads what the engine did to the selection and the text but has not told yet. Whoever changes
 * the view without the person's doing calls it first: drawing anew would put the selection back to
 * where it was before the last key.
 */
export function catchUp(view: EditorView): void {
  // ProseMirror calls it before its own handling of compositions and drops; it has no public name.
  const { domObserver } = view as unknown as { domObserver?: { flush(): void } }
  if (!view.composing) domObserver?.flush()
}
