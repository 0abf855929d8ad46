/** What of a call fills the window, and the whole screen where the system lets it. */
export class Whole {
  /** The device and what it shows, as "device source"; empty: nothing. */
  key = $state("")

  toggle(key: string) {
    if (this.key === key) return this.end()
    this.key = key
    // All of the page: what else is to be said lies over the picture.
    void document.documentElement.requestFullscreen?.().catch(() => {})
  }

  end() {
    this.key = ""
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => {})
  }

  /** The system may have ended it. */
  follow() {
    if (!document.fullscreenElement) this.key = ""
  }
}
