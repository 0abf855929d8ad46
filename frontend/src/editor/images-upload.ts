import { Plugin, PluginKey, type EditorState, type Transaction } from "prosemirror-state"
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view"
import { m } from "../paraglide/messages.js"
import { element } from "./dom"
import { newId } from "./ids"
import { schema } from "./schema"
import type { Images } from "./source"
import type { Notice } from "./state"
import { ownStep } from "./undo"

const imageType = schema.nodes.image
/** Kinds that the program hands out again; others would never be shown. */
const kinds = ["image/png", "image/jpeg", "image/gif", "image/webp"]
/** Width that a new image gets at most, in CSS px: that of the text on an A4 sheet. */
const widest = 640

type Change = { add: { id: string; pos: number; name: string }[] } | { remove: string }

const key = new PluginKey<DecorationSet>("uploads")

/** Shows where images will stand once they are stored. Only this person sees it. */
export const uploadMarks = (): Plugin =>
  new Plugin({
    key,
    state: {
      init: () => DecorationSet.empty,
      apply(tr, set: DecorationSet) {
        const mapped = set === DecorationSet.empty ? set : set.map(tr.mapping, tr.doc)
        const change = tr.getMeta(key) as Change | undefined
        if (!change) return mapped
        if ("remove" in change) return mapped.remove(find(mapped, change.remove))
        return mapped.add(
          tr.doc,
          change.add.map(({ id, pos, name }) =>
            Decoration.widget(pos, () => waiting(name), { id, key: id, side: -1 }),
          ),
        )
      },
    },
    props: { decorations: (state: EditorState) => key.getState(state) },
  })

const find = (set: DecorationSet, id: string) =>
  set.find(undefined, undefined, (spec) => (spec as { id?: string }).id === id)

const waiting = (name: string) =>
  element("span", { class: "image-waiting", role: "status" }, m.editor_image_storing({ name }))

/** Width and height of a picture in px, scaled to fit the text; null when it cannot be decoded. */
async function sizeOf(file: File): Promise<{ width: number; height: number } | null> {
  try {
    const bitmap = await createImageBitmap(file)
    const scale = Math.min(1, widest / bitmap.width)
    const size = {
      width: Math.max(1, Math.round(bitmap.width * scale)),
      height: Math.max(1, Math.round(bitmap.height * scale)),
    }
    bitmap.close()
    return size
  } catch {
    return null
  }
}

/** The images among files. */
export const imageFiles = (files: readonly File[]): File[] =>
  files.filter((file) => kinds.includes(file.type))

/** An image on its way into the text. */
export interface Upload {
  pos: number
  name: string
  /** A promise where the bytes are in another document. */
  file: File | Promise<File>
  /** How it looked there. */
  looks?: { alt: unknown; width?: unknown; height?: unknown }
}

/** Stores images and puts them into the text. */
export class Uploads {
  readonly #images: Images
  readonly #notice: (notice: Notice) => void

  constructor(images: Images, notice: (notice: Notice) => void) {
    this.#images = images
    this.#notice = notice
  }

  /**
   * Stores the files and puts each image to its position, as soon as it is stored. `tr` may
   * already hold other changes; it is dispatched here. Positions are those after `tr`.
   */
  insert(view: EditorView, tr: Transaction, at: readonly Upload[]): void {
    const add = at.map(({ pos, name }) => ({ id: newId(), pos, name }))
    view.dispatch(tr.setMeta(key, { add } satisfies Change))
    for (const [index, upload] of at.entries()) {
      const mark = add[index]
      if (mark) void this.#fetch(view, mark.id, upload)
    }
  }

  async #fetch(view: EditorView, id: string, upload: Upload): Promise<void> {
    let file: File
    try {
      file = await upload.file
    } catch {
      this.#drop(view, id)
      this.#notice({ kind: "image-elsewhere", name: upload.name })
      return
    }
    await this.#store(view, id, file, upload.looks)
  }

  #drop(view: EditorView, id: string): void {
    if (!view.isDestroyed)
      view.dispatch(view.state.tr.setMeta(key, { remove: id } satisfies Change))
  }

  async #store(view: EditorView, id: string, file: File, looks: Upload["looks"]): Promise<void> {
    try {
      if (!kinds.includes(file.type)) throw new TypeError("not an image that can be shown")
      const [stored, size] = await Promise.all([this.#images.put(file), sizeOf(file)])
      if (view.isDestroyed) return
      const [mark] = find(key.getState(view.state) ?? DecorationSet.empty, id)
      // Somebody deleted the text around it meanwhile: the image has no place any more.
      if (!mark) return
      const node = imageType.create({ file: stored.file, name: stored.name, ...size, ...looks })
      const tr = view.state.tr.setMeta(key, { remove: id } satisfies Change)
      const $at = tr.doc.resolve(mark.from)
      if ($at.parent.canReplaceWith($at.index(), $at.index(), imageType)) tr.insert(mark.from, node)
      view.dispatch(ownStep(tr))
    } catch (reason) {
      this.#drop(view, id)
      this.#notice({ kind: "image-refused", name: file.name, reason })
    }
  }
}

/** The nearest position from `pos` on where an image may stand, or null. */
export function imagePlace(state: EditorState, pos: number): number | null {
  const $pos = state.doc.resolve(pos)
  const index = $pos.index()
  if ($pos.parent.inlineContent)
    return $pos.parent.canReplaceWith(index, index, imageType) ? pos : null
  const near = $pos.nodeAfter?.isTextblock ? pos + 1 : $pos.nodeBefore?.isTextblock ? pos - 1 : null
  return near === null ? null : imagePlace(state, near)
}
