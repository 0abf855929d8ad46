import type { Node } from "prosemirror-model"
import type { Plugin } from "prosemirror-state"
import type { EditorView } from "prosemirror-view"
import { Binding } from "./binding"
import { catchUp } from "./catchup"
import { Engine, type EngineDoc, type Patch } from "./engine"
import { Healer } from "./heal"
import { newId } from "./ids"
import { Presence, type OtherCursor } from "./replicacursors"
import { Versions } from "./replicahistory"
import { Connection } from "./replicaconnection"
import { apply, breathe, readPicture } from "./replicaload"
import { NoteTexts } from "./replicanotes"
import { Outbox } from "./replicaoutbox"
import { follow, goOn, pendingSteps, unseen } from "./replicaplugin"
import { Recovery } from "./replicarecovery"
import type { Source } from "./replicasource"
import { Alarm, Listeners, nextFrame } from "./replicatiming"
import type { ReplicaOptions, ReplicaStatus } from "./replicastatus"
import { Upkeep } from "./replicaupkeep"
import { readRoot, RootEdit, type Root } from "./root"
import type { EditorSource } from "./source"

export type { ReplicaOptions, ReplicaStatus } from "./replicastatus"

/** Times in milliseconds. */
const pause = { batch: 100, frame: 100, shown: 30 }

/** A replica of a document in the page: shows and sends what a person does, and what others did. */
export class Replica implements EditorSource {
  readonly plugins: readonly Plugin[]
  readonly notes: NoteTexts
  readonly healer: Healer
  readonly versions: Versions
  /** Resolves when loaded; rejects when that fails. */
  readonly ready: Promise<void>
  readonly #connection: Connection
  readonly #now: () => number
  readonly #binding: Binding
  readonly #presence: Presence
  readonly #outbox: Outbox
  readonly #recovery: Recovery
  readonly #status = new Listeners<ReplicaStatus>()
  readonly #root = new Listeners<Root>()
  readonly #flushing = new Alarm(() => this.flush())
  /** What a key wrote is painted first, and made a change of after. */
  readonly #shown = nextFrame(() => this.#flushing.set(0), pause.shown)
  readonly #upkeep: Upkeep
  readonly #receiving: () => void
  readonly #stop: () => void
  readonly #picture: Promise<void>
  #engine: EngineDoc | null = null
  #view: EditorView | null = null
  #phase: ReplicaStatus["phase"] = "loading"
  #connected = true
  #error: unknown = null
  #incoming: Uint8Array[] = []
  #suggestions: string[] = []

