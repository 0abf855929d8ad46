import { afterEach, beforeAll, expect, test, vi } from "vitest"
import type { Engine, EngineDoc } from "./engine"
import { startEngine } from "./peers.testing"
import { Person, Program, two, until } from "./program.testing"
import { rootBytes } from "./root"
import { noteSchema, schema } from "./schema"

// The machine may be busy with something else.
vi.setConfig({ testTimeout: 60_000 })

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})
afterEach(() => Person.allLeave())

type Method = "applyChanges" | "commit" | "diffIncremental" | "marksAt" | "spans"

/** An engine whose documents stop in some of their methods. */
class Failing {
  /** How often each method still stops. */
  readonly times = new Map<Method, number>()
  stopped = 0
  readonly engine: Engine

  constructor() {
    this.engine = Object.create(engine, {
      load: { value: (file: Uint8Array, actor: string) => this.#watch(engine.load(file, actor)) },
    }) as Engine
  }

  #watch(doc: EngineDoc): EngineDoc {
    const handle = doc.handle as unknown as Record<string, (...args: unknown[]) => unknown>
    let dead = false
    const wrap = (name: string) => {
      const real = handle[name]?.bind(handle)
      handle[name] = (...args) => {
        if (dead) throw new Error("recursive use of an object detected")
        const left = this.times.get(name as Method) ?? 0
        if (left === 0) return real?.(...args)
        this.times.set(name as Method, left - 1)
        this.stopped++
        dead = true
        throw new WebAssembly.RuntimeError("unreachable")
      }
    }
    for (const name of ["applyChanges", "commit", "diffIncremental", "marksAt", "spans"]) wrap(name)
    return doc
  }
}

/** A change at which the real engine stops: it puts a key into a text. */
function poison(doc: EngineDoc, actor: string, deps = doc.heads()): Uint8Array {
  const op = { action: "set", obj: doc.handle.objInfo("/text").id, key: "a", value: "x", pred: [] }
  const change = { actor: actor.repeat(16), seq: 1, startOp: 1_000, time: 0, message: null, deps }
  return engine.library.encodeChange({ ...change, ops: [op] } as never)
}

/** Somebody whose changes are handed over by hand. */
class Elsewhere {
  readonly doc: EngineDoc

  constructor(doc: EngineDoc, actor: string) {
    this.doc = doc.fork(actor.repeat(16))
  }

  type(text: string): Uint8Array {
    const at = this.doc.handle.length("/text")
    const made = this.doc.change(0, () => this.doc.handle.splice("/text", at, 0, text))
    return made?.changes[0] ?? new Uint8Array()
  }
}

const reported = (source: { reported: { change: Uint8Array }[] }) =>
  source.reported.map(({ change }) => engine.hash(change))

test("the engine really stops at the change that the tests here use", () => {
  const doc = engine.load(rootBytes(), "0b".repeat(16))
  doc.change(0, () => doc.handle.splice("/text", 0, 0, "text"))
  expect(() => doc.apply([poison(doc, "0c")])).toThrow(WebAssembly.RuntimeError)
  expect(() => doc.heads()).toThrow("recursive use")
  doc.free()
})

test.each([
  [1, 0],
  [5, 3],
  [90, 41],
])(
  "of %i changes from elsewhere only number %i, at which the engine stops, is left out",
  async (count, at) => {
    const program = new Program(engine)
    const [ana, ben, source] = await two(program)
    ana.type("mine ")
    await until(() => ana.replica.status.unsent === 0 && ben.text === "mine ")
    const cleo = new Elsewhere(program.doc, "c0")
    const bad = poison(program.doc, "d0")
    const builds = poison(program.doc, "d1", [engine.hash(bad)])
    const batch = Array.from({ length: count }, (_, n) => (n === at ? bad : cleo.type(`${n} `)))
    program.store([...batch, builds], [bad, builds])
    ana.type("more ", 6)
    await until(() => [ana, ben].every(({ text }) => text.includes("more")))
    await until(() => ana.replica.status.phase === "ready" && source.reported.length > 0)
    const typed = batch.flatMap((_, n) => (n === at ? [] : `${n} `))
    for (const { text } of [ana, ben]) {
      expect(text).toContain("mine ")
      for (const part of typed) expect(text).toContain(part)
      expect(text.length).toBe("mine more ".length + typed.join("").length)
    }
    await until(() => ana.replica.heads.join() === program.doc.heads().join())
    expect(reported(source)).toEqual([engine.hash(bad)])
    expect(ana.phases).toEqual(["ready", "loading", "ready"])
    // It comes again, and nothing stops any more.
    program.store([bad], [bad])
    ana.type("still ")
    await until(() => ben.text.includes("still "))
    expect(ana.phases).toEqual(["ready", "loading", "ready"])
    expect(reported(source)).toEqual([engine.hash(bad)])
  },
)

