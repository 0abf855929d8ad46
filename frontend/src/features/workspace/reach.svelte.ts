import type { Workspace } from "../../transport/types"

/** A gap that is shorter is nobody's business. Milliseconds. */
const blink = 1_000
/** How long the first connection may take. Milliseconds. */
const patience = 8_000

/** Whether a workspace has lost all its super-peers, for long enough to say so. */
export class Reach {
  lost = $state(false)
  #workspace = ""
  #reached = false
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Takes the workspace that is shown, whenever it changed. */
  see(workspace: Workspace | undefined) {
    if (workspace?.id !== this.#workspace) {
      this.close()
      this.#workspace = workspace?.id ?? ""
      this.#reached = false
    }
    const down =
      workspace?.state === "ready" && workspace.superPeers > 0 && workspace.superPeersUp === 0
    this.#reached ||= (workspace?.superPeersUp ?? 0) > 0
    if (!down) this.close()
    else if (!this.lost) {
      const wait = this.#reached ? blink : patience
      this.#timer ??= setTimeout(() => (this.lost = true), wait)
    }
  }

  close() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.lost = false
  }
}
