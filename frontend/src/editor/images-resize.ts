import { m } from "../paraglide/messages.js"
import { element } from "./dom"

const smallest = 24
/** What one press of an arrow key changes, in CSS px. */
const keyStep = 10

/** The handle at the corner of an image: dragged, or moved with the arrow keys. */
export class ResizeHandle {
  readonly dom = element("button", {
    type: "button",
    class: "image-handle",
    "aria-label": m.editor_image_resize(),
  })
  readonly #img: HTMLImageElement
  readonly #done: (width: number, height: number) => void
  #drag: { x: number; width: number; scale: number } | null = null

  constructor(img: HTMLImageElement, done: (width: number, height: number) => void) {
    this.#img = img
    this.#done = done
    this.dom.addEventListener("pointerdown", this.#start)
    this.dom.addEventListener("pointermove", this.#move)
    this.dom.addEventListener("pointerup", this.#end)
    this.dom.addEventListener("pointercancel", this.#cancel)
    this.dom.addEventListener("keydown", this.#key)
  }

  #start = (event: PointerEvent) => {
    event.preventDefault()
    const width = this.#img.offsetWidth
    const scale = this.#img.getBoundingClientRect().width / (width || 1)
    this.#drag = { x: event.clientX, width, scale: scale || 1 }
    this.dom.setPointerCapture(event.pointerId)
  }

  #move = (event: PointerEvent) => {
    if (!this.#drag) return
    const width = this.#drag.width + (event.clientX - this.#drag.x) / this.#drag.scale
    this.#img.style.width = `${String(Math.max(smallest, Math.round(width)))}px`
    this.#img.style.height = "auto"
  }

  #end = () => {
    if (!this.#drag) return
    const before = this.#drag.width
    this.#drag = null
    this.#keep(before)
  }

  #cancel = () => {
    this.#drag = null
    this.#img.style.removeProperty("width")
  }

  #key = (event: KeyboardEvent) => {
    const by = { ArrowRight: keyStep, ArrowUp: keyStep, ArrowLeft: -keyStep, ArrowDown: -keyStep }[
      event.key
    ]
    if (by === undefined) return
    event.preventDefault()
    const before = this.#img.offsetWidth
    this.#img.style.width = `${String(Math.max(smallest, before + by))}px`
    this.#img.style.height = "auto"
    this.#keep(before)
    this.dom.focus()
  }

  /** The width may be less than asked for: an image is never wider than the text. */
  #keep(before: number): void {
    const width = this.#img.offsetWidth
    const ratio =
      (this.#img.naturalHeight || this.#img.offsetHeight) / (this.#img.naturalWidth || width || 1)
    if (width !== before) this.#done(width, Math.max(1, Math.round(width * ratio)))
    this.#img.style.removeProperty("height")
  }

  destroy(): void {
    this.dom.remove()
  }
}
