import { ofName } from "../../names"
import { m } from "../../paraglide/messages.js"
import type { CallFault, CallParticipant, CallStat } from "../../transport/types"

export type Quality = "good" | "weak" | "bad"

/** How the connection to a participant is, in words. */
export type Sentence = { quality: Quality; text: string }

/** What a sentence needs to know of the others in the call. */
export type Around = {
  /** How the person of a device is called; empty: nobody in the call. */
  named: (device: string) => string
  /** The own device. */
  self: string
  /** The device that carries the sound and pictures of all; empty: none. */
  forwarder: string
  /** Whether a super-peer carries them. */
  bySuperPeer: boolean
  /** Whether the small layer is all that this tile can show. */
  tiny: boolean
}

/** Packets of a thousand. */
const many = 100
/** Milliseconds there and back. */
const slow = 400

/** One sentence made of what all sides have measured: what is wrong, whose line it is, what is done. */
export function sentence(
  name: string,
  stat: CallStat,
  participant: CallParticipant,
  around: Around,
): Sentence {
  switch (stat.state) {
    case "waiting":
    case "connecting":
      return { quality: "weak", text: m.call_connecting({ name }) }
    case "interrupted":
      return { quality: "bad", text: m.call_interrupted({ name }) }
  }
  if (stat.fault.kind) return wrong(name, stat, participant, around)
  if (around.bySuperPeer) return { quality: "good", text: m.call_good_super_peer({ name }) }
  const through = carrier(stat, around)
  if (!through && stat.rttMs >= slow)
    return { quality: "weak", text: m.call_slow({ name, ms: stat.rttMs }) }
  return { quality: "good", text: well(name, stat, through) }
}

/** Who carries what comes from a participant, if neither of the two does. */
function carrier({ device }: CallStat, { named, self, forwarder }: Around): string {
  return forwarder === device || forwarder === self ? "" : named(forwarder)
}

function wrong(name: string, stat: CallStat, they: CallParticipant, around: Around): Sentence {
  const { fault } = stat
  const cause = causeOf(fault, around)
  const effect = effectOf(name, stat, they, around.tiny)
  const parts = [m.call_fault({ cause, effect })]
  if (fault.whose === around.self) parts.push(m.call_fault_advice())
  // Somebody else's line: why it matters here.
  const other = [fault.from, fault.to].find((end) => end !== stat.device && end !== around.self)
  if (other !== undefined) parts.push(m.call_fault_through({ of: ofName(around.named(other)) }))
  else if (around.bySuperPeer) parts.push(m.call_fault_super_peer())
  const bad = fault.kind === "loss" && fault.amount >= many
  return { quality: bad ? "bad" : "weak", text: parts.join(" ") }
}

/** What is wrong and where, as a clause. */
function causeOf({ kind, from, to, whose, amount }: CallFault, { named, self }: Around): string {
  const percent = Math.max(1, Math.round(amount / 10))
  const kbps = amount
  const loses = kind === "loss"
  if (whose === self) {
    if (from === self) return loses ? m.call_own_up_loss({ percent }) : m.call_own_up_slow({ kbps })
    return loses ? m.call_own_down_loss({ percent }) : m.call_own_down_slow({ kbps })
  }
  if (whose !== "") {
    const of = ofName(named(whose))
    if (whose === from)
      return loses ? m.call_their_up_loss({ of, percent }) : m.call_their_up_slow({ of, kbps })
    return loses ? m.call_their_down_loss({ of, percent }) : m.call_their_down_slow({ of, kbps })
  }
  if (to === self) {
    const of = ofName(named(from))
    return loses ? m.call_from_loss({ of, percent }) : m.call_from_slow({ of, kbps })
  }
  if (from === self) {
    const name = named(to)
    return loses ? m.call_to_loss({ name, percent }) : m.call_to_slow({ name, kbps })
  }
  const values = { of: ofName(named(from)), other: named(to) }
  return loses
    ? m.call_between_loss({ ...values, percent })
    : m.call_between_slow({ ...values, kbps })
}

/** What that does to what comes from a participant, or goes there, as a clause. */
function effectOf(
  name: string,
  { fault, line }: CallStat,
  they: CallParticipant,
  tiny: boolean,
): string {
  if (!fault.incoming) return m.call_effect_out({ name })
  if (they.camera && line.layerIn === "") return m.call_effect_paused()
  if (they.camera && line.layerIn === "small" && !tiny) return m.call_effect_small()
  return m.call_effect_sound()
}

function well(name: string, { path, rttMs: ms }: CallStat, through: string): string {
  if (through) return m.call_good_forwarder({ name, of: ofName(through) })
  if (path === "lan") return m.call_good_lan({ name, ms })
  return path === "tunnel" ? m.call_good_tunnel({ name, ms }) : m.call_good_direct({ name, ms })
}