  /** Opens a document. Resolves once there is something to show: a picture, or the document. */
  static async open(source: Source, options: ReplicaOptions = {}): Promise<Replica> {
    const replica = new Replica(source, options)
    await Promise.race([replica.#picture, replica.ready])
    return replica
  }

  private constructor(source: Source, options: ReplicaOptions) {
    this.#now = options.now ?? Date.now
    this.#connection = new Connection(source, options.engine ?? Engine.start())
    const changed = () => this.#changed()
    this.#binding = Binding.empty()
    this.notes = new NoteTexts(changed)
    this.healer = new Healer(this.#binding)
    this.#upkeep = new Upkeep({
      binding: this.#binding,
      healer: this.healer,
      source,
      engine: () => this.#engine,
      busy: () => this.#dirty || this.#view?.composing === true,
      stopped: (error) => this.#recovery.stopped(error),
    })
    this.#presence = new Presence(this.#binding, this.#connection, () => this.#engine, this.#now)
    const loaded = () => this.#loaded()
    this.versions = new Versions(this.#binding, loaded, (edit) => this.#rewrite(edit))
    this.plugins = [follow(this.#binding, changed, () => this.#selected())]
    this.#outbox = new Outbox({
      send: (changes) => this.#connection.send(changes),
      idle: () => (this.#dirty ? this.flush() : this.#tell()),
      failed: (error) => this.#recovery.failed(error),
    })
    this.#recovery = new Recovery({
      connection: this.#connection,
      outbox: this.#outbox,
      now: this.#now,
      engine: () => this.#engine,
      over: () => this.#phase === "closed" || this.#phase === "failed",
      lose: () => this.#lose(),
      flush: () => this.flush(),
      take: (doc) => this.#take(doc),
      ready: () => this.#ready(),
      arrive: (changes) => this.#arrive(changes),
      online: (connected) => this.#online(connected),
      fail: (error) => this.#fail(error),
    })
    this.#receiving = nextFrame(() => this.#receive(), pause.frame)
    this.#stop = source.listen({
      changes: (changes) => this.#arrive(changes),
      cursor: (event) => this.#presence.hear(event),
      reconnected: () => void this.#recovery.again(),
      reload: () => this.#recovery.reload(),
    })
    const picture = this.#showPicture()
    this.#picture = picture.then((shown) => (shown ? undefined : this.ready))
    this.ready = this.#open(picture)
    this.ready.catch(() => {})
  }

  /** The document as it is shown. */
  get doc(): Node {
    return this.#binding.doc
  }

  get status(): ReplicaStatus {
    return {
      phase: this.#phase,
      readOnly: this.#connection.readOnly,
      connected: this.#connected,
      unsent: this.#outbox.waiting.length + (this.#dirty ? 1 : 0),
      error: this.#error,
    }
  }

  /** What stands beside the text; empty until the document is loaded. */
  get root(): Root | null {
    return this.#engine && readRoot(this.#engine)
  }

  /** The own actor, in hex; empty until the session is open. */
  get actor(): string {
    return this.#connection.session?.actor ?? ""
  }

  /** Heads of what the engine holds, in hex. */
  get heads(): readonly string[] {
    return this.#engine?.heads() ?? []
  }

  onStatus(listener: (status: ReplicaStatus) => void): () => void {
    return this.#status.add(listener)
  }

  onRoot(listener: (root: Root) => void): () => void {
    return this.#root.add(listener)
  }

  onCursors(listener: (cursors: readonly OtherCursor[]) => void): () => void {
    return this.#presence.listen(listener)
  }

  attach(view: EditorView): () => void {
    const left = this.#binding.dirty ? this.#binding.surface : undefined
    this.#view = view
    this.#binding.surface = view
    if (left) goOn(view, left.state)
    // What came since the view's first document was taken.
    if (view.state.doc !== this.#binding.shadow && this.#engine) this.#binding.repair()
    return () => {
      this.flush()
      this.#binding.surface = this.#binding.dirty ? unseen(view.state) : undefined
      this.#view = null
    }
  }

  newSuggestion(): string {
    const id = newId()
    this.#suggestions.push(id)
    return id
  }

  /** Changes what stands beside the text. What the person did before is written first. */
  edit<T>(change: (edit: RootEdit) => T): T {
    this.flush()
    const engine = this.#loaded()
    let result: { value: T } | undefined
    const failed = this.#write(engine, () => {
      result = { value: change(new RootEdit(engine, this.#now())) }
    })
    if (failed) throw failed.reason
    return (result as { value: T }).value
  }

  /** Makes a change of what the person did since the last one, and sends it. */
  flush(): void {
    this.#flushing.stop()
    const engine = this.#engine
    if (!engine || !this.#dirty || this.#connection.readOnly) return
    const write = () => {
      this.#binding.write(engine)
      this.notes.make(engine, this.#binding.newNotes())
      this.notes.flush(engine)
      const edit = new RootEdit(engine, this.#now())
      for (const id of this.#suggestions) edit.suggestion(id)
    }
    this.#write(engine, write, () => {
      this.#suggestions = []
      this.notes.flushed()
    })
  }

  /** Resolves once all is stored, or the program cannot be reached. */
  async settle(): Promise<void> {
    this.flush()
    if (this.#dirty) {
      await this.#recovery.done
      this.flush()
    }
    while (!this.#outbox.idle && this.#connected && this.#phase === "ready") await breathe()
  }

  /** The document as one file of Automerge. */
  save(): Uint8Array {
    this.flush()
    return this.#loaded().save()
  }

  async close(): Promise<void> {
    if (this.#phase === "closed") return
    await this.settle()
    for (const each of [this.#flushing, this.#presence, this.#upkeep]) each.stop()
    await Promise.all([this.#upkeep.paint(), this.#upkeep.snapshot()])
    this.#stop()
    this.#phase = "closed"
    this.#connection.close()
    this.#engine?.free()
    this.#engine = null
  }

  get #dirty(): boolean {
    return this.#binding.dirty || this.notes.dirty || this.#suggestions.length > 0
  }

  #loaded(): EngineDoc {
    if (!this.#engine) throw new Error("the document is not loaded yet")
    return this.#engine
  }

  /** Shows the picture of an earlier time. Returns whether there was one. */
  async #showPicture(): Promise<boolean> {
    const doc = await readPicture(this.#connection.source)
    if (doc && !this.#engine) this.#binding.shadow = doc
    return doc !== null
  }

  async #open(picture: Promise<boolean>): Promise<void> {
    await this.#recovery.open(async () => {
      // The picture is painted before the engine takes the page's thread.
      await picture
      await breathe()
      await breathe()
    })
    if (this.#phase === "failed") throw this.#error
  }

  /** Works with another state of the engine. */
  #take(doc: EngineDoc): void {
    const old = this.#engine
    this.#engine = doc
    old?.free()
    const shown = this.#binding.surface
    this.#binding.adopt(doc, shown ? pendingSteps(shown.state) : [])
    this.notes.attach(doc)
    this.#root.tell(() => readRoot(doc))
  }

  /** The state of the engine is of no use any more. What the person does is kept meanwhile. */
  #lose(): void {
    this.#engine?.free()
    this.#engine = null
    this.notes.attach(null)
    this.#phase = "loading"
    this.#tell()
  }

  #ready(): void {
    this.#phase = "ready"
    this.#connected = true
    this.#receive()
    this.#tell()
    if (this.#dirty) this.flush()
    this.#upkeep.rest(0)
  }

  /**
   * Runs an edit as a change and sends it. `done` is called when the engine has it. Returns why it
   * failed; what waits to be written still does so then.
   */
  #write(engine: EngineDoc, edit: () => void, done?: () => void): { reason: unknown } | undefined {
    let made
    try {
      made = engine.change(this.#now(), edit)
      this.#binding.follow(made?.patches ?? [], engine)
    } catch (reason) {
      // An edit that was taken back and can be forgotten leaves no trace.
      if (made || engine.spoiled || this.#dirty) this.#recovery.stopped(reason)
      return { reason }
    }
    done?.()
    if (made) this.#outbox.add(made.changes)
    this.#binding.wrote()
    this.#followRoot(made?.patches ?? [], engine)
    this.#tell()
    this.#selected()
    this.#upkeep.rest()
    return undefined
  }

  /** Writes the text past the editor, which shows it after. */
  #rewrite(edit: (engine: EngineDoc) => void): void {
    this.flush()
    const engine = this.#loaded()
    const failed = this.#write(engine, () => edit(engine))
    if (failed) throw failed.reason
    this.#binding.repair()
  }

  #arrive(changes: readonly Uint8Array[]): void {
    this.#incoming.push(...changes)
    this.#receiving()
  }

  /** One batch per frame: what the person did first, so that it lies under what comes. */
  #receive(): void {
    const engine = this.#engine
    if (!engine || this.#recovery.running || this.#incoming.length === 0) return
    // An input method must not lose the text it works on.
    if (this.#view?.composing) {
      this.#receiving()
      return
    }
    if (this.#view) catchUp(this.#view)
    this.flush()
    if (engine !== this.#engine) return
    const changes = this.#connection.accepted(this.#incoming)
    this.#incoming = []
    try {
      apply(engine, changes, (bad, reason) => this.#connection.report(bad, reason))
      const patches = engine.patches(changes)
      this.#binding.receive(patches, engine)
      this.notes.receive(patches)
      this.#followRoot(patches, engine)
    } catch (error) {
      this.#recovery.stopped(error, changes)
      return
    }
    if (this.#dirty) this.flush()
    this.#presence.tell()
    this.#upkeep.rest(changes.length)
  }

  #followRoot(patches: readonly Patch[], engine: EngineDoc): void {
    if (patches.some(({ path }) => path[0] !== "text" && path[0] !== "notes"))
      this.#root.tell(() => readRoot(engine))
  }

  #changed(): void {
    if (!this.#engine) return
    if (this.#outbox.idle) this.#shown()
    else this.#flushing.set(pause.batch)
  }

  #selected(): void {
    if (this.#view && !this.#dirty) this.#presence.show(this.#view.state.selection)
  }

  #online(connected: boolean): void {
    this.#connected = connected
    this.#tell()
  }

  #fail(error: unknown): void {
    if (this.#phase === "closed") return
    this.#phase = "failed"
    this.#error = error
    this.#tell()
  }

  #tell(): void {
    this.#status.tell(() => this.status)
  }
}
