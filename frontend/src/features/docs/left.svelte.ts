import { SvelteMap } from "svelte/reactivity"
import type { ReplicaStatus } from "../../editor/replica"

/** More documents than this are not kept at once; then the oldest is ended. */
const most = 16

/** A document that can be left before the program has stored everything. */
export interface Leavable {
  readonly workspace: string
  readonly id: string
  readonly replica:
    | {
        readonly status: ReplicaStatus
        onStatus(listener: (status: ReplicaStatus) => void): () => void
        flush(): void
      }
    | undefined
  close(): void
}

/** A document that was left, for whoever tells of it. */
export interface Left<T extends Leavable> {
  open: T
  title: string
}

/**
 * The documents that nobody looks at and that still hold what the program has not stored. They go
 * on trying, and end once they have nothing left to send. While there are any, leaving the page
 * asks first.
 */
export class LeftDocuments<T extends Leavable> {
  readonly #left = new SvelteMap<string, Left<T>>()
  readonly #ends = new Map<string, () => void>()

  get all(): Left<T>[] {
    return [...this.#left.values()]
  }

  /** Ends a document, at once or as soon as all of it is stored. */
  leave(open: T, title: string): void {
    const { replica } = open
    replica?.flush()
    if (!replica || !waits(replica.status)) return open.close()
    const key = keyOf(open.workspace, open.id)
    this.#end(key)
    for (const oldest of this.#left.keys()) {
      if (this.#left.size < most) break
      this.#end(oldest)
    }
    this.#left.set(key, { open, title })
    const end = replica.onStatus((status) => {
      if (!waits(status)) this.#end(key)
    })
    this.#ends.set(key, end)
    addEventListener("beforeunload", ask)
  }

  /** The document that was left, for whoever opens it again; it is no longer kept here. */
  take(workspace: string, id: string): T | undefined {
    return this.#forget(keyOf(workspace, id))?.open
  }

  #end(key: string): void {
    this.#forget(key)?.open.close()
  }

  #forget(key: string): Left<T> | undefined {
    const left = this.#left.get(key)
    this.#left.delete(key)
    this.#ends.get(key)?.()
    this.#ends.delete(key)
    if (this.#left.size === 0) removeEventListener("beforeunload", ask)
    return left
  }
}

const keyOf = (workspace: string, id: string) => `${workspace}/${id}`

/** Whether there is something to store, and a way that it still may be. */
const waits = ({ unsent, readOnly, phase }: ReplicaStatus) =>
  unsent > 0 && !readOnly && (phase === "ready" || phase === "loading")

const ask = (event: Event) => event.preventDefault()
