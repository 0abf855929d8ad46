import type { Events } from "../src/transport/transport"
import type { Person, Space, Workspace } from "../src/transport/types"

export type FakeOptions = {
  /** How many messages the first channel holds. */
  messages: number
  channels: number
  people: number
  documents: number
  /** Names and texts in French. */
  french: boolean
  /** The role of the person at the page. */
  role: string
  /** A guest who is in no space. */
  nowhere: boolean
  /** Nothing exists yet. */
  empty: boolean
}

export type Methods = Record<string, (...args: never[]) => unknown>
export type Tell = <K extends keyof Events>(event: K, data: Events[K]) => void

/** What the parts of the workspace in memory share. */
export class FakeWorld {
  workspaces: Workspace[] = []
  people: Person[] = []
  spaces: Space[] = []
  readonly options: FakeOptions
  /** Tells the page. */
  readonly tell: Tell

  constructor(options: FakeOptions, tell: Tell) {
    this.options = options
    this.tell = tell
  }

  get language() {
    return this.options.french ? "fr" : "en"
  }

  get workspace() {
    return this.workspaces[0] as Workspace
  }

  get self() {
    return this.people[0]?.id ?? ""
  }

  /** Those who write, in turn. */
  author(n: number) {
    return this.people[n % Math.min(6, this.people.length)]?.id ?? ""
  }
}

/** An id that looks random and is always the same. */
export const hex = (seed: number, length = 64) => {
  let state = (seed * 2654435761 + 97) >>> 0
  let text = ""
  while (text.length < length) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    text += state.toString(16).padStart(8, "0")
  }
  return text.slice(0, length)
}
