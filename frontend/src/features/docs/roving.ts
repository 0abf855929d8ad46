/**
 * One stop of the Tab key for all buttons of a toolbar; the arrow keys, Home and End go from one to
 * the next, past those that are off or have no room.
 */
export class Roving {
  readonly #bar: HTMLElement
  readonly #observer: MutationObserver
  #last: HTMLElement | undefined

  constructor(bar: HTMLElement) {
    this.#bar = bar
    bar.addEventListener("keydown", this.#press)
    bar.addEventListener("focusin", this.#focus)
    this.#observer = new MutationObserver(() => this.#mark())
    this.#observer.observe(bar, {
      childList: true,
      subtree: true,
      attributeFilter: ["disabled", "inert"],
    })
    this.#mark()
  }

  end(): void {
    this.#bar.removeEventListener("keydown", this.#press)
    this.#bar.removeEventListener("focusin", this.#focus)
    this.#observer.disconnect()
  }

  get #buttons(): HTMLElement[] {
    return [...this.#bar.querySelectorAll<HTMLElement>("button")].filter(
      (button) => !button.matches(":disabled") && !button.closest("[inert]"),
    )
  }

  readonly #focus = (event: FocusEvent) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("button")
    if (button) this.#last = button
    this.#mark()
  }

  readonly #press = (event: KeyboardEvent) => {
    const all = this.#buttons
    const at = all.indexOf(document.activeElement as HTMLElement)
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    all[(to + all.length) % all.length]?.focus()
  }

  #mark(): void {
    const all = this.#buttons
    const stop = this.#last && all.includes(this.#last) ? this.#last : all[0]
    for (const button of this.#bar.querySelectorAll<HTMLElement>("button")) {
      const index = button === stop ? "0" : "-1"
      if (button.getAttribute("tabindex") !== index) button.setAttribute("tabindex", index)
    }
  }
}