test("several changes at which the engine stops are all found, also when the document is opened", async () => {
  const program = new Program(engine)
  const cleo = new Elsewhere(program.doc, "c0")
  const bad = ["d0", "d1", "d2"].map((actor) => poison(program.doc, actor))
  for (const each of bad) program.store([cleo.type("a "), each, cleo.type("b ")], bad)
  const [ana, , source] = await two(program)
  expect(ana.text).toBe("a b a b a b ")
  expect(reported(source)).toEqual(bad.map((each) => engine.hash(each)))
  expect(ana.replica.status.phase).toBe("ready")
})

test("a change that takes the text away is left out like one at which the engine stops", async () => {
  const program = new Program(engine)
  const [ana, , source] = await two(program)
  ana.type("kept")
  await until(() => program.applied > 0)
  const text = program.doc.handle.objInfo("/text").id
  const bad = engine.library.encodeChange({
    ...{ actor: "d0".repeat(16), seq: 1, startOp: 1_000, time: 0, message: null },
    deps: program.doc.heads(),
    ops: [{ action: "del", obj: "_root", key: "text", pred: [text] }],
  } as never)
  program.store([bad], [bad])
  await until(() => source.reported.length > 0 && ana.replica.status.phase === "ready")
  expect(ana.text).toBe("kept")
  expect(reported(source)).toEqual([engine.hash(bad)])
})

test("the program sets the change aside and has everybody open anew, and nothing is lost", async () => {
  const program = new Program(engine)
  const [ana, ben, source] = await two(program)
  source.report = (_session, changes) => program.refuse(changes)
  const cleo = new Elsewhere(program.doc, "c0")
  const bad = poison(program.doc, "d0")
  program.store([cleo.type("a "), bad, cleo.type("b ")], [bad])
  ana.type("mine ")
  const has = (...parts: string[]) =>
    [ana, ben].every(({ text }) => parts.every((part) => text.includes(part)) && text === ben.text)
  await until(() => has("mine ", "a b "))
  await until(() => [ana, ben].every(({ replica }) => replica.status.phase === "ready"))
  ana.type("still ")
  await until(() => has("still ", "mine ", "a b "))
  expect(ben.text.length).toBe("still mine a b ".length)
})

test.each(["applyChanges", "diffIncremental", "marksAt"] as const)(
  "where the engine stops once in %s at changes from elsewhere, nobody is blamed and all arrives",
  async (method) => {
    const program = new Program(engine)
    const failing = new Failing()
    const [ana, ben, source] = await two(program, failing.engine)
    failing.times.set(method, 1)
    ben.type("hello ")
    await until(() => ana.text === "hello ")
    await until(() => ana.replica.status.phase === "ready")
    expect([failing.stopped, source.reported.length]).toEqual([1, 0])
    ana.type("world", 7)
    await until(() => ben.text === "hello world")
    expect(ana.phases).toEqual(["ready", "loading", "ready"])
  },
)

test.each(["commit", "diffIncremental", "marksAt"] as const)(
  "what a person does is written again where the engine stops in %s",
  async (method) => {
    const program = new Program(engine)
    const failing = new Failing()
    const [ana, ben] = await two(program, failing.engine)
    const note = noteSchema.node("paragraph", null, noteSchema.text("a note"))
    failing.times.set(method, 1)
    ana.type("one two")
    ana.view.dispatch(ana.view.state.tr.insert(4, schema.node("footnote", { id: "abcdefghij" })))
    ana.replica.notes.write("abcdefghij", noteSchema.node("doc", null, note))
    const suggestion = ana.replica.newSuggestion()
    ana.replica.flush()
    expect(ana.replica.status).toMatchObject({ phase: "loading", unsent: 1 })
    ana.type("zero ")
    await until(() => ben.text === "zero one two")
    await until(() => ben.replica.notes.read("abcdefghij").textContent === "a note")
    await until(() => ben.replica.root?.suggestions[0]?.id === suggestion)
    await until(() => ana.replica.status.unsent === 0)
    expect(failing.stopped).toBe(1)
    expect(ana.phases).toEqual(["ready", "loading", "ready"])
    expect(ana.text).toBe("zero one two")
    expect(ben.replica.heads).toEqual(ana.replica.heads)
  },
)

test("what waits to be sent is not lost, and sent once", async () => {
  const program = new Program(engine)
  const failing = new Failing()
  const [ana, ben, source] = await two(program, failing.engine)
  let go = () => {}
  const apply = source.apply.bind(source)
  const held = new Promise<void>((done) => (go = done))
  source.apply = async (session, changes) => {
    await held
    return apply(session, changes)
  }
  ana.type("one ")
  ana.replica.flush()
  ana.type("two ", 5)
  ana.replica.flush()
  failing.times.set("commit", 1)
  ana.type("three ", 9)
  ana.replica.flush()
  expect(ana.replica.status.phase).toBe("loading")
  go()
  await until(() => ben.text === "one two three ")
  await until(() => ana.replica.status.unsent === 0)
  expect(ana.text).toBe("one two three ")
  expect(program.applied).toBe(3)
  expect(ana.replica.heads).toEqual(ben.replica.heads)
})

