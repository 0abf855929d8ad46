import { auditService, list } from "../../transport/services"
import type { Transport } from "../../transport/transport"
import type { AuditFork, AuditLine, AuditPerson } from "../../transport/types"

/** How many lines are read at once. */
export const pageSize = 100

/** The audit log of one workspace while somebody looks at it, the newest line first. */
export class AuditLog {
  /** Undefined until it was read once. */
  lines = $state.raw<AuditLine[]>()
  forks = $state.raw<AuditFork[]>([])
  people = $state.raw<AuditPerson[]>([])
  more = $state(false)
  /** False for guests, who see their own part. */
  whole = $state(true)
  /** The id of whom the lines are about; empty: everybody. */
  person = $state("")
  routine = $state(false)
  readonly #service
  readonly #workspace
  #asked = 0

  constructor(transport: Transport, workspace: string) {
    this.#service = auditService(transport)
    this.#workspace = workspace
  }

  /** Reads the newest lines. Of several readings the one that began last counts. */
  async load() {
    await this.#read(0)
  }

  /** Reads the lines before those that are here. */
  async older() {
    await this.#read(this.lines?.at(-1)?.n ?? 0)
  }

  async #read(before: number) {
    const asked = ++this.#asked
    const { person, routine } = this
    const page = await this.#service.List({
      workspace: this.#workspace,
      person,
      before,
      limit: pageSize,
      routine,
    })
    if (asked !== this.#asked) return
    const lines = list(page.lines).reverse()
    this.lines = before ? [...(this.lines ?? []), ...lines] : lines
    this.forks = list(page.forks)
    this.people = list(page.people)
    this.more = page.more
    this.whole = page.whole
  }

  /** Writes the whole log as a file that waits under its token. */
  export() {
    return this.#service.Export(this.#workspace)
  }
}
