import { history, undo } from "prosemirror-history"
import { EditorState } from "prosemirror-state"
import { EditorView } from "prosemirror-view"
import { afterEach, beforeAll, expect, test, vi } from "vitest"
import { Engine, type EngineDoc } from "./engine"
import { Random, startEngine } from "./peers.testing"
import { Replica } from "./replica"
import {
  SessionTaken,
  type CursorEvent,
  type Paint,
  type Session,
  type Source,
  type SourceEvents,
} from "./replicasource"
import { rootBytes } from "./root"
import { noteSchema, schema } from "./schema"

// The machine may be busy with something else.
vi.setConfig({ testTimeout: 60_000 })

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})

/** The program: keeps the changes of a document and hands them to everybody. */
class Program {
  readonly doc: EngineDoc
  readonly sources: ProgramSource[] = []
  paint: Paint | null = null
  sessions = 0
  applied = 0

  constructor(file = rootBytes()) {
    this.doc = engine.load(file, "0a".repeat(16))
  }

  source(): ProgramSource {
    const source = new ProgramSource(this)
    this.sources.push(source)
    return source
  }
}

class ProgramSource implements Source {
  online = true
  taken = false
  reported: string[] = []
  lastCursor = ["", ""]
  #events: SourceEvents | undefined
  #missed: Uint8Array[] = []

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
    return this.program.doc.save()
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
    this.program.doc.handle.applyChanges([...changes])
    this.program.applied += changes.length
    for (const source of this.program.sources) source.arrive(changes)
  }

  arrive(changes: readonly Uint8Array[]): void {
    if (this.online) this.#events?.changes(changes)
    else this.#missed.push(...changes)
  }

  hear(event: CursorEvent): void {
    this.#events?.cursor(event)
  }

  back(): void {
    this.online = true
    this.#missed = []
    this.#events?.reconnected()
  }

  cursor(_session: Session, anchor: string, head: string): void {
    this.lastCursor = [anchor, head]
  }

  report(_session: Session, _changes: readonly Uint8Array[], reason: string): void {
    this.reported.push(reason)
  }

  close(): void {}

  listen(events: SourceEvents): () => void {
    this.#events = events
    return () => {
      this.#events = undefined
    }
  }
}

const open: { replica: Replica; view: EditorView }[] = []

afterEach(async () => {
  for (const { replica, view } of open.splice(0)) {
    view.destroy()
    await replica.close()
  }
})

async function sit(source: Source) {
  const replica = await Replica.open(source, { engine: Promise.resolve(engine), now: () => 1_000 })
  const state = EditorState.create({ doc: replica.doc, plugins: [...replica.plugins, history()] })
  const view = new EditorView(document.createElement("div"), { state })
  replica.attach(view)
  const person = {
    replica,
    view,
    type: (text: string, at = 1) => view.dispatch(view.state.tr.insertText(text, at)),
  }
  open.push(person)
  return person
}

const until = (holds: () => boolean) =>
  vi.waitFor(() => {
    if (!holds()) throw new Error("not yet")
  }, 20_000)

test("what one types another one sees", async () => {
  const program = new Program()
  const [ana, ben] = [await sit(program.source()), await sit(program.source())]
  await Promise.all([ana.replica.ready, ben.replica.ready])
  ana.type("Hello")
  await until(() => ben.view.state.doc.textContent === "Hello")
  ben.type(" world", 6)
  await until(() => ana.view.state.doc.textContent === "Hello world")
  await until(() => ana.replica.status.unsent === 0)
  expect(ana.replica.heads).toEqual(ben.replica.heads)
  expect(ana.replica.healer.healed).toEqual({ mirror: 0, screen: 0 })
})

test("an undo takes back the own edit only", async () => {
  const program = new Program()
  const [ana, ben] = [await sit(program.source()), await sit(program.source())]
  await Promise.all([ana.replica.ready, ben.replica.ready])
  ana.type("mine")
  await until(() => ben.view.state.doc.textContent === "mine")
  ben.type("yours ")
  await until(() => ana.view.state.doc.textContent === "yours mine")
  undo(ana.view.state, ana.view.dispatch)
  await until(() => ben.view.state.doc.textContent === "yours ")
})

