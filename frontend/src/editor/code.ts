import type { Node } from "prosemirror-model"
import { Plugin, PluginKey, type EditorState, type Transaction } from "prosemirror-state"
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view"
import { changedBlocks, eachBlock, PerNode } from "./blocks"
import { inIdle } from "./idle"
import { schema } from "./schema"

const { code_block } = schema.nodes
/** Longer blocks stay plain: colouring them would cost frames. */
const longest = 20_000
/** Blocks up to this length are coloured at every key. */
const atOnce = 3_000

/** A coloured stretch of a code block, from its start. */
interface Token {
  from: number
  to: number
  className: string
}

/** Colours code; returns nothing for a language it does not know. */
export type Highlighter = (language: string, code: string) => Token[]

interface TreeNode {
  type: string
  value?: string
  properties?: { className?: unknown }
  children?: TreeNode[]
}

/** Flattens the tree of lowlight into stretches with the classes of the innermost element. */
export function tokensOf(children: readonly TreeNode[]): Token[] {
  const tokens: Token[] = []
  let at = 0
  const walk = (node: TreeNode, className: string) => {
    if (node.type === "text") {
      const from = at
      at += node.value?.length ?? 0
      if (className && at > from) tokens.push({ from, to: at, className })
      return
    }
    const own = node.properties?.className
    const inner = Array.isArray(own) ? own.join(" ") : className
    for (const child of node.children ?? []) walk(child, inner)
  }
  for (const child of children) walk(child, "")
  return tokens
}

/** Loads the languages, 37 common ones, when a document has its first code block. */
async function load(): Promise<Highlighter> {
  const { common, createLowlight } = await import("lowlight")
  const lowlight = createLowlight(common)
  return (language, code) =>
    lowlight.registered(language)
      ? tokensOf(lowlight.highlight(language, code).children as TreeNode[])
      : []
}

/** The languages that a menu offers, by the names that the document stores. */
export const codeLanguages = [
  ["bash", "Bash"],
  ["c", "C"],
  ["cpp", "C++"],
  ["csharp", "C#"],
  ["css", "CSS"],
  ["diff", "Diff"],
  ["go", "Go"],
  ["xml", "HTML, XML"],
  ["ini", "INI, TOML"],
  ["java", "Java"],
  ["javascript", "JavaScript"],
  ["json", "JSON"],
  ["kotlin", "Kotlin"],
  ["lua", "Lua"],
  ["makefile", "Makefile"],
  ["markdown", "Markdown"],
  ["php", "PHP"],
  ["python", "Python"],
  ["r", "R"],
  ["ruby", "Ruby"],
  ["rust", "Rust"],
  ["scss", "SCSS"],
  ["sql", "SQL"],
  ["swift", "Swift"],
  ["typescript", "TypeScript"],
  ["yaml", "YAML"],
] as const

const key = new PluginKey<DecorationSet>("code")

/** Colours code blocks: the changed ones at once, those of a new document in idle time. */
class Colors {
  #highlight: Highlighter | null = null
  #loading = false
  #cancel = () => {}
  readonly #tokens = new PerNode<Token[]>(
    (node) => this.#highlight?.(String(node.attrs.language), node.textContent) ?? [],
  )

  /** The decorations of one block that stands at `pos`. */
  of(node: Node, pos: number): Decoration[] {
    if (!this.#highlight || !node.attrs.language || node.content.size > longest) return []
    return this.#tokens
      .of(node)
      .map(({ from, to, className }) =>
        Decoration.inline(pos + 1 + from, pos + 1 + to, { class: className }),
      )
  }

  /** Repaints what this transaction changed. */
  apply(tr: Transaction, set: DecorationSet, before: Node): DecorationSet {
    const painted = tr.getMeta(key) as { from: number; to: number }[] | undefined
    if (painted) return this.#repaint(set, tr.doc, painted)
    if (!tr.docChanged) return set
    const mapped = set === DecorationSet.empty ? set : set.map(tr.mapping, tr.doc)
    if (!this.#highlight) return mapped
    const ranges: { from: number; to: number }[] = []
    eachCode(tr.doc, before, (node, pos) => {
      if (node.content.size <= atOnce || this.#tokens.has(node))
        ranges.push({ from: pos, to: pos + node.nodeSize })
    })
    return ranges.length ? this.#repaint(mapped, tr.doc, ranges) : mapped
  }

  #repaint(set: DecorationSet, doc: Node, ranges: { from: number; to: number }[]): DecorationSet {
    let result = set
    for (const { from, to } of ranges) {
      const node = doc.nodeAt(from)
      if (node?.type !== code_block) continue
      result = result.remove(result.find(from, to)).add(doc, this.of(node, from))
    }
    return result
  }

  /** Colours what is not coloured yet, a few blocks per slice of idle time. */
  rest(view: EditorView, before: Node | null): void {
    let some = false
    eachCode(view.state.doc, before, (node) => {
      if (node.attrs.language && !this.#tokens.has(node)) some = true
    })
    if (!some) return
    if (!this.#highlight) return this.#start(view)
    this.#cancel()
    this.#cancel = inIdle(this.#slices(view))
  }

  #start(view: EditorView): void {
    if (this.#loading) return
    this.#loading = true
    void load().then((highlight) => {
      this.#highlight = highlight
      if (!view.isDestroyed) this.#cancel = inIdle(this.#slices(view))
    })
  }

  *#slices(view: EditorView): Generator<void> {
    for (;;) {
      const next = this.#uncolored(view.state.doc)
      if (next.length === 0) return
      const meta = next.map(({ node, pos }) => ({ from: pos, to: pos + node.nodeSize }))
      view.dispatch(view.state.tr.setMeta(key, meta).setMeta("addToHistory", false))
      yield
    }
  }

  /** The first few blocks without colours, those that are coloured elsewhere already included. */
  #uncolored(doc: Node): { node: Node; pos: number }[] {
    const found: { node: Node; pos: number }[] = []
    eachCode(doc, null, (node, pos) => {
      if (found.length < 4 && node.attrs.language && !this.#tokens.has(node)) {
        this.#tokens.of(node)
        found.push({ node, pos })
      }
    })
    return found
  }

  destroy(): void {
    this.#cancel()
  }
}

/** Calls back for the code blocks in what changed since `before`; for all when it is null. */
function eachCode(doc: Node, before: Node | null, see: (node: Node, pos: number) => void): void {
  const range = before ? changedBlocks(before, doc) : { from: 0, to: doc.childCount }
  eachBlock(doc, range, (block, start) => {
    if (block.type === code_block) return see(block, start)
    if (block.isTextblock) return
    block.descendants((node, pos) => {
      if (node.type === code_block) see(node, start + 1 + pos)
      return !node.isTextblock
    })
  })
}

/** Colours the code blocks of a view. */
export function codeColors(): Plugin {
  const colors = new Colors()
  return new Plugin({
    key,
    state: {
      init: () => DecorationSet.empty,
      apply: (tr, set: DecorationSet, before) => colors.apply(tr, set, before.doc),
    },
    props: { decorations: (state: EditorState) => key.getState(state) },
    view(view) {
      colors.rest(view, null)
      return {
        update: (next, before) => {
          if (next.state.doc !== before.doc) colors.rest(next, before.doc)
        },
        destroy: () => colors.destroy(),
      }
    },
  })
}
