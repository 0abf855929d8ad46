const key = "parvis.call.layout"

/** How much of the height that a call and the messages share the call may have. */
export const least = 25
export const most = 80
const usual = 55

/** How a call is laid out, as chosen last in this window. */
export class Layout {
  view = $state<"grid" | "speaker">("grid")
  /** Whether only the controls are shown, and all else is messages. */
  folded = $state(false)
  #share = $state(usual)

  constructor() {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "0")
      if (typeof kept === "number" && kept > 0) this.#share = bound(kept)
    } catch {
      // What cannot be read is as if nothing had been chosen.
    }
  }

  /** What the call has of the height, in percent. */
  get share() {
    return this.#share
  }

  set share(share: number) {
    this.#share = bound(share)
    try {
      localStorage.setItem(key, JSON.stringify(this.#share))
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }

  usual() {
    this.share = usual
  }
}

const bound = (share: number) => Math.min(most, Math.max(least, Math.round(share)))
