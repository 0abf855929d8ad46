import { undo } from "prosemirror-history"
import { afterEach, beforeAll, expect, test, vi } from "vitest"
import type { Engine } from "./engine"
import { Random, startEngine } from "./peers.testing"
import { Person, Program, two, until } from "./program.testing"
import { noteSchema, schema } from "./schema"

// The machine may be busy with something else.
vi.setConfig({ testTimeout: 60_000 })

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})
afterEach(() => Person.allLeave())

test("what one types another one sees", async () => {
  const program = new Program(engine)
  const [ana, ben] = await two(program)
  ana.type("Hello")
  await until(() => ben.text === "Hello")
  ben.type(" world", 6)
  await until(() => ana.text === "Hello world")
  await until(() => ana.replica.status.unsent === 0)
  expect(ana.replica.heads).toEqual(ben.replica.heads)
  expect(ana.replica.healer.healed).toEqual({ mirror: 0, screen: 0 })
})

test("an undo takes back the own edit only", async () => {
  const program = new Program(engine)
  const [ana, ben] = await two(program)
  ana.type("mine")
  await until(() => ben.text === "mine")
  ben.type("yours ")
  await until(() => ana.text === "yours mine")
  undo(ana.view.state, ana.view.dispatch)
  await until(() => ben.text === "yours ")
})

test("what is typed over the picture is kept when the document is there, and it lies over newer text", async () => {
  const program = new Program(engine)
  const first = await Person.sits(program.source())
  await first.replica.ready
  first.type("One two three")
  await until(() => program.applied > 0)
  const paint = { heads: [], doc: first.view.state.doc.toJSON() as unknown }
  first.type("Zero ")
  await until(() => program.applied > 1)
  program.paint = paint
  const second = await Person.sits(program.source())
  expect(second.text).toBe("One two three")
  second.type("!", 14)
  await second.replica.ready
  expect(second.text).toBe("Zero One two three!")
  await until(() => first.text === "Zero One two three!")
  undo(second.view.state, second.view.dispatch)
  expect(second.text).toBe("Zero One two three")
})

test("work goes on while the program cannot be reached, and is sent after", async () => {
  const program = new Program(engine)
  const [ana, ben, source] = await two(program)
  source.online = false
  ana.type("offline ")
  await until(() => !ana.replica.status.connected)
  ben.type("online ")
  await until(() => program.applied > 0)
  ana.type("still ")
  source.back()
  await until(() => ana.replica.status.connected && ana.replica.status.unsent === 0)
  await until(() => ["still ", "offline ", "online "].every((word) => ben.text.includes(word)))
  await until(() => ana.view.state.doc.eq(ben.view.state.doc))
})

test("what was typed before the document was there outlives the editor that it was typed in", async () => {
  const program = new Program(engine)
  const first = await Person.sits(program.source())
  await first.replica.ready
  first.type("One two")
  await until(() => program.paint === null && program.applied > 0)
  program.paint = { heads: [], doc: first.view.state.doc.toJSON() as unknown }
  first.type("Zero ")
  await until(() => program.applied > 1)
  const source = program.source()
  let open = () => {}
  source.gate = new Promise((done) => (open = done))
  const second = await Person.sits(source)
  second.type("!", 8)
  second.moves()
  expect(second.text).toBe("One two!")
  open()
  await second.replica.ready
  expect(second.text).toBe("Zero One two!")
  await until(() => first.text === "Zero One two!")
})

test("a lost session is followed by another one, and nothing typed is lost", async () => {
  const program = new Program(engine)
  const [ana, ben, source] = await two(program)
  ana.type("first ")
  await until(() => ben.text === "first ")
  source.taken = true
  ana.type("second ", 7)
  const thread = ana.replica.edit((root) => root.comment("why?", []))
  await until(() => ben.text === "first second ")
  await until(() => ben.replica.root?.comments[0]?.id === thread)
  expect(ana.replica.actor).not.toBe("10".repeat(16))
  expect(ana.text).toBe("first second ")
})

test("a change that the engine refuses is reported and the document goes on", async () => {
  const program = new Program(engine)
  const source = program.source()
  const ana = await Person.sits(source)
  await ana.replica.ready
  const ben = await Person.sits(program.source())
  await ben.replica.ready
  source.arrive([new Uint8Array([0x85, 0x6f, 0x4a, 0x83, 1, 2, 3, 4, 1, 3, 9, 9, 9])])
  ben.type("fine")
  await until(() => ana.text === "fine")
  expect(source.reported.length).toBe(1)
})

test("comments, versions and the page are written and heard of", async () => {
  const program = new Program(engine)
  const [ana, ben] = await two(program)
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
  const program = new Program(engine)
  const [ana, ben] = await two(program)
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
  const program = new Program(engine)
  const [ana, ben, source] = await two(program)
  ana.type("abcdef")
  await until(() => ben.text === "abcdef")
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
  const program = new Program(engine)
  const ana = await Person.sits(program.source())
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
  expect(ana.text).toBe("one two")
  expect(ana.replica.heads).not.toEqual(old)
})

test("three people who type, cut off and come back end with the same document", async () => {
  const program = new Program(engine)
  const sources = [program.source(), program.source(), program.source()]
  const people = await Promise.all(sources.map((source) => Person.sits(source)))
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
  for (const { replica, view } of people) {
    expect(view.state.doc.toJSON()).toEqual(people[0]?.view.state.doc.toJSON())
    expect(replica.healer.healed).toEqual({ mirror: 0, screen: 0 })
  }
})
