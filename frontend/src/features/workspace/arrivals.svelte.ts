/** Fewer are here before anybody could read about them. */
const few = 300

/** How much of what was written elsewhere has arrived since catching up began. */
export class Arrivals {
  #most = $state(0)
  #behind = $state(0)
  #workspace = ""
  /** Between 0 and 1; undefined where there is nothing to wait for. */
  readonly share = $derived(this.#most >= few ? 1 - this.#behind / this.#most : undefined)

  /** Takes how many are still missing, whenever that changed. */
  see(workspace: string, behind: number) {
    if (workspace !== this.#workspace) this.#most = 0
    this.#workspace = workspace
    this.#behind = behind
    this.#most = behind > 0 ? Math.max(this.#most, behind) : 0
  }
}
