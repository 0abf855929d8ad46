import { SvelteMap } from "svelte/reactivity"
import { m } from "../../paraglide/messages.js"
import { list, peopleService } from "../../transport/services"
import { Told } from "../../transport/told"
import type { Transport } from "../../transport/transport"
import type { Person } from "../../transport/types"
import { giveHues } from "../../ui/hue"
import { out } from "./rights"

/** Letters without case and accents, so that "zoe" finds "Zoé". */
export const folded = (text: string) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase()

/** A guest whose name does not arrive here, since no space is shared, is called one. */
const called = (person: Person): Person =>
  person.role === "guest" && person.id.startsWith(person.name)
    ? { ...person, name: m.guest_unnamed({ id: person.id.slice(0, 4) }) }
    : person

/** The people of one workspace. */
export class People {
  readonly #byId = new SvelteMap<string, Person>()
  readonly #told = new Told()
  readonly #service
  readonly #workspace
  readonly all = $derived(
    [...this.#byId.values()]
      .filter((person) => !out(person))
      .sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1)),
  )
  readonly self = $derived(this.all.find((person) => person.self))
  readonly #twice = $derived.by(() => {
    const names = this.all.map((person) => folded(person.name)).sort()
    return new Set(names.filter((name, at) => name === names[at + 1]))
  })
  readonly close: () => void

  constructor(transport: Transport, workspace: string) {
    this.#service = peopleService(transport)
    this.#workspace = workspace
    this.close = transport.on("person", (person) => {
      if (person.workspace !== workspace) return
      this.#told.tell(person.id)
      const known = this.#byId.has(person.id)
      this.#byId.set(person.id, called(person))
      if (!known) giveHues(this.#byId.keys())
    })
  }

  async load() {
    const since = this.#told.ask()
    for (const person of list(await this.#service.List(this.#workspace))) {
      if (!since(person.id)) this.#byId.set(person.id, called(person))
    }
    giveHues(this.#byId.keys())
  }

  get(id: string): Person | undefined {
    return this.#byId.get(id)
  }

  /** The name of a person, or the start of the id of somebody not known yet. */
  name(id: string): string {
    return this.#byId.get(id)?.name || id.slice(0, 8)
  }

  /** What tells a person from another one of the same name: the start of the id. Else empty. */
  mark(person: Person): string {
    return this.#twice.has(folded(person.name)) ? person.id.slice(0, 8) : ""
  }

  /** People whose name has a word that starts with the query; everybody when it is empty. */
  find(query: string): Person[] {
    const wanted = folded(query.trim())
    if (!wanted) return this.all
    return this.all.filter((person) => {
      const name = folded(person.name)
      return name.startsWith(wanted) || name.includes(` ${wanted}`) || name.includes(`-${wanted}`)
    })
  }

  /** Begins a comparison of codes with somebody who is online; the dialog shows it. */
  async verify(id: string) {
    await this.#service.Verify(this.#workspace, id)
  }

  /** Tells everybody that one has verified somebody. */
  vouch(id: string): Promise<void> {
    return this.#service.Vouch(this.#workspace, id)
  }

  rename(name: string): Promise<void> {
    return this.#service.Rename(this.#workspace, name)
  }
}
