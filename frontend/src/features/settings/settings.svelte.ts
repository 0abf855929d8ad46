import { settingsService } from "../../transport/services"
import { Told } from "../../transport/told"
import type { Transport } from "../../transport/transport"
import type { Preferences, Status } from "../../transport/types"
import { language } from "./language.svelte"

/** The node's state and this device's preferences. */
export class Settings {
  status = $state.raw<Status>()
  preferences = $state.raw<Preferences>({ language: "", theme: "", dismissed: "" })
  /** Whether the page reaches the program. */
  reachable = $state(true)
  readonly close: () => void
  readonly #settings
  readonly #told = new Told()
  #used = 0

  constructor(transport: Transport) {
    this.#settings = settingsService(transport)
    const ends = [
      transport.on("status", (status) => {
        this.#told.tell("status")
        this.status = status
      }),
      transport.on("transport", ({ state }) => (this.reachable = state === "open")),
    ]
    this.close = () => ends.forEach((end) => end())
  }

  async load() {
    const since = this.#told.ask()
    const [status, preferences] = await Promise.all([
      this.#settings.Status(),
      // A locked program may refuse its preferences; the system's then count.
      this.#settings.Preferences().catch(() => this.preferences),
    ])
    if (!since("status")) this.status = status
    this.#use(preferences)
  }

  /**
   * Reads anew how the node is, and says so: an event that was on its way may be older than
   * this answer or newer, so that what is shown can differ until the next one.
   */
  async refresh(): Promise<Status> {
    const since = this.#told.ask()
    const status = await this.#settings.Status()
    if (!since("status")) this.status = status
    return status
  }

  async change(change: Partial<Preferences>) {
    const next = { ...this.preferences, ...change }
    this.#use(next)
    await this.#settings.SetPreferences(next)
  }

  /** Whether a hint is not to be shown again. */
  dismissed(hint: string): boolean {
    return this.preferences.dismissed.split("\n").includes(hint)
  }

  /** Shows a hint never again, on this device. */
  async dismiss(hint: string) {
    if (this.dismissed(hint)) return
    const before = this.preferences.dismissed
    await this.change({ dismissed: before ? `${before}\n${hint}` : hint })
  }

  /** Says that somebody uses the page, at most twice a minute: the program locks itself otherwise. */
  readonly use = () => {
    const now = Date.now()
    if (now - this.#used < 30_000) return
    this.#used = now
    this.#settings.Active().catch(() => undefined)
  }

  /** Closes Parvis until it is unlocked. The status tells the page. */
  async lock() {
    await this.#settings.Lock()
  }

  async unlock(passphrase: string) {
    await this.#settings.Unlock(passphrase)
    await this.load()
  }

  #use(preferences: Preferences) {
    this.preferences = preferences
    language.choose(preferences.language)
    const root = document.documentElement
    if (preferences.theme) root.dataset.theme = preferences.theme
    else delete root.dataset.theme
  }
}
