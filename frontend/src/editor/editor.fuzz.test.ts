import { Fragment, Slice, type Node } from "prosemirror-model"
import { AllSelection, TextSelection } from "prosemirror-state"
import { afterEach, expect, test } from "vitest"
import { createEditor, type Editor } from "./editor"
import { fromRemote } from "./origin"
import { schema } from "./schema"
import { emptyTable } from "./tables"
import { d, h, MemoryImages, MemorySource, p, tasks, ul } from "./testing"

/** Numbers that look random and are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

afterEach(() => document.body.replaceChildren())

const { code_block, blockquote, page_break, table } = schema.nodes

const start = (): Node =>
  d(
    h(1, "Title"),
    p("one two three"),
    ul("a", [p("b"), ul("c")]),
    tasks(["t", true]),
    blockquote.create(null, [p("quote"), ul("in it")]),
    code_block.create({ language: "go" }, schema.text("x := 1\ny := 2")),
    emptyTable(2, 2),
    page_break.create(),
    p("end"),
  )

/** Everything that somebody, or somebody else, may do. */
function deeds(editor: Editor, random: () => number): (() => unknown)[] {
  const { commands, suggestions, comments, find, view } = editor
  const below = (most: number) => Math.floor(random() * most)
  const pick = <T>(...all: [T, ...T[]]): T => all[below(all.length)] ?? all[0]
  const place = () => view.state.doc.resolve(below(view.state.doc.content.size + 1))
  const slice = () => TextSelection.between(place(), place()).content()
  return [
    () => view.dispatch(view.state.tr.insertText(pick("x", " ", "ab", "é"))),
    () => view.dispatch(view.state.tr.insertText("word ")),
    () => view.dispatch(view.state.tr.deleteSelection()),
    () => view.dispatch(view.state.tr.replaceSelection(slice())),
    () =>
      view.dispatch(view.state.tr.replaceSelection(new Slice(Fragment.from(p("pasted")), 0, 0))),
    () => view.dispatch(fromRemote(view.state.tr).insert(0, p("far"))),
    () => commands.toggle(pick("strong", "em", "code", "strike")),
    () => commands.heading(pick(1, 2, 3, 4)),
    () => commands.paragraph(),
    () => commands.codeBlock("js"),
    () => commands.align(pick("center", null)),
    () => commands.list(pick("bullet_list", "ordered_list", "task_list")),
    () => commands.indent(),
    () => commands.outdent(),
    () => commands.quote(),
    () => commands.color(pick("#c4261d", null)),
    () => commands.clear(),
    () => commands.link("example.org", pick("there", undefined)),
    () => commands.unlink(),
    () => commands.insertTable(2, 3),
    () => commands.rowAfter(),
    () => commands.columnBefore(),
    () => commands.deleteRow(),
    () => commands.deleteColumn(),
    () => commands.headerRow(),
    () => commands.insertPageBreak(),
    () => commands.insertContents(),
    () => commands.insertFootnote(),
    () => commands.undo(),
    () => commands.redo(),
    () => comments.add("aaaaaaaaaa"),
    () => comments.remove("aaaaaaaaaa"),
    () => suggestions.setMode(random() < 0.5),
    () => suggestions.accept(suggestions.list()[0]?.id ?? ""),
    () => suggestions.reject(suggestions.list()[0]?.id ?? ""),
    () => (find.search({ text: "a", matchCase: false, wholeWord: false }), find.replace("b")),
    () => random() < 0.1 && find.replaceAll("c"),
    () => random() < 0.05 && commands.selectAll(),
  ]
}

function choose(editor: Editor, random: () => number): void {
  const { state } = editor.view
  const place = () => state.doc.resolve(Math.floor(random() * (state.doc.content.size + 1)))
  const selection =
    random() < 0.02 ? new AllSelection(state.doc) : TextSelection.between(place(), place())
  const near = random() < 0.7 ? TextSelection.near(place()) : selection
  editor.view.dispatch(state.tr.setSelection(near))
}

/** Tables have ids that are their own, rows and columns too. */
function checkTables(doc: Node): void {
  const ids = new Set<unknown>()
  doc.forEach((node) => {
    if (node.type !== table) return
    expect(node.attrs.id).toMatch(/^[a-z2-7]{10}$/)
    expect(ids.has(node.attrs.id)).toBe(false)
    ids.add(node.attrs.id)
    const columns = node.child(0).children.map((cell) => cell.attrs.col as string)
    expect(new Set(columns).size).toBe(columns.length)
    for (const row of node.children)
      expect(row.children.map((cell) => cell.attrs.col as string)).toEqual(columns)
  })
}

test.each([1, 2, 3, 4])(
  "whatever is done in history %i, the document stays valid",
  { timeout: 60_000 },
  (seed) => {
    const random = seeded(seed)
    const mount = document.body.appendChild(document.createElement("div"))
    const source = new MemorySource(start())
    const editor = createEditor({ mount, source, images: new MemoryImages(), language: "en" })
    const all = deeds(editor, random)
    for (let turn = 0; turn < 150; turn++) {
      if (random() < 0.6) choose(editor, random)
      const index = Math.floor(random() * all.length)
      try {
        all[index]?.()
        editor.view.state.doc.check()
        checkTables(editor.view.state.doc)
        void editor.state
      } catch (reason) {
        throw new Error(`deed ${String(index)} in turn ${String(turn)}`, { cause: reason })
      }
    }
    editor.destroy()
  },
)
