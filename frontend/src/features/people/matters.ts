import { ofName } from "../../names"
import { m } from "../../paraglide/messages.js"
import type { Matter } from "../../transport/types"
import { asRole } from "./presence"

/** What can be done about a matter, beside putting it aside. */
export type MatterAct = "invite" | "role" | "remove" | "confirm" | "write" | "devices" | "device"

/** What happened, and what that means. */
export type MatterText = { title: string; about: string }

/** A matter in words. `name` knows people by their ids. */
export function matterText(one: Matter, name: (id: string) => string, self: string): MatterText {
  const who = one.person ? name(one.person) : m.somebody()
  const by = one.by ? name(one.by) : m.somebody()
  if (one.act === "invitation")
    return { title: m.matter_not_kept_invitation(), about: m.matter_not_kept_invitation_about() }
  switch (one.kind) {
    case "suspended":
      return { title: m.matter_suspended({ who }), about: m.matter_suspended_about({ by }) }
    case "fork":
      return fork(one, who, self)
    case "lost":
      return one.act === "role"
        ? { title: m.matter_lost({ who }), about: m.matter_lost_role({ role: asRole(one.role) }) }
        : { title: m.matter_lost({ who }), about: m.matter_lost_in() }
  }
  const own = one.by === self && !one.decide
  return {
    title: notKept(one, by, who),
    about: own ? m.matter_not_kept_own() : m.matter_not_kept_about({ by }),
  }
}

function fork(one: Matter, who: string, self: string): MatterText {
  if (one.this) return { title: m.matter_fork_this(), about: m.matter_fork_this_about() }
  if (one.person === self) {
    const name = one.deviceName || one.number
    return { title: m.matter_fork_own({ name }), about: m.matter_fork_own_about() }
  }
  return {
    title: m.matter_fork({ number: one.number, of: ofName(who) }),
    about: one.decide ? m.matter_fork_about({ who }) : m.matter_fork_tell(),
  }
}

/** That somebody took an office of the own person, in words. */
export function loweredText(one: Matter, name: (id: string) => string, workspace: string): string {
  const by = one.by ? name(one.by) : m.somebody()
  const words = { by, workspace, role: asRole(one.role), was: asRole(one.was) }
  return one.act === "deposition" ? m.role_lowered_together(words) : m.role_lowered(words)
}

function notKept(one: Matter, by: string, who: string): string {
  switch (one.act) {
    case "let-in":
      return m.matter_not_kept_in({ by, who })
    case "role":
      return m.matter_not_kept_role({ by, who, role: asRole(one.role) })
    case "device-removal":
      return m.matter_not_kept_device({ by, who })
    default:
      return m.matter_not_kept_removal({ by, who })
  }
}

/** What would help with a matter, the first thing first. */
function wanted(one: Matter, self: string): MatterAct[] {
  switch (one.kind) {
    case "suspended":
      return ["confirm", "remove"]
    case "fork":
      if (one.this) return []
      return one.person === self ? ["devices"] : ["device", "write"]
    case "lost":
      return ["invite"]
  }
  switch (one.act) {
    case "let-in":
      return ["invite"]
    case "role":
      return ["role"]
    case "removal":
      return ["remove"]
    default:
      return []
  }
}

/** What the person who uses this device may do about a matter. */
export const matterActs = (one: Matter, self: string, may: Record<MatterAct, boolean>) =>
  wanted(one, self).filter((act) => may[act])
