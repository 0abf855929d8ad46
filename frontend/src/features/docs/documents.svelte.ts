import { SvelteMap } from "svelte/reactivity"
import { m } from "../../paraglide/messages.js"
import { docsService, list } from "../../transport/services"
import { Told } from "../../transport/told"
import type { Transport } from "../../transport/transport"
import type { Doc, DocImported, DocMentioned } from "../../transport/types"
import { request } from "./content"
import { foldersOf } from "./listing"

/** The documents of one workspace. */
export class Documents {
  readonly #byId = new SvelteMap<string, Doc>()
  readonly #told = new Told()
  readonly #docs
  readonly #workspace
  readonly #mentioned: ((mention: DocMentioned) => void)[] = []
  readonly #ends: (() => void)[]
  loaded = $state(false)

  readonly all = $derived([...this.#byId.values()])
  readonly recent = $derived(
    this.all
      .filter((doc) => !doc.trashed)
      .sort((a, b) => b.changed - a.changed || (a.id < b.id ? -1 : 1)),
  )
  readonly folders = $derived(foldersOf(this.all))
  readonly mentions = $derived(this.recent.reduce((sum, doc) => sum + doc.mentions, 0))

  constructor(transport: Transport, workspace: string) {
    this.#docs = docsService(transport)
    this.#workspace = workspace
    this.#ends = [
      transport.on("doc.changed", (doc) => {
        if (doc.workspace !== workspace) return
        this.#told.tell(doc.id)
        this.#byId.set(doc.id, doc)
      }),
      transport.on("doc.mention", (mention) => {
        if (mention.doc.workspace !== workspace) return
        this.#told.tell(mention.doc.id)
        this.#byId.set(mention.doc.id, mention.doc)
        for (const tell of this.#mentioned) tell(mention)
      }),
      transport.on("doc.changes", ({ workspace: of, id, reload }) => {
        if (of === workspace && reload && !id) void this.load().catch(() => {})
      }),
    ]
  }

  async load() {
    const since = this.#told.ask()
    const all = list(await this.#docs.List(this.#workspace))
    const known = new Set(all.map((doc) => doc.id))
    for (const id of [...this.#byId.keys()]) if (!known.has(id) && !since(id)) this.#byId.delete(id)
    for (const doc of all) if (!since(doc.id)) this.#byId.set(doc.id, doc)
    this.loaded = true
  }

  get(id: string): Doc | undefined {
    return this.#byId.get(id)
  }

  /** Calls back whenever a comment names the own person. Returns the cancel. */
  onMention(tell: (mention: DocMentioned) => void): () => void {
    this.#mentioned.push(tell)
    return () => void this.#mentioned.splice(this.#mentioned.indexOf(tell), 1)
  }

  async create(title: string, folder = "", space = ""): Promise<Doc> {
    const made = await this.#docs.Create({ workspace: this.#workspace, space, title, folder })
    this.#byId.set(made.id, made)
    return made
  }

  /** Makes a document of a file; the ending of its name says its format. */
  async import(file: File, folder: string): Promise<DocImported> {
    const query = new URLSearchParams({ name: file.name, folder })
    const address = `/content/import/${this.#workspace}?${query.toString()}`
    const response = await request(address, { method: "POST", body: file })
    const imported = (await response.json()) as DocImported
    this.#byId.set(imported.doc.id, imported.doc)
    return imported
  }

  rename(id: string, title: string): Promise<void> {
    return this.#change(id, { title }, () => this.#docs.Rename({ ...this.#ref(id), title }))
  }

  move(id: string, folder: string): Promise<void> {
    return this.#change(id, { folder }, () => this.#docs.Move({ ...this.#ref(id), folder }))
  }

  star(id: string, starred: boolean): Promise<void> {
    return this.#change(id, { starred }, () => this.#docs.Star({ ...this.#ref(id), on: starred }))
  }

  trash(id: string): Promise<void> {
    return this.#change(id, { trashed: true }, () => this.#docs.Trash(this.#ref(id)))
  }

  restore(id: string): Promise<void> {
    return this.#change(id, { trashed: false }, () => this.#docs.Restore(this.#ref(id)))
  }

  /** Remembers that the mentions in a document were seen. */
  async seen(id: string): Promise<void> {
    if ((this.get(id)?.mentions ?? 0) === 0) return
    await this.#change(id, { mentions: 0 }, () => this.#docs.MarkSeen(this.#ref(id)))
  }

  #ref(id: string) {
    return { workspace: this.#workspace, id }
  }

  /** Shows a change at once, and takes it back when it fails. */
  async #change(id: string, change: Partial<Doc>, send: () => Promise<void>): Promise<void> {
    const before = this.#byId.get(id)
    if (before) this.#byId.set(id, { ...before, ...change })
    try {
      await send()
    } catch (reason) {
      const now = this.#byId.get(id)
      if (before && now) {
        const back = Object.fromEntries(
          Object.keys(change).map((name) => [name, before[name as keyof Doc]]),
        )
        this.#byId.set(id, { ...now, ...back })
      }
      throw reason
    }
  }

  close() {
    for (const end of this.#ends) end()
  }
}

/** What a document is called. */
export const titleOf = (doc: Pick<Doc, "title">): string => doc.title || m.docs_untitled()
