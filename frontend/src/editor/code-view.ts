import type { Node } from "prosemirror-model"
import type { EditorView, NodeView, ViewMutationRecord } from "prosemirror-view"
import { m } from "../paraglide/messages.js"
import { codeLanguages } from "./code"
import { element } from "./dom"
import { schema } from "./schema"

/** Short names that people write behind "```", and the names that the menu has for them. */
const short: Readonly<Record<string, string>> = {
  "c#": "csharp",
  "c++": "cpp",
  cs: "csharp",
  golang: "go",
  html: "xml",
  js: "javascript",
  kt: "kotlin",
  make: "makefile",
  md: "markdown",
  py: "python",
  rb: "ruby",
  rs: "rust",
  sh: "bash",
  shell: "bash",
  toml: "ini",
  ts: "typescript",
  yml: "yaml",
}
const names = new Map<string, string>(codeLanguages)

const languageOf = (node: Node): string => {
  const written = String((node.attrs.language as string | null) ?? "")
  return short[written.toLowerCase()] ?? written
}

/**
 * A code block with a menu of languages in its corner. The menu stands behind the code, so that
 * Escape and Tab reach it from there; it is filled when somebody goes to it.
 */
export class CodeView implements NodeView {
  readonly dom: HTMLElement
  readonly contentDOM = element("code", { spellcheck: "false" })
  readonly #menu = element("select", { "aria-label": m.editor_code_language() })
  readonly #corner = element("span", { class: "code-language" }, this.#menu)
  #node: Node

  constructor(node: Node, view: EditorView, place: () => number | undefined) {
    this.#node = node
    this.#corner.contentEditable = "false"
    this.dom = element("pre", { class: "with-language" }, this.contentDOM, this.#corner)
    const fill = () => this.#fill(view.editable)
    this.#menu.addEventListener("pointerdown", fill)
    this.#menu.addEventListener("focus", fill)
    this.#menu.addEventListener("change", () => {
      const pos = place()
      if (pos !== undefined && view.editable)
        view.dispatch(view.state.tr.setNodeAttribute(pos, "language", this.#menu.value || null))
      // Where it was refused, it is still what it was.
      this.#show()
    })
    this.#menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" && event.key !== "Enter") return
      event.preventDefault()
      view.focus()
    })
    this.#show()
  }

  #fill(editable: boolean): void {
    this.#menu.disabled = !editable
    if (this.#menu.options.length > 1) return
    const chosen = languageOf(this.#node)
    const all = [["", m.editor_code_plain()], ...codeLanguages] as const
    this.#menu.replaceChildren(
      ...all.map(([value, name]) => element("option", { value }, name)),
      ...(chosen && !names.has(chosen) ? [element("option", { value: chosen }, chosen)] : []),
    )
    this.#menu.value = chosen
  }

  #show(): void {
    const chosen = languageOf(this.#node)
    if (chosen) this.dom.dataset.language = chosen
    else delete this.dom.dataset.language
    const known = [...this.#menu.options].some((option) => option.value === chosen)
    if (!known) {
      const name = names.get(chosen) ?? (chosen || m.editor_code_plain())
      this.#menu.replaceChildren(element("option", { value: chosen }, name))
    }
    this.#menu.value = chosen
  }

  update(node: Node): boolean {
    if (node.type !== schema.nodes.code_block) return false
    this.#node = node
    this.#show()
    return true
  }

  stopEvent(event: Event): boolean {
    return this.#corner.contains(event.target as globalThis.Node)
  }

  ignoreMutation({ type, target }: ViewMutationRecord): boolean {
    return this.#corner.contains(target) || (type === "attributes" && target === this.dom)
  }
}
