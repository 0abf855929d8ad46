import type { Node } from "prosemirror-model"
import type { EditorView, NodeView } from "prosemirror-view"
import { m } from "../paraglide/messages.js"
import { button, element } from "./dom"
import { ResizeHandle } from "./images-resize"
import { schema } from "./schema"
import type { Images } from "./source"

const imageType = schema.nodes.image
/** A missing image is asked for again after these many milliseconds, then ever less often. */
const firstRetry = 5_000
const lastRetry = 120_000

/** What an image needs of its editor. */
export interface ImageHost {
  images: Images
  /** The height of the block around may have changed. */
  resized(dom: HTMLElement): void
}

/** One image with its state, its description and a handle for its size. */
export class ImageView implements NodeView {
  readonly dom = element("span", { class: "image" })
  readonly #img = element("img", { loading: "lazy", decoding: "async", draggable: "true" })
  readonly #missing: HTMLElement
  readonly #host: ImageHost
  readonly #view: EditorView
  readonly #place: () => number | undefined
  readonly #handle: ResizeHandle
  #tools: HTMLElement | null = null
  #node: Node
  #wait = firstRetry
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(node: Node, view: EditorView, place: () => number | undefined, host: ImageHost) {
    this.#node = node
    this.#view = view
    this.#place = place
    this.#host = host
    this.#missing = element(
      "span",
      { class: "image-missing", role: "status" },
      element("span", {}, m.editor_image_missing()),
      button("image-retry", m.editor_image_retry(), () => this.#retry()),
    )
    this.#handle = new ResizeHandle(this.#img, (width, height) => this.#change({ width, height }))
    this.#img.addEventListener("load", () => this.#loaded())
    this.#img.addEventListener("error", () => this.#failed())
    this.dom.append(this.#img)
    this.#show()
  }

  #show(): void {
    const { file, alt, width, height } = this.#node.attrs as Record<string, string | number | null>
    this.#img.alt = String(alt ?? "")
    for (const [name, value] of Object.entries({ width, height })) {
      if (value) this.#img.setAttribute(name, String(value))
      else this.#img.removeAttribute(name)
    }
    this.#img.style.removeProperty("width")
    const url = this.#host.images.url(String(file))
    if (this.#img.getAttribute("src") !== url) this.#img.src = url
  }

  #loaded(): void {
    clearTimeout(this.#timer)
    this.#wait = firstRetry
    if (this.dom.classList.contains("missing")) {
      this.dom.classList.remove("missing")
      this.#missing.remove()
    }
    this.#host.resized(this.dom)
  }

  #failed(): void {
    if (!this.dom.classList.contains("missing")) {
      this.dom.classList.add("missing")
      this.dom.append(this.#missing)
      this.#host.resized(this.dom)
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#again(), this.#wait)
    this.#wait = Math.min(this.#wait * 2, lastRetry)
  }

  #retry(): void {
    this.#wait = firstRetry
    this.#again()
  }

  #again(): void {
    clearTimeout(this.#timer)
    this.#img.loading = "eager"
    this.#img.src = this.#host.images.url(String(this.#node.attrs.file))
  }

  #change(change: Record<string, unknown>): void {
    const pos = this.#place()
    if (pos === undefined || !this.#view.editable) return
    const tr = this.#view.state.tr
    for (const [name, value] of Object.entries(change)) tr.setNodeAttribute(pos, name, value)
    this.#view.dispatch(tr)
  }

  update(node: Node): boolean {
    if (node.type !== imageType) return false
    this.#node = node
    this.#show()
    return true
  }

  selectNode(): void {
    this.dom.classList.add("selected")
    if (!this.#view.editable) return
    this.#tools ??= this.#makeTools()
    this.dom.append(this.#handle.dom, this.#tools)
  }

  deselectNode(): void {
    this.dom.classList.remove("selected")
    this.#tools?.remove()
    this.#tools = null
    this.#handle.dom.remove()
  }

  /** The description stands below the image while it is selected. */
  #makeTools(): HTMLElement {
    const field = element("input", {
      type: "text",
      maxlength: "2000",
      placeholder: m.editor_image_describe(),
      "aria-label": m.editor_image_describe(),
    })
    field.value = String(this.#node.attrs.alt)
    const done = () => {
      if (field.value !== this.#node.attrs.alt) this.#change({ alt: field.value })
    }
    field.addEventListener("change", done)
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return
      event.preventDefault()
      done()
      this.#view.focus()
    })
    return element("span", { class: "image-tools" }, field)
  }

  stopEvent(event: Event): boolean {
    if (!(event.target instanceof globalThis.Node)) return false
    const inside = [this.#tools, this.#handle.dom, this.#missing]
    return inside.some((part) => part?.contains(event.target as globalThis.Node))
  }

  ignoreMutation(): boolean {
    return true
  }

  destroy(): void {
    clearTimeout(this.#timer)
    this.#handle.destroy()
  }
}