test("what is typed over the picture is kept when the document is there, and it lies over newer text", async () => {
  const program = new Program()
  const first = await sit(program.source())
  await first.replica.ready
  first.type("One two three")
  await until(() => program.applied > 0)
  const paint = { heads: [], doc: first.view.state.doc.toJSON() as unknown }
  first.type("Zero ")
  await until(() => program.applied > 1)
  program.paint = paint
  const second = await sit(program.source())
  expect(second.view.state.doc.textContent).toBe("One two three")
  second.type("!", 14)
  await second.replica.ready
  expect(second.view.state.doc.textContent).toBe("Zero One two three!")
  await until(() => first.view.state.doc.textContent === "Zero One two three!")
  undo(second.view.state, second.view.dispatch)
  expect(second.view.state.doc.textContent).toBe("Zero One two three")
})

test("work goes on while the program cannot be reached, and is sent after", async () => {
  const program = new Program()
  const source = program.source()
  const [ana, ben] = [await sit(source), await sit(program.source())]
  await Promise.all([ana.replica.ready, ben.replica.ready])
  source.online = false
  ana.type("offline ")
  await until(() => !ana.replica.status.connected)
  ben.type("online ")
  await until(() => program.applied > 0)
  ana.type("still ")
  source.back()
  await until(() => ana.replica.status.connected && ana.replica.status.unsent === 0)
  await until(() =>
    ["still ", "offline ", "online "].every((word) =>
      ben.view.state.doc.textContent.includes(word),
    ),
  )
  await until(() => ana.view.state.doc.eq(ben.view.state.doc))
})

test("a lost session is followed by another one, and nothing typed is lost", async () => {
  const program = new Program()
  const source = program.source()
  const [ana, ben] = [await sit(source), await sit(program.source())]
  await Promise.all([ana.replica.ready, ben.replica.ready])
  ana.type("first ")
  await until(() => ben.view.state.doc.textContent === "first ")
  source.taken = true
  ana.type("second ", 7)
  const thread = ana.replica.edit((root) => root.comment("why?", []))
  await until(() => ben.view.state.doc.textContent === "first second ")
  await until(() => ben.replica.root?.comments[0]?.id === thread)
  expect(ana.replica.actor).not.toBe("10".repeat(16))
  expect(ana.view.state.doc.textContent).toBe("first second ")
})

test("a change that the engine refuses is reported and the document goes on", async () => {
  const program = new Program()
  const source = program.source()
  const ana = await sit(source)
  await ana.replica.ready
  const ben = await sit(program.source())
  await ben.replica.ready
  source.arrive([new Uint8Array([0x85, 0x6f, 0x4a, 0x83, 1, 2, 3, 4, 1, 3, 9, 9, 9])])
  ben.type("fine")
  await until(() => ana.view.state.doc.textContent === "fine")
  expect(source.reported.length).toBe(1)
})

test("comments, versions and the page are written and heard of", async () => {
  const program = new Program()
  const [ana, ben] = [await sit(program.source()), await sit(program.source())]
  await Promise.all([ana.replica.ready, ben.replica.ready])
  ana.type("text")
  const id = ana.replica.edit((root) => root.comment("Is this right?", ["ab"]))
  ana.replica.edit((root) => root.page({ size: "letter", margins: [10, 11, 12, 13] }))
  ana.replica.edit((root) => root.version("draft", ana.replica.heads))
  await until(() => ben.replica.root?.versions.length === 1)
  ben.replica.edit((root) => root.reply(id, "Yes", []))
  ben.replica.edit((root) => root.resolve(id, true))
  await until(() => ana.replica.root?.comments[0]?.resolved === true)
  const root = ana.replica.root
  expect(root?.comments[0]?.messages.map(({ text, mentions }) => [text, mentions])).toEqual(
    expect.arrayContaining([
      ["Is this right?", ["ab"]],
      ["Yes", []],
    ]),
  )
  expect(root?.comments[0]?.actor).toBe(ana.replica.actor)
  expect(root?.page).toMatchObject({ size: "letter", margins: [10, 11, 12, 13] })
})

