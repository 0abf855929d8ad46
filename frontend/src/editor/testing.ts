import type { Node } from "prosemirror-model"
import type { EditorView } from "prosemirror-view"
import { newId } from "./ids"
import { noteSchema, schema } from "./schema"
import type { EditorSource, Images, Notes, StoredImage } from "./source"

const { doc, paragraph, heading } = schema.nodes

/** A paragraph with a plain text. */
export const p = (text = "") => paragraph.create(null, text ? schema.text(text) : null)

/** A heading with a plain text. */
export const h = (level: number, text: string) => heading.create({ level }, schema.text(text))

/** A document of some blocks. */
export const d = (...blocks: Node[]) => doc.create(null, blocks)

/** Notes in memory. */
export class MemoryNotes implements Notes {
  readonly texts = new Map<string, Node>()
  readonly #watchers = new Map<string, Set<() => void>>()

  read(id: string): Node {
    return (
      this.texts.get(id) ?? noteSchema.nodes.doc.create(null, noteSchema.nodes.paragraph.create())
    )
  }

  write(id: string, text: Node): void {
    this.texts.set(id, text)
  }

  watch(id: string, changed: () => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set()
    this.#watchers.set(id, watchers.add(changed))
    return () => void watchers.delete(changed)
  }

  /** Writes as somebody else. */
  others(id: string, text: string): void {
    this.texts.set(
      id,
      noteSchema.nodes.doc.create(
        null,
        noteSchema.nodes.paragraph.create(null, noteSchema.text(text)),
      ),
    )
    for (const changed of this.#watchers.get(id) ?? []) changed()
  }
}

/** A document in memory. */
export class MemorySource implements EditorSource {
  readonly doc: Node
  readonly plugins = []
  readonly notes = new MemoryNotes()
  view: EditorView | null = null

  constructor(document: Node) {
    this.doc = document
  }

  attach(view: EditorView): () => void {
    this.view = view
    return () => (this.view = null)
  }

  newSuggestion(): string {
    return newId()
  }
}

/** Images in memory, shown by blob: addresses. */
export class MemoryImages implements Images {
  readonly #urls = new Map<string, string>()
  /** While set, storing fails with it. */
  refuse: Error | null = null

  put(file: File): Promise<StoredImage> {
    if (this.refuse) return Promise.reject(this.refuse)
    const id = `${(this.#urls.size + 1).toString(16)}f`
    this.#urls.set(id, URL.createObjectURL(file))
    return Promise.resolve({ file: id, name: file.name })
  }

  url(file: string): string {
    return this.#urls.get(file) ?? `missing/${file}`
  }

  readonly document = "w/here"
  /** What other documents hold, by their names and the ids of the files. */
  readonly elsewhere = new Map<string, Blob>()

  read(from: string, { file, name }: StoredImage): Promise<File> {
    const found = this.elsewhere.get(`${from}/${file}`)
    if (!found) return Promise.reject(new Error("not here"))
    return Promise.resolve(new File([found], name, { type: found.type }))
  }
}

/** An unordered list with one paragraph per item. */
export const ul = (...items: (string | Node[])[]) =>
  schema.nodes.bullet_list.create(
    null,
    items.map((item) =>
      schema.nodes.list_item.create(null, typeof item === "string" ? [p(item)] : item),
    ),
  )

/** A task list of texts and whether they are done. */
export const tasks = (...items: [string, boolean][]) =>
  schema.nodes.task_list.create(
    null,
    items.map(([text, checked]) => schema.nodes.task_item.create({ checked }, [p(text)])),
  )

/** The outline of a document as text: block names with their text, marks in brackets. */
export function shape(node: Node): string {
  if (node.isText) {
    const names = node.marks.map((mark) => {
      const value = mark.attrs.kind ?? mark.attrs.href ?? mark.attrs.color ?? mark.attrs.id
      return value ? `${mark.type.name}=${String(value)}` : mark.type.name
    })
    return names.length ? `[${names.join(" ")}: ${node.text ?? ""}]` : (node.text ?? "")
  }
  const inner = node.children.map(shape).join(node.isTextblock ? "" : " ")
  const level = node.type.name === "heading" ? String(node.attrs.level) : ""
  const checked = node.attrs.checked === true ? "!" : ""
  return node.type.name === "doc" ? inner : `${node.type.name}${level}${checked}(${inner})`
}
