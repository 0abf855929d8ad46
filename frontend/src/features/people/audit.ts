import { m } from "../../paraglide/messages.js"
import { list } from "../../transport/services"
import type { AuditGiven, AuditLine } from "../../transport/types"
import { roleName } from "./presence"

/** A role in the middle of a sentence. */
const role = (name: string) => roleName(name).toLocaleLowerCase()

const short = (id: string) => id.slice(0, 8)

/** With which role and device somebody did something. */
export function author(line: AuditLine): string {
  const role = roleName(line.role)
  return line.number < 0
    ? m.audit_by_paper({ role })
    : m.audit_by_device({ role, number: line.number + 1 })
}

/** What a line says was done, without who did it. */
export function act(line: AuditLine, name: (id: string) => string = short): string {
  return (coming(line) ?? device(line) ?? office(line) ?? team(line, name)) || line.text
}

function coming(line: AuditLine): string | undefined {
  const { name, about } = line
  switch (line.what) {
    case "founded":
      return m.audit_founded()
    case "admitted":
      return about.kind === "instant"
        ? m.audit_admitted_instant({ name, role: role(about.role) })
        : m.audit_admitted_codes({ name, role: role(about.role) })
    case "joined":
      return m.audit_joined({ name, role: role(about.role) })
    case "confirmed":
      return m.audit_confirmed({ name })
    case "invited": {
      const invitation = { count: about.count, role: role(about.role) }
      return about.kind === "codes"
        ? m.audit_invited_codes(invitation)
        : m.audit_invited_instant(invitation)
    }
    case "withdrew-invitation":
      return m.audit_withdrew_invitation({ name })
  }
}

function device(line: AuditLine): string | undefined {
  const number = line.about.number + 1
  switch (line.what) {
    case "added-device":
      return m.audit_added_device({ number })
    case "removed-device":
      return line.by === line.person
        ? m.audit_removed_own_device({ number })
        : m.audit_removed_device({ number, name: line.name })
    case "renewed-device-key":
      return m.audit_renewed_device_key()
  }
}

/** The reason of a removal that says that devices were lost. */
const lost = 2

function office(line: AuditLine): string | undefined {
  const { name, about } = line
  const was = role(about.was)
  switch (line.what) {
    case "set-role":
      return m.audit_set_role({ name, was, role: role(about.role) })
    case "removed-person":
      return about.kind === "left"
        ? m.audit_confirmed_leave({ name, was })
        : about.count === lost
          ? m.audit_removed_lost({ name, was })
          : m.audit_removed_person({ name, was })
    case "deposed":
      return m.audit_deposed({ name, was, count: about.count })
    case "handed-over":
      return m.audit_handed_over({ name })
    case "left":
      return m.audit_left()
  }
}

function team(line: AuditLine, name: (id: string) => string): string | undefined {
  const { about } = line
  const people = list(line.given)
    .map((given) => given.name)
    .join(", ")
  switch (line.what) {
    case "made-space":
      if (about.kind === "self") return m.audit_made_self()
      return about.kind === "group"
        ? m.audit_made_group({ people })
        : m.audit_made_private({ people, space: about.spaceName })
    case "changed-space":
      return m.audit_changed_space({ space: space(line), changes: changes(line).join(", ") })
    case "made-key":
      return m.audit_made_key({ space: space(line) })
    case "set-policy":
      return policy(line, name)
    case "changed-super-peers":
      return superPeers(line)
    case "acknowledged":
      return m.audit_acknowledged()
  }
}

/** A space in the middle of a sentence, so that it is known from others. */
function space({ about }: AuditLine): string {
  const name = about.spaceName
  switch (about.kind) {
    case "main":
      return m.audit_the_main_space()
    case "self":
      return m.audit_the_self_space()
    case "group":
      return m.audit_the_conversation({ name })
    default:
      return m.audit_the_private_space({ name })
  }
}

function changes(line: AuditLine): string[] {
  const { history, closed } = line.about
  const all = list(line.given).map(access)
  if (history === "full") all.push(m.audit_space_history_full())
  if (history === "from-join") all.push(m.audit_space_history_later())
  if (closed === "yes") all.push(m.audit_space_closed())
  if (closed === "no") all.push(m.audit_space_open())
  return all.length > 0 ? all : [m.audit_space_name()]
}

function access({ name, access }: AuditGiven): string {
  switch (access) {
    case "none":
      return m.audit_space_out({ name })
    case "read":
      return m.audit_space_read({ name })
    case "admin":
      return m.audit_space_admin({ name })
    default:
      return m.audit_space_write({ name })
  }
}

function policy(line: AuditLine, name: (id: string) => string): string {
  const { count, kind } = line.about
  const invitations =
    kind === "instant" ? m.audit_invitations_instant() : m.audit_invitations_codes()
  if (count === 0) return m.audit_policy_none({ invitations })
  const people = list(line.added).map(name).join(", ")
  return m.audit_policy_quorum({ count, people, invitations })
}

function superPeers(line: AuditLine): string {
  const added = list(line.added).length
  const removed = list(line.removed).length
  return [
    added > 0 ? m.audit_added_super_peers({ count: added }) : "",
    removed > 0 ? m.audit_removed_super_peers({ count: removed }) : "",
  ]
    .filter(Boolean)
    .join(", ")
}

/** Why a line does not count; empty where it does. */
export function reason(line: AuditLine): string {
  if (line.kept) return ""
  const why = { name: line.reasonBy, line: line.because }
  return line.restsOn === line.n
    ? m.audit_void(why)
    : m.audit_void_rests({ ...why, rests: line.restsOn })
}
