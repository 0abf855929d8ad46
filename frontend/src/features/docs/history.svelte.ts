import type { NamedVersion } from "../../editor/root"
import type { DocChange } from "../../transport/types"
import { byAuthor, compared, type Shown } from "./differences"
import type { OpenDocument } from "./document.svelte"
import { sittings, stopOf, stops, type Moment } from "./timeline"

/** Texts longer than this are not coloured letter by letter: it would take too long. */
const mostColored = 200_000

/** What a version is compared with. */
export type Against =
  { name: "none" } | { name: "before" } | { name: "now" } | { name: "version"; id: string }

/** The history of an open document while somebody looks at it. */
export class History {
  changes = $state.raw<DocChange[]>([])
  against = $state.raw<Against>({ name: "none" })
  failed = $state.raw<unknown>()
  loaded = $state(false)
  readonly #open: OpenDocument
  readonly #name: (person: string) => string
  #at = $state(0)
  /** What was chosen by name and is none of the stops; it lies behind the one of the slider. */
  #beside = $state.raw<Moment>()

  readonly stops = $derived(stops(this.changes))
  readonly sittings = $derived(sittings(this.changes))
  readonly stop: Moment | undefined = $derived(this.#beside ?? this.stops[this.#at])
  readonly versions: readonly NamedVersion[] = $derived.by(() =>
    [...(this.#open.root?.versions ?? [])].reverse(),
  )

  constructor(open: OpenDocument, name: (person: string) => string) {
    this.#open = open
    this.#name = name
  }

  /** The stop of the slider. */
  get at(): number {
    return this.#at
  }

  set at(stop: number) {
    this.#at = stop
    this.#beside = undefined
  }

  async load(): Promise<void> {
    this.failed = undefined
    try {
      this.changes = await this.#open.history()
      this.at = Math.max(0, this.stops.length - 1)
      this.loaded = true
    } catch (reason) {
      this.failed = reason
    }
  }

  /** Goes to the state of a sitting or of a named version, which need not be a stop. */
  go(moment: Moment): void {
    this.at = stopOf(this.stops, moment.heads, moment.at)
    const stop = this.stops[this.at]
    if (!stop || stop.heads.length !== moment.heads.length) this.#beside = moment
    else if (!stop.heads.every((head) => moment.heads.includes(head))) this.#beside = moment
  }

  /** The state of the slider, with the colours that were asked for. */
  show(): Shown | undefined {
    const { stop } = this
    const versions = this.#open.replica?.versions
    if (!stop || !versions) return undefined
    const other = this.#other()
    if (other) {
      const [older, newer] = other.later ? [stop.heads, other.heads] : [other.heads, stop.heads]
      return compared(versions.compare(older, newer))
    }
    const doc = versions.at(stop.heads)
    if (doc.content.size > mostColored) return { doc, colors: [] }
    return byAuthor(
      doc,
      versions.authors(stop.heads),
      (actor) => this.#open.personOf(actor),
      this.#name,
    )
  }

  /** What is compared with, and whether it is the later one. */
  #other(): { heads: readonly string[]; later: boolean } | undefined {
    const { against } = this
    if (against.name === "before") {
      const before = this.stops[this.#beside ? this.at : this.at - 1]
      return before && { heads: before.heads, later: false }
    }
    if (against.name === "now") {
      const now = this.stops.at(-1)
      return now && { heads: now.heads, later: true }
    }
    if (against.name !== "version") return undefined
    const version = this.versions.find(({ id }) => id === against.id)
    if (!version) return undefined
    const at = stopOf(this.stops, version.heads, version.at)
    return { heads: version.heads, later: at > this.at }
  }

  /** Gives the shown state a name. */
  name(name: string): void {
    const heads = this.stop?.heads
    if (heads) this.#open.edit((edit) => edit.version(name, heads))
  }

  /** Makes the text what it was, as a new change. */
  restore(): void {
    if (this.stop) this.#open.replica?.versions.restore(this.stop.heads)
  }
}
