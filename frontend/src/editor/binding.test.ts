import { beforeAll, expect, test } from "vitest"
import { act, anyTokens } from "./acts.testing"
import type { Engine } from "./engine"
import { writeEdits } from "./flatedit"
import { Peer, Random, startEngine } from "./peers.testing"
import { rootBytes } from "./root"

let engine: Engine
beforeAll(async () => {
  engine = await startEngine()
})

/** What a session found: where the screen or the mirror had to be put right, and how often a view was adjusted. */
interface Found {
  problems: string[]
  adjusted: number
}

/** Every third session begins with a document that no program here would have written. */
function beginning(seed: number): Uint8Array {
  if (seed % 3 > 0) return rootBytes()
  const doc = engine.load(rootBytes(), "0f".repeat(16))
  const insert = anyTokens(new Random(seed), 20)
  const made = doc.change(0, () => {
    writeEdits(doc, "/text", { markers: [], marks: [], splices: [{ at: 0, del: 0, insert }] })
  })
  expect(made).not.toBeNull()
  return doc.save()
}

function session(seed: number): Found {
  const random = new Random(seed)
  const file = beginning(seed)
  const peers = Array.from(
    { length: 2 + (seed % 2) },
    (_, at) => new Peer(engine, `${at + 1}`.repeat(32), file),
  )
  const problems: string[] = []
  const check = (peer: Peer, when: string) => {
    const problem = peer.check()
    if (problem) problems.push(`seed ${seed}, ${when}: ${problem}`)
  }
  for (let round = 0; round < 6; round++) {
    for (const peer of peers) {
      for (let n = random.below(6); n >= 0; n--) {
        act(peer, random)
        if (random.below(2) > 0) peer.flush()
        if (!peer.binding.dirty) check(peer, `round ${round}, own edit`)
      }
      peer.flush()
      check(peer, `round ${round}, own edits`)
    }
    const sent = peers.map((peer) => peer.sent)
    for (const peer of peers) peer.sent = []
    for (const [at, peer] of peers.entries()) {
      for (const [from, changes] of sent.entries())
        if (from !== at && changes.length > 0) peer.receive(changes)
      check(peer, `round ${round}, edits of others`)
    }
  }
  together(peers)
  for (const { engine } of peers) engine.free()
  return { problems, adjusted: peers.reduce((sum, peer) => sum + peer.binding.adjusted, 0) }
}

/** Hands everything to everybody until nobody has anything new, then compares. */
function together(peers: readonly Peer[]): void {
  for (let again = true; again;) {
    again = false
    for (const peer of peers) {
      const changes = peer.sent
      peer.sent = []
      if (changes.length === 0) continue
      again = true
      for (const other of peers) if (other !== peer) other.receive(changes)
    }
  }
  const [first, ...others] = peers
  for (const peer of others) {
    expect(peer.engine.heads()).toEqual(first?.engine.heads())
    expect(peer.engine.tokens("/text")).toEqual(first?.engine.tokens("/text"))
    expect(peer.state.doc.eq(peer.binding.whole())).toBe(true)
    expect(peer.state.doc.toJSON()).toEqual(first?.state.doc.toJSON())
  }
}

const sessions = Number(process.env.PARVIS_SESSIONS ?? 300)

test("random sessions of two and three people end with equal documents and equal screens", () => {
  const found: Found = { problems: [], adjusted: 0 }
  for (let seed = 1; seed <= sessions; seed++) {
    const { problems, adjusted } = session(seed)
    found.problems.push(...problems)
    found.adjusted += adjusted
  }
  console.log(`${sessions} sessions: put right ${found.problems.length} times`, found.problems)
  expect(found.problems).toEqual([])
}, 900_000)
