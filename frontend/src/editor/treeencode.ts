import type { Node } from "prosemirror-model"
import { Block } from "./flat"
import type { Marker, Run, Scalar } from "./flat"
import { newId } from "./ids"
import { encodeInline, encodePlain, readUnknown } from "./treeinline"

/** What a block stands in. `key` is equal for equal contexts. */
interface Context {
  readonly parents: readonly string[]
  readonly attrs: Readonly<Record<string, Scalar>>
  readonly key: string
}

const top: Context = { parents: [], attrs: {}, key: "" }
const inside = (context: Context, parent: string): Context => ({
  parents: [...context.parents, parent],
  attrs: context.attrs,
  key: `${context.key}/${parent}`,
})

const itemTypes: Readonly<Record<string, string>> = {
  bullet_list: "unordered-list-item",
  ordered_list: "ordered-list-item",
  task_list: "task-list-item",
}
const atoms: Readonly<Record<string, string>> = {
  page_break: "page-break",
  table_of_contents: "table-of-contents",
}

const isGhost = (node: Node): boolean => node.type.name === "paragraph" && node.attrs.ghost === true
const isEmptyGhost = (node: Node): boolean => isGhost(node) && node.content.size === 0

/** Whether a cell is drawn although its row lacks it. */
const isUnwritten = ({ childCount, firstChild }: Node): boolean =>
  childCount === 1 && firstChild !== null && isEmptyGhost(firstChild)

/** Whether a node needs a look at its neighbours to be encoded. */
export const needsNeighbours = (node: Node | null | undefined): boolean =>
  !!node && (isGhost(node) || node.type.name in atoms)

interface Kept {
  key: string
  block: Block
}

/**
 * Turns nodes into the blocks of the stream. Where a document can be said in several ways in the
 * stream this writes one of them; the difference of two encodings of the same kind is what an
 * editor changed.
 */
export class Encoder {
  readonly #blocks = new WeakMap<Node, Kept>()
  readonly #ids = new WeakMap<Node, string>()

  /** The blocks of children `from` to `to` of a document. */
  encode(doc: Node, from: number, to: number): Block[] {
    const out: Block[] = []
    for (let index = from; index < to; index++) {
      const node = doc.child(index)
      const before = index > 0 ? doc.child(index - 1) : null
      if (isGhost(node) && this.#free(node, before, doc)) {
        if (node.content.size > 0 || doc.childCount === 1)
          out.push(this.#keep(node, "ghost", () => new Block(null, encodeInline(node.content))))
      } else this.#node(node, top, out)
    }
    return out
  }

  /** Whether a paragraph may stand without a marker: text at the beginning or after an atom. */
  #free(node: Node, before: Node | null, doc: Node): boolean {
    if (node.content.size === 0) return doc.childCount === 1
    return before === null || before.type.name in atoms
  }

  #node(node: Node, context: Context, out: Block[]): void {
    const name = node.type.name
    const item = itemTypes[name]
    if (item !== undefined) this.#list(node, item, context, out)
    else if (name === "blockquote") {
      const within = inside(context, "blockquote")
      node.forEach((child) => this.#node(child, within, out))
    } else if (name === "table") this.#table(node, out)
    else out.push(this.#text(node, context))
  }

  #list(list: Node, item: string, context: Context, out: Block[]): void {
    const within = inside(context, item)
    list.forEach((entry, _offset, index) => {
      const text = entry.firstChild
      entry.forEach((child, _at, place) => {
        if (place > 0) this.#node(child, within, out)
        else if (text && !(isEmptyGhost(text) && entry.childCount > 1)) {
          const attrs: Record<string, Scalar> = {}
          if (item === "task-list-item") attrs.checked = entry.attrs.checked === true
          const start = list.attrs.start as unknown
          if (index === 0 && typeof start === "number" && start !== 1) attrs.start = start
          out.push(this.#item(text, item, attrs, context))
        }
      })
    })
  }

  #item(text: Node, type: string, attrs: Record<string, Scalar>, context: Context): Block {
    const key = `${context.key}|${type}|${JSON.stringify(attrs)}`
    return this.#keep(text, key, () => {
      const unknown = this.#unknown(text, context)
      if (unknown) return new Block(unknown, encodeInline(text.content))
      const all = { ...context.attrs, ...attrs, ...aligned(text) }
      return new Block(marker(type, context, all), encodeInline(text.content))
    })
  }

  #text(node: Node, context: Context): Block {
    return this.#keep(node, context.key, () => {
      const { attrs } = node
      const name = node.type.name
      const unknown = this.#unknown(node, context)
      if (unknown) return new Block(unknown, encodeInline(node.content))
      if (atoms[name] !== undefined) return new Block(marker(atoms[name], context, {}), [])
      const runs: Run[] =
        name === "code_block" ? encodePlain(node.content) : encodeInline(node.content)
      const own: Record<string, Scalar> = { ...context.attrs, ...aligned(node) }
      if (name === "heading") own.level = Number(attrs.level)
      if (name === "code_block" && typeof attrs.language === "string") own.language = attrs.language
      return new Block(marker(name === "code_block" ? "code-block" : name, context, own), runs)
    })
  }

  /** The marker of a type that a newer version wrote, where the paragraph stands now. */
  #unknown(node: Node, context: Context): Marker | null {
    if (node.type.name !== "paragraph" || typeof node.attrs.marker !== "string") return null
    const kept = readUnknown(node.attrs.marker)
    if (!kept) return null
    if (
      context.parents.every((parent, at) => kept.parents[at] === parent) &&
      sameCell(kept, context)
    )
      return kept
    return { ...kept, parents: [...context.parents], attrs: { ...kept.attrs, ...context.attrs } }
  }

  #table(table: Node, out: Block[]): void {
    const id = this.#id(table, "id")
    const columns: string[] = []
    // A table of nothing but such cells, as somebody pasted it, would not be in the stream at all.
    const bare = table.children.every((row) => row.children.every(isUnwritten))
    table.forEach((row) => {
      const rowId = this.#id(row, "id")
      row.forEach((cell, _offset, index) => {
        const col = (columns[index] ??= this.#id(cell, "col"))
        if (!bare && isUnwritten(cell)) return
        const header = cell.type.name === "table_header"
        const attrs = {
          table: id,
          row: rowId,
          col: String((cell.attrs.col as unknown) ?? col),
          header,
        }
        const key = `cell|${id}|${rowId}|${attrs.col}|${String(header)}`
        const context: Context = { parents: ["table-cell"], attrs, key }
        cell.forEach((child) => this.#node(child, context, out))
      })
    })
  }

  /** An id that the editor has not given yet is made up here, once per node. */
  #id(node: Node, name: "id" | "col"): string {
    const own: unknown = node.attrs[name]
    if (typeof own === "string" && own !== "") return own
    let id = this.#ids.get(node)
    if (!id) this.#ids.set(node, (id = newId()))
    return id
  }

  #keep(node: Node, key: string, make: () => Block): Block {
    const kept = this.#blocks.get(node)
    if (kept?.key === key) return kept.block
    const block = make()
    this.#blocks.set(node, { key, block })
    return block
  }
}

const sameCell = ({ attrs }: Marker, context: Context): boolean =>
  ["table", "row", "col"].every(
    (name) => context.attrs[name] === undefined || attrs[name] === context.attrs[name],
  )

const aligned = (node: Node): Record<string, Scalar> =>
  typeof node.attrs.align === "string" ? { align: node.attrs.align } : {}

const marker = (type: string, context: Context, attrs: Record<string, Scalar>): Marker => ({
  type,
  parents: context.parents,
  attrs,
  embed: false,
})
