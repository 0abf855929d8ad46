import { SvelteMap } from "svelte/reactivity"
import { createEditor, type Editor } from "../../editor/editor"
import { Replica, type ReplicaStatus } from "../../editor/replica"
import type { OtherCursor } from "../../editor/replicacursors"
import type { Author } from "../../editor/replicasource"
import type { Root, RootEdit } from "../../editor/root"
import type { Counts, EditorSnapshot, Notice } from "../../editor/state"
import { docsService } from "../../transport/services"
import type { Transport } from "../../transport/transport"
import type { DocChange } from "../../transport/types"
import { Pictures } from "./pictures"
import { ApiSource } from "./source"

/** How often words are counted at most, in milliseconds. */
const countPause = 1_000
/** How long nothing may wait before the state is called stored again, in milliseconds. */
const calm = 300

/** What an open document asks of the page around it. */
export interface Requests {
  link(): void
  find(replace: boolean): void
  comment(): void
  openComment(id: string): void
  notice(notice: Notice): void
}

/** A document on the screen: its replica, its editor and what is shown beside the text. */
export class OpenDocument {
  /** Set once there is something to show. */
  replica = $state.raw<Replica>()
  editor = $state.raw<Editor>()
  status = $state.raw<ReplicaStatus>()
  root = $state.raw<Root>()
  snapshot = $state.raw<EditorSnapshot>()
  /** Where the others are. */
  others = $state.raw<readonly OtherCursor[]>([])
  counts = $state.raw<{ document: Counts; selection: Counts | null; pages: number }>()
  /** Why it could not be opened. */
  failed = $state.raw<unknown>()
  /** False from the first letter until the program has stored everything. */
  stored = $state(true)
  readonly authors = new SvelteMap<string, Author>()
  readonly pictures: Pictures
  readonly #source: ApiSource
  readonly #docs
  #ends: (() => void)[] = []
  #counting: ReturnType<typeof setInterval> | undefined
  #calming: ReturnType<typeof setTimeout> | undefined
  #counted: unknown
  #closed = false

  constructor(
    transport: Transport,
    readonly workspace: string,
    readonly id: string,
    self: string,
  ) {
    this.#docs = docsService(transport)
    this.#source = new ApiSource(transport, workspace, id, self, (authors) => this.#meet(authors))
    this.pictures = new Pictures(this.#source.bytes)
  }

  /** Opens the replica, unless it is open; `failed` says why where it cannot be. */
  async open(): Promise<void> {
    if (this.replica) return
    this.failed = undefined
    try {
      const replica = await Replica.open(this.#source)
      if (this.#closed) return void replica.close()
      this.#ends = [
        replica.onStatus((status) => this.#follow(status)),
        replica.onRoot((root) => (this.root = root)),
        replica.onCursors((others) => (this.others = others)),
      ]
      this.#follow(replica.status)
      this.root = replica.root ?? undefined
      this.replica = replica
    } catch (reason) {
      this.failed = reason
    }
  }

  /** Tries again after it failed. */
  async again(): Promise<void> {
    for (const end of this.#ends) end()
    void this.replica?.close()
    this.replica = undefined
    await this.open()
  }

  #follow(status: ReplicaStatus): void {
    this.status = status
    if (status.phase === "failed") this.failed = status.error
    this.editor?.setEditable(this.editable)
    clearTimeout(this.#calming)
    if (status.unsent > 0) this.stored = false
    else if (!this.stored) this.#calming = setTimeout(() => (this.stored = true), calm)
  }

  /** Typing before the document is loaded is kept and sent then. */
  get editable(): boolean {
    return this.status !== undefined && this.status.phase !== "failed" && !this.status.readOnly
  }

  /** Shows the text in an element. Returns what takes it away. */
  show(mount: HTMLElement, language: string, asks: Requests): () => void {
    const { replica } = this
    if (!replica) throw new Error("the document is not open")
    const editor = createEditor({
      mount,
      source: replica,
      images: this.pictures,
      language,
      editable: this.editable,
      onState: (state) => (this.snapshot = state),
      onNotice: asks.notice,
      onLink: asks.link,
      onFind: asks.find,
      onComment: asks.comment,
      onOpenComment: asks.openComment,
    })
    // What scrolls holds something that the Tab key reaches, also for tools that do not know editors.
    editor.view.dom.tabIndex = 0
    this.editor = editor
    this.snapshot = editor.state
    this.#counting = setInterval(() => void this.#count(), countPause)
    return () => {
      clearInterval(this.#counting)
      this.editor = undefined
      editor.destroy()
    }
  }

  async #count(): Promise<void> {
    const { editor } = this
    const now = editor?.view.state
    if (!editor || !now || document.hidden) return
    if (now === this.#counted && this.counts?.pages === editor.pageCount()) return
    this.#counted = now
    const counts = await editor.count()
    this.counts = { ...counts, pages: editor.pageCount() }
  }

  /** Changes what stands beside the text. Throws while the document is not loaded. */
  edit<T>(change: (edit: RootEdit) => T): T {
    if (!this.replica) throw new Error("the document is not open")
    return this.replica.edit(change)
  }

  /** The person who wrote as an actor; empty where nobody knows it. */
  personOf(actor: string): string {
    return this.authors.get(actor)?.person ?? ""
  }

  #meet(authors: readonly Author[]): void {
    for (const author of authors)
      if (!this.authors.has(author.actor)) this.authors.set(author.actor, author)
  }

  /** All changes, in causal order. */
  async history(): Promise<DocChange[]> {
    await this.replica?.settle()
    return (await this.#docs.History({ workspace: this.workspace, id: this.id })) ?? []
  }

  /** Tells people that a comment names them. */
  mention(comment: string, people: string[], text: string): Promise<void> {
    return this.#docs.Mention({ workspace: this.workspace, id: this.id, comment, people, text })
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#counting)
    clearTimeout(this.#calming)
    for (const end of this.#ends) end()
    void this.replica?.close()
  }
}