test("notes are texts of their own that two people write at once", async () => {
  const program = new Program()
  const [ana, ben] = [await sit(program.source()), await sit(program.source())]
  await Promise.all([ana.replica.ready, ben.replica.ready])
  const note = (text: string) =>
    noteSchema.node("doc", null, noteSchema.node("paragraph", null, noteSchema.text(text)))
  ana.view.dispatch(ana.view.state.tr.insert(1, schema.node("footnote", { id: "abcdefghij" })))
  await until(() => ben.view.state.doc.firstChild?.childCount === 1)
  let heard = 0
  ben.replica.notes.watch("abcdefghij", () => heard++)
  ana.replica.notes.write("abcdefghij", note("See here"))
  await until(() => ben.replica.notes.read("abcdefghij").textContent === "See here")
  ana.replica.notes.write("abcdefghij", note("See here, page 2"))
  ben.replica.notes.write("abcdefghij", note("Well: See here"))
  await until(() => ana.replica.notes.read("abcdefghij").textContent === "Well: See here, page 2")
  await until(() => ben.replica.notes.read("abcdefghij").textContent === "Well: See here, page 2")
  expect(heard).toBeGreaterThan(0)
})

test("cursors of others move with the text", async () => {
  const program = new Program()
  const source = program.source()
  const [ana, ben] = [await sit(source), await sit(program.source())]
  await Promise.all([ana.replica.ready, ben.replica.ready])
  ana.type("abcdef")
  await until(() => ben.view.state.doc.textContent === "abcdef")
  let seen: readonly { anchor: number }[] = []
  ana.replica.onCursors((cursors) => (seen = cursors))
  const at = (ben.replica as unknown as { heads: string[] }).heads.length
  expect(at).toBe(1)
  await until(() => source.lastCursor[0] !== "")
  source.hear({
    person: "p",
    device: "d",
    session: 9,
    anchor: source.lastCursor[0] ?? "",
    head: "",
    gone: false,
  })
  const before = seen[0]?.anchor ?? -1
  ben.type("xyz")
  await until(() => (seen[0]?.anchor ?? 0) === before + 3 || before === -1)
})

test("an older version is looked at, compared and restored as a new change", async () => {
  const program = new Program()
  const ana = await sit(program.source())
  await ana.replica.ready
  ana.type("one two")
  ana.replica.flush()
  const old = [...ana.replica.heads]
  ana.type("three ", 5)
  ana.view.dispatch(ana.view.state.tr.delete(1, 4))
  ana.replica.flush()
  const now = [...ana.replica.heads]
  expect(ana.replica.versions.at(old).textContent).toBe("one two")
  const { deleted, inserted } = ana.replica.versions.compare(old, now)
  expect([deleted.length > 0, inserted.length > 0]).toEqual([true, true])
  expect(ana.replica.versions.authors(now)).toEqual([{ from: 1, to: 11, actor: ana.replica.actor }])
  ana.replica.versions.restore(old)
  expect(ana.view.state.doc.textContent).toBe("one two")
  expect(ana.replica.heads).not.toEqual(old)
})

test("three people who type, cut off and come back end with the same document", async () => {
  const program = new Program()
  const sources = [program.source(), program.source(), program.source()]
  const people = await Promise.all(sources.map((source) => sit(source)))
  await Promise.all(people.map(({ replica }) => replica.ready))
  const random = new Random(7)
  for (let step = 0; step < 300; step++) {
    const at = random.below(3)
    const [source, person] = [sources[at], people[at]]
    if (!source || !person) continue
    if (random.below(25) === 0) {
      if (source.online) source.online = false
      else source.back()
    }
    const { state } = person.view
    const pos = 1 + random.below(Math.max(state.doc.content.size - 1, 1))
    const tr = state.tr
    if (!state.doc.resolve(pos).parent.isTextblock) continue
    const kind = random.below(6)
    if (kind === 0) tr.split(pos)
    else if (kind === 1) tr.delete(pos, Math.min(pos + 3, state.doc.resolve(pos).end()))
    else if (kind === 2) tr.addMark(pos, state.doc.resolve(pos).end(), schema.mark("strong"))
    else tr.insertText(random.pick(["a", "bc ", "x"]), pos)
    person.view.dispatch(tr)
    if (random.below(4) === 0) await new Promise((done) => setTimeout(done, 1))
  }
  for (const source of sources) source.back()
  await until(() =>
    people.every(({ replica }) => replica.status.connected && replica.status.unsent === 0),
  )
  await until(() =>
    people.every(({ replica }) => replica.heads.join() === people[0]?.replica.heads.join()),
  )
  // Where the engine's patches did not tell all, comparing at rest puts the screen right.
  const [first] = people
  await until(() =>
    people.every(({ view }) => first !== undefined && view.state.doc.eq(first.view.state.doc)),
  )
})
