/** Below this it is only noise. */
const noise = 0.015
/** What of the older loudness stays at each look. */
const keep = 0.8
/** Somebody else must be this much louder to be shown instead. */
const louder = 1.5

/** Finds who speaks, without jumping at each cough. */
export class Speaker {
  readonly #loud = new Map<string, number>()
  #now = ""

  /** Takes how loud each device is now, and returns who speaks; empty while nobody does. */
  hear(levels: Record<string, number>): string {
    for (const device of this.#loud.keys()) if (!(device in levels)) this.#loud.delete(device)
    let [first, most] = ["", noise]
    for (const [device, level] of Object.entries(levels)) {
      const loud = keep * (this.#loud.get(device) ?? 0) + (1 - keep) * level
      this.#loud.set(device, loud)
      if (loud > most) [first, most] = [device, loud]
    }
    const before = this.#loud.get(this.#now) ?? 0
    if (before <= noise || most > before * louder) this.#now = first
    return this.#now
  }
}
