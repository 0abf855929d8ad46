import { ApiError } from "../src/transport/transport"
import type { Doc } from "../src/transport/types"
import { folders, titles } from "./fake-samples"
import { hex, type FakeWorld, type Methods } from "./fake-world"

/** The documents of a workspace in memory: their list, and no text. */
export class FakeDocuments {
  readonly all: Doc[] = []
  readonly #world: FakeWorld

  constructor(world: FakeWorld) {
    this.#world = world
  }

  get methods(): Methods {
    return {
      "Docs.List": () => this.all,
      "Docs.Create": (form: { title: string; folder: string }) =>
        this.#create(form.title, form.folder),
      "Docs.Open": () => {
        throw new ApiError("disk-full", "the disk is full")
      },
      "Docs.Rename": (change: { id: string; title: string }) => this.#change(change),
      "Docs.Move": (change: { id: string; folder: string }) => this.#change(change),
      "Docs.Star": ({ id, on }: { id: string; on: boolean }) => this.#change({ id, starred: on }),
      "Docs.Trash": ({ id }: { id: string }) => this.#change({ id, trashed: true }),
      "Docs.Restore": ({ id }: { id: string }) => this.#change({ id, trashed: false }),
      "Docs.MarkSeen": ({ id }: { id: string }) => this.#change({ id, mentions: 0 }),
    }
  }

  #create(title: string, folder: string): Doc {
    const n = this.all.length
    const doc: Doc = {
      workspace: this.#world.workspace.id,
      id: hex(n + 30_000, 32),
      space: this.#world.workspace.main,
      title,
      folder,
      starred: false,
      trashed: false,
      created: Date.now() - n * 4_000_000,
      changed: Date.now() - n * 3_700_000,
      author: this.#world.self,
      changedBy: this.#world.author(n),
      holders: 2,
      everywhere: n % 3 > 0,
      bySuperPeer: false,
      unreadable: 0,
      mentions: 0,
    }
    this.all.push(doc)
    return doc
  }

  #change(change: Partial<Doc>) {
    const doc = this.all.find((doc) => doc.id === change.id)
    if (doc) this.#world.tell("doc.changed", { ...Object.assign(doc, change) })
  }

  /** Writes the documents of a workspace that is at work. */
  fill() {
    const { options, language } = this.#world
    const [named, placed] = [titles[language], folders[language]]
    for (let n = 0; n < options.documents; n++) {
      const title = named[n % named.length] ?? ""
      const round = Math.floor(n / named.length)
      this.#create(
        round > 0 && title ? `${title} ${round + 1}` : title,
        placed[n % placed.length] ?? "",
      )
    }
    const [first, second, third] = this.all
    if (first) Object.assign(first, { mentions: 2, starred: true })
    if (second) Object.assign(second, { holders: 0, everywhere: false })
    if (third) Object.assign(third, { starred: true })
    const last = this.all.at(-1)
    if (last) last.trashed = true
  }
}