test("what comes while the document is loaded again is taken after", async () => {
  const program = new Program(engine)
  const failing = new Failing()
  const [ana, ben, source] = await two(program, failing.engine)
  let open = () => {}
  source.gate = new Promise((done) => (open = done))
  failing.times.set("applyChanges", 1)
  ben.type("a ")
  await until(() => ana.replica.status.phase === "loading")
  ana.type("mine ")
  ben.type("b ", 3)
  await until(() => program.applied === 2)
  expect(() => ana.replica.edit((root) => root.comment("lost?", []))).toThrow("not loaded")
  open()
  await until(() => ana.replica.status.unsent === 0 && ben.text.includes("mine "))
  await until(() => ana.text === ben.text)
  expect([...ana.text].sort().join("")).toBe([..."a mine b "].sort().join(""))
  expect(source.reported).toEqual([])
})

test("where the program cannot be reached either, it goes on when it can", async () => {
  const program = new Program(engine)
  const failing = new Failing()
  const [ana, ben, source] = await two(program, failing.engine)
  source.online = false
  ana.type("one ")
  await until(() => !ana.replica.status.connected)
  failing.times.set("commit", 1)
  ana.type("two ", 5)
  ana.replica.flush()
  ana.type("three ", 9)
  await until(() => program.read > 2 || ana.replica.status.phase === "loading")
  ben.type("other ")
  await until(() => program.applied === 1)
  source.back()
  await until(() => ana.replica.status.connected && ana.replica.status.unsent === 0)
  await until(() => ben.text.includes("one two three ") && ben.text === ana.text)
  expect(ben.text).toContain("other ")
})

test("where the session is lost as well, what was not sent is made again under another one", async () => {
  const program = new Program(engine)
  const failing = new Failing()
  const [ana, ben, source] = await two(program, failing.engine)
  ana.type("one ")
  await until(() => ben.text === "one ")
  source.taken = true
  failing.times.set("commit", 1)
  ana.type("two ", 5)
  ana.replica.flush()
  ana.type("three ", 9)
  await until(() => ben.text === "one two three ")
  await until(() => ana.replica.status.unsent === 0)
  expect([ana.text, ana.replica.status.phase]).toEqual(["one two three ", "ready"])
})

test("an engine that stops while the document is carried over to another session does no harm", async () => {
  const program = new Program(engine)
  const failing = new Failing()
  const [ana, ben, source] = await two(program, failing.engine)
  source.taken = true
  ana.type("one ")
  ana.replica.flush()
  let open = () => {}
  source.gate = new Promise((done) => (open = done))
  await until(() => program.sessions === 3)
  failing.times.set("commit", 1)
  ana.type("two ", 5)
  open()
  await until(() => ben.text === "one two ")
  await until(() => ana.replica.status.unsent === 0)
  expect(ana.text).toBe("one two ")
  expect(failing.stopped).toBe(1)
})

test("an engine that stops every time ends in a failure, not in a loop", async () => {
  const program = new Program(engine)
  const failing = new Failing()
  const [ana, ben] = await two(program, failing.engine)
  const before = program.read
  failing.times.set("commit", Infinity)
  ana.type("kept on the screen")
  await until(() => ana.replica.status.phase === "failed")
  expect(ana.replica.status.error).toBeInstanceOf(WebAssembly.RuntimeError)
  expect([failing.stopped, program.read - before]).toEqual([4, 3])
  ben.type("x")
  await until(() => program.applied > 0)
  await new Promise((done) => setTimeout(done, 200))
  expect(program.read - before).toBe(3)
  expect(ana.text).toBe("kept on the screen")
})

test("a document that cannot be read at all fails with the reason", async () => {
  const program = new Program(engine)
  const failing = new Failing()
  failing.times.set("spans", Infinity)
  const opened = Person.sits(program.source(), failing.engine)
  await expect(opened).rejects.toThrow(WebAssembly.RuntimeError)
  expect(failing.stopped).toBeLessThan(5)
})

test("who edits what stands beside the text hears that the engine stopped, and may try again", async () => {
  const program = new Program(engine)
  const failing = new Failing()
  const [ana, ben] = await two(program, failing.engine)
  ana.type("text")
  await until(() => ben.text === "text")
  failing.times.set("commit", 1)
  const comment = () => ana.replica.edit((root) => root.comment("why?", [], "abc"))
  expect(comment).toThrow(WebAssembly.RuntimeError)
  await until(() => ana.replica.status.phase === "ready")
  comment()
  await until(() => ben.replica.root?.comments.length === 1)
  // An edit that fails for another reason leaves no trace.
  const reply = () => ana.replica.edit((root) => root.reply("gone", "hello?", []))
  expect(reply).toThrow()
  expect(ana.replica.status.phase).toBe("ready")
  expect(ana.phases).toEqual(["ready", "loading", "ready"])
})

test("what was typed before the document came back arrives although the page was left", async () => {
  const program = new Program(engine)
  const failing = new Failing()
  const [ana, ben] = await two(program, failing.engine)
  failing.times.set("commit", 1)
  ana.type("hello")
  ana.replica.flush()
  ana.type(" world", 6)
  await ana.leave()
  await until(() => ben.text === "hello world")
})
