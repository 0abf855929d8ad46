import type { Engine } from "./engine"

/** How a replica stands. */
export interface ReplicaStatus {
  /** "loading" shows a picture that can be edited; what is typed is kept and sent later. */
  phase: "loading" | "ready" | "failed" | "closed"
  readOnly: boolean
  /** False while the program cannot be reached. */
  connected: boolean
  /** Changes that the program has not stored yet. */
  unsent: number
  /** Why the phase is "failed". */
  error: unknown
}

/** What a replica may be given instead of the page's own. */
export interface ReplicaOptions {
  engine?: Promise<Engine>
  now?: () => number
}
