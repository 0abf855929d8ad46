// Writes changes made by two versions of Automerge for JavaScript, and what these
// say about them, to 2.2.9.json and 3.5.0.json:
//
//	node crdt/doc/change/testdata/make.mjs
import { createRequire } from "node:module"
import { writeFileSync } from "node:fs"
import { deflateRawSync } from "node:zlib"

const here = new URL(".", import.meta.url)
const require = createRequire(new URL("../../../../frontend/package.json", here))
const root = Buffer.from(
  "hW9Kg7ga9kcBZwAQAAAAAAAAAAAAAAAAAAAAAAEBAAAABhU2NAFCBVYEVwFwAnkGcGFydmlzBHRleHQFbm90ZXMIY29tbWVudHMLc3VnZ2VzdGlvbnMEcGFnZQh2ZXJzaW9ucwd+AQQFAH8UBgABBwA=",
  "base64",
)

let seed = 1
const random = (below) => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return (seed >>> 8) % below
}
const actor = (n) => (n + 1).toString(16).padStart(4, "0").repeat(8)

/** The change as a compressed chunk: the same checksum, type 2, the rest packed. */
function compress(change) {
  let at = 9
  while (change[at++] & 0x80);
  const packed = deflateRawSync(change.subarray(at))
  const length = []
  for (let n = packed.length; ; n >>>= 7) {
    length.push(n < 128 ? n : (n & 127) | 128)
    if (n < 128) break
  }
  return Buffer.concat([change.subarray(0, 8), Buffer.from([2, ...length]), packed])
}

const cases = {
  root: () => {},
  typing: (A, p) => {
    const text = "The quick brown fox jumps over the lazy dog."
    for (let i = 0; i < text.length; i++) p.change((d) => A.splice(d, ["text"], i, 0, text[i]))
    p.change((d) => A.splice(d, ["text"], 4, 6, ""))
  },
  unicode: (A, p) => {
    p.change((d) => A.splice(d, ["text"], 0, 0, "Grüße, 世界! 👩‍👩‍👧‍👦 e\u0301 \u202eabc\u202c \u0000 ﷽"))
    p.change((d) => A.splice(d, ["text"], 8, 2, "ñ"))
    p.change((d) => (d.notes["ключ 🔑"] = "değer"), "Nachricht mit Ümläuten ✓")
  },
  marks: (A, p) => {
    p.change((d) => A.splice(d, ["text"], 0, 0, "one two three four"))
    p.change((d) => A.mark(d, ["text"], { start: 0, end: 3, expand: "both" }, "strong", true))
    p.change((d) => A.mark(d, ["text"], { start: 4, end: 9, expand: "none" }, "link", '{"href":"https://example.org","title":""}'))
    p.change((d) => A.unmark(d, ["text"], { start: 1, end: 2, expand: "both" }, "strong"))
  },
  blocks: (A, p, S) => {
    p.change((d) => A.splitBlock(d, ["text"], 0, { type: new S("heading"), parents: [], attrs: { level: 2 }, isEmbed: false }))
    p.change((d) => A.splice(d, ["text"], 1, 0, "Title"))
    p.change((d) =>
      A.splitBlock(d, ["text"], 6, {
        type: new S("task-list-item"), parents: [new S("blockquote")], attrs: { checked: true }, isEmbed: false,
      }),
    )
    p.change((d) => A.updateBlock(d, ["text"], 0, { type: new S("paragraph"), parents: [], attrs: {}, isEmbed: false }))
    p.change((d) => A.joinBlock(d, ["text"], 6))
  },
  values: (A, p, S) => {
    p.change((d) => {
      d.page = {
        int: 1, negative: -1234567, zero: 0, float: 1.5, big: 2 ** 52, uint: new A.Uint(7), yes: true, no: false, none: null,
        bytes: new Uint8Array([0, 1, 255]), date: new Date(1700000000123), counter: new A.Counter(10),
        string: new S("raw"), list: [1, "two", [3, { four: 4 }]], empty: new S(""), nothing: new Uint8Array(0),
      }
    })
    p.change((d) => d.page.counter.increment(5))
    p.change((d) => d.page.counter.decrement(500))
    p.change((d) => d.page.list.splice(0, 2))
    p.change((d) => delete d.page.bytes)
    p.empty("nothing")
  },
  many: (A, p) => {
    const people = Array.from({ length: 24 }, (_, n) => p.other(n + 10))
    for (let round = 0; round < 2; round++) {
      for (const [n, person] of people.entries()) {
        const length = A.getHeads(person.doc) && person.doc.text.length
        person.change((d) => {
          A.splice(d, ["text"], random(length + 1), 0, `${n}`)
          d.page.same = n
          if (length > 3) A.splice(d, ["text"], random(length - 2), 2, "")
        })
        const other = people[random(people.length)]
        if (round > 0 && other !== person) other.merge(person)
      }
      for (const person of people) p.merge(person)
      for (const person of people) person.merge(p)
    }
    p.change((d) => A.splice(d, ["text"], 0, p.doc.text.length, "all gone"))
  },
  paste: (A, p) => {
    let text = ""
    while (text.length < 3000) text += `${["lorem", "ipsum", "dolor", "sit", "amet"][random(5)]} ${random(1000)} `
    p.change((d) => A.splice(d, ["text"], 0, 0, text))
    p.change((d) => A.splice(d, ["text"], 500, 1500, ""))
  },
  large: (A, p) => {
    p.change((d) => {
      for (let i = 0; i < 10500; i++) A.splice(d, ["text"], i % 7, 0, "ab"[i % 2])
    })
  },
}

for (const [module, file] of [["@automerge/automerge/next", "2.2.9"], ["automerge-latest", "3.5.0"]]) {
  const A = require(module)
  const S = A.RawString ?? A.ImmutableString
  class Person {
    constructor(doc) {
      this.doc = doc
      this.time = 1700000000
    }
    change(edit, message) {
      this.time += 1
      this.doc = A.change(this.doc, { time: this.time, message }, (d) => void edit(d))
    }
    empty(message) {
      this.time += 1
      this.doc = A.emptyChange(this.doc, { time: this.time, message })
    }
    other(n) {
      return new Person(A.clone(this.doc, { actor: actor(n) }))
    }
    merge(other) {
      if (other !== this) this.doc = A.merge(this.doc, other.doc)
    }
  }
  const written = {}
  for (const [name, make] of Object.entries(cases)) {
    seed = 1
    const [start] = A.applyChanges(A.init({ actor: actor(0) }), [new Uint8Array(root)])
    const person = new Person(start)
    make(A, person, S)
    const changes = A.getAllChanges(person.doc).map((bytes) => {
      const c = A.decodeChange(bytes)
      return {
        data: Buffer.from(bytes).toString("base64"), hash: c.hash, actor: c.actor, seq: c.seq, startOp: c.startOp,
        nops: c.ops.length, time: c.time, message: c.message ?? "", deps: c.deps,
      }
    })
    const packed = A.getAllChanges(person.doc).map((bytes) => compress(Buffer.from(bytes)))
    const again = A.load(new Uint8Array(Buffer.concat(packed)))
    if (A.getHeads(again).join() !== A.getHeads(person.doc).join()) throw new Error(`${name}: compressed changes differ`)
    if (name === "paste" || name === "marks") changes.forEach((c, i) => (c.compressed = packed[i].toString("base64")))
    written[name] = { changes, heads: A.getHeads(person.doc), file: Buffer.from(A.save(person.doc)).toString("base64") }
  }
  writeFileSync(new URL(`${file}.json`, here), JSON.stringify(written, null, 1) + "\n")
}
