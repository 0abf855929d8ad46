import { history } from "prosemirror-history"
import { EditorState } from "prosemirror-state"
import { EditorView } from "prosemirror-view"
import { vi } from "vitest"
import type { Engine, EngineDoc } from "./engine"
import { Replica, type ReplicaStatus } from "./replica"
import {
  SessionTaken,
  type CursorEvent,
  type Paint,
  type Session,
  type Source,
  type SourceEvents,
} from "./replicasource"
import { rootBytes } from "./root"

/** The program: keeps the changes of a document and hands them to everybody. */
export class Program {
  readonly doc: EngineDoc
  readonly sources: ProgramSource[] = []
  paint: Paint | null = null
  sessions = 0
  applied = 0
  /** How often the whole document was asked for. */
  read = 0
  #changes: Uint8Array[] = []

  constructor(readonly engine: Engine) {
    this.doc = engine.load(rootBytes(), "0a".repeat(16))
  }

  source(): ProgramSource {
    const source = new ProgramSource(this)
    this.sources.push(source)
    return source
  }

  /** The document as one file. */
  file(): Uint8Array {
    this.read++
    return Uint8Array.from([rootBytes(), ...this.#changes].flatMap((part) => [...part]))
  }

  /** Stores changes that its own engine takes, and those that it must not see. */
  store(changes: readonly Uint8Array[], unseen: readonly Uint8Array[] = []): void {
    this.doc.handle.applyChanges(changes.filter((change) => !unseen.includes(change)))
    this.#changes.push(...changes)
    for (const source of this.sources) source.arrive(changes)
  }

  /** Changes that nobody can use are not handed out any more, and everybody opens anew. */
  refuse(changes: readonly Uint8Array[]): void {
    const refused = new Set(changes.map(String))
    this.#changes = this.#changes.filter((change) => !refused.has(String(change)))
    for (const source of this.sources) source.reload()
  }
}

export class ProgramSource implements Source {
  online = true
  taken = false
  /** Reading the document waits for this. */
  gate: Promise<void> = Promise.resolve()
  /** What was reported, and why. */
  reported: { change: Uint8Array; reason: string }[] = []
  lastCursor = ["", ""]
  #events: SourceEvents | undefined

  constructor(readonly program: Program) {}

  get #connected(): Promise<void> {
    return this.online ? Promise.resolve() : Promise.reject(new Error("offline"))
  }

  async open(): Promise<Session> {
    await this.#connected
    this.taken = false
    const session = this.program.sessions++
    const actor = (0x10 + session).toString(16).repeat(16)
    return {
      token: `t${session}`,
      session,
      actor,
      heads: this.program.doc.heads(),
      readOnly: false,
      people: [],
    }
  }

  async resume(session: Session): Promise<Session> {
    await this.#connected
    if (this.taken) throw new SessionTaken("taken")
    return { ...session, heads: this.program.doc.heads() }
  }

  async content(): Promise<Uint8Array> {
    await this.#connected
    const file = this.program.file()
    await this.gate
    return file
  }

  async paint(): Promise<Paint | null> {
    return this.program.paint
  }

  async putPaint(paint: Paint): Promise<void> {
    this.program.paint = paint
  }

  async putSnapshot(): Promise<void> {}

  async apply(_session: Session, changes: readonly Uint8Array[]): Promise<void> {
    await this.#connected
    if (this.taken) throw new SessionTaken("taken")
    this.program.applied += changes.length
    this.program.store(changes)
  }

  arrive(changes: readonly Uint8Array[]): void {
    if (this.online) this.#events?.changes(changes)
  }

  reload(): void {
    this.#events?.reload()
  }

  hear(event: CursorEvent): void {
    this.#events?.cursor(event)
  }

  back(): void {
    this.online = true
    this.#events?.reconnected()
  }

  cursor(_session: Session, anchor: string, head: string): void {
    this.lastCursor = [anchor, head]
  }

  report(_session: Session, changes: readonly Uint8Array[], reason: string): void {
    for (const change of changes) this.reported.push({ change, reason })
  }

  close(): void {}

  listen(events: SourceEvents): () => void {
    this.#events = events
    return () => {
      this.#events = undefined
    }
  }
}

/** Somebody with a document open. */
export class Person {
  static readonly #present: Person[] = []
  /** What was told of the phase, in order, since it was ready first. */
  readonly phases: ReplicaStatus["phase"][] = []
  view: EditorView
  #detach: () => void

  private constructor(readonly replica: Replica) {
    this.view = this.#show()
    this.#detach = replica.attach(this.view)
    replica.onStatus(({ phase }) => {
      if (this.phases.at(-1) !== phase && (this.phases.length > 0 || phase === "ready"))
        this.phases.push(phase)
    })
  }

  /** Opens the document; `engine` is this person's own where it is to fail. */
  static async sits(source: ProgramSource, engine = source.program.engine): Promise<Person> {
    const options = { engine: Promise.resolve(engine), now: () => 1_000 }
    const person = new Person(await Replica.open(source, options))
    Person.#present.push(person)
    return person
  }

  static async allLeave(): Promise<void> {
    for (const person of Person.#present.splice(0)) await person.leave()
  }

  #show(): EditorView {
    const { doc, plugins } = this.replica
    const state = EditorState.create({ doc, plugins: [...plugins, history()] })
    return new EditorView(document.createElement("div"), { state })
  }

  /** Looks away and at the document again, in another editor. */
  moves(): void {
    this.#detach()
    this.view.destroy()
    this.view = this.#show()
    this.#detach = this.replica.attach(this.view)
  }

  /** Closes the document, as a page does that is left. */
  async leave(): Promise<void> {
    this.#detach()
    this.view.destroy()
    await this.replica.close()
  }

  get text(): string {
    return this.view.state.doc.textContent
  }

  type(text: string, at = 1): void {
    this.view.dispatch(this.view.state.tr.insertText(text, at))
  }
}

/** Two people with one new document, both loaded. */
export async function two(
  program: Program,
  engine?: Engine,
): Promise<[ana: Person, ben: Person, source: ProgramSource]> {
  const source = program.source()
  const people = [await Person.sits(source, engine), await Person.sits(program.source())] as const
  await Promise.all(people.map(({ replica }) => replica.ready))
  for (const { phases } of people) phases.splice(0, phases.length, "ready")
  return [...people, source]
}

export const until = (holds: () => boolean): Promise<void> =>
  vi.waitFor(() => {
    if (!holds()) throw new Error("not yet")
  }, 20_000)
