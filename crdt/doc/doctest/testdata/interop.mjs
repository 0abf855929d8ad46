// Automerge in JavaScript beside the engines in Go. Usage, from anywhere:
//   node interop.mjs <frontend folder> <package> read      documents on stdin, what is in them on stdout
//   node interop.mjs <frontend folder> <package> write <seed> <count> <root change, base64>
// A document is one line of JSON: {changes: [base64], file: base64, heads, texts: {name: spans}}.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const [frontend, name, mode, ...rest] = process.argv.slice(2)
const A = createRequire(`${frontend}/package.json`)(name)
const Scalar = A.ImmutableString ?? A.RawString

const base64 = (bytes) => Buffer.from(bytes).toString('base64')
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'))

/** A scalar as doctest.SpanText writes it. */
function scalar(v) {
  if (v === null || v === undefined) return 'null'
  if (v instanceof Uint8Array) return Buffer.from(v).toString('hex')
  if (v instanceof Date) return String(v.getTime())
  if (typeof v === 'number' || typeof v === 'boolean') return String(v)
  if (typeof v === 'string') return quote(v)
  if (v instanceof Scalar) return quote(v.toString())
  if (v instanceof A.Counter) return String(v.value)
  return '?'
}

/** Strings travel as JSON and are quoted by Go. */
const quote = (text) => ({ quoted: text })

/** Spans with neighbours joined and everything in a fixed order. */
function spansOf(doc, path) {
  const out = []
  for (const span of A.spans(doc, path)) {
    if (span.type === 'block') {
      const { type, parents, attrs, isEmbed } = span.value
      out.push({
        block: String(type ?? ''),
        parents: (parents ?? []).map(String),
        embed: isEmbed === true,
        attrs: Object.keys(attrs ?? {}).sort().map((key) => [key, scalar(attrs[key])]),
      })
      continue
    }
    const marks = Object.keys(span.marks ?? {}).filter((key) => span.marks[key] !== null).sort().map((key) => [key, scalar(span.marks[key])])
    const last = out.at(-1)
    if (last?.marks && JSON.stringify(last.marks) === JSON.stringify(marks)) last.text += span.value
    else out.push({ text: span.value, marks })
  }
  return out
}

function describe(doc) {
  const texts = { text: spansOf(doc, ['text']) }
  for (const id of Object.keys(doc.notes).sort()) texts[`notes/${id}`] = spansOf(doc, ['notes', id])
  return { heads: A.getHeads(doc).slice().sort(), texts }
}

async function read() {
  for await (const line of createInterface({ input: process.stdin })) {
    const { changes, file } = JSON.parse(line)
    const loaded = A.load(bytes(file))
    const [applied] = A.applyChanges(A.init(), changes.map(bytes))
    console.log(JSON.stringify({ loaded: describe(loaded), applied: describe(applied) }))
  }
}

/** mulberry32 */
function random(seed) {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const block = (pick, rng) => ({
  type: new Scalar(pick('paragraph', 'heading', 'code-block', 'image')),
  parents: rng(3) === 0 ? [new Scalar('blockquote')] : [],
  attrs: { level: rng(4), align: new Scalar(pick('left', 'center')), checked: rng(2) === 0, part: rng(4) / 4 + 0.125 },
  isEmbed: rng(5) === 0,
})

/** A place that is not inside a character: Automerge 2 makes files of edits there that Automerge 3 cannot load. */
const outside = (d, at) => (/[\uDC00-\uDFFF]/.test(d.text.charAt(at)) ? at + 1 : at)

/** One random edit. Places beyond the end are cut. */
function edit(d, rng) {
  const pick = (...from) => from[rng(from.length)]
  const length = d.text.length
  const at = outside(d, rng(length + 1))
  switch (rng(11)) {
    case 0: case 1: case 2:
      return A.splice(d, ['text'], at, 0, pick('a', 'word ', 'é', '漢字', '😀', 'e\u0301', '\n', 'שלום'))
    case 3:
      return A.splice(d, ['text'], at, outside(d, Math.min(at + rng(4), length)) - at, '')
    case 4: case 5:
      return A.splitBlock(d, ['text'], at, block(pick, rng))
    case 6: {
      if (length < 2) return
      const start = outside(d, rng(length - 1))
      const end = outside(d, Math.min(length, start + 1 + rng(length)))
      if (start >= end) return
      const range = { start, end, expand: pick('none', 'before', 'after', 'both') }
      const [mark, value] = pick(['strong', true], ['color', '#ff00ff'], ['size', 12], ['comment:a', true])
      return rng(3) === 0 ? A.unmark(d, ['text'], range, mark) : A.mark(d, ['text'], range, mark, value)
    }
    case 7:
      d.count ? d.count.increment(rng(10) - 5) : (d.count = new A.Counter(rng(5)))
      return
    case 8: {
      const id = pick('a', 'b')
      if (d.notes[id] === undefined) d.notes[id] = ''
      return A.splice(d, ['notes', id], 0, 0, pick('note', '😀'))
    }
    case 9: {
      const id = pick('p', 'q')
      if (rng(3) === 0) return void delete d.comments[id]
      d.comments[id] = { resolved: rng(2) === 0, messages: { m: { text: new Scalar('hi'), at: rng(1000), raw: new Uint8Array([0, 255]), when: new Date(rng(1000)) } } }
      return
    }
    case 10:
      d.page.list = [1, -2.5, null, new Scalar('x'), 'editable', { deep: true }].slice(rng(6))
      return
  }
}

function write(seed, count, root) {
  for (let i = 0; i < count; i++) {
    const rng = random(seed + i)
    let people = [1, 2, 3].map((n) => A.applyChanges(A.init({ actor: `0${n}`.repeat(16) }), [root])[0])
    for (let step = 0; step < 30; step++) {
      const who = rng(people.length)
      const other = rng(people.length)
      if (rng(3) === 0 && other !== who) people[who] = A.merge(people[who], people[other])
      people[who] = A.change(people[who], { time: 1 }, (d) => {
        for (let n = rng(3); n >= 0; n--) edit(d, rng)
      })
    }
    let all = people[0]
    for (const other of people.slice(1)) all = A.merge(all, other)
    console.log(JSON.stringify({ changes: A.getAllChanges(all).map(base64), file: base64(A.save(all)), ...describe(all) }))
  }
}

if (mode === 'read') await read()
else write(Number(rest[0]), Number(rest[1]), bytes(rest[2]))
