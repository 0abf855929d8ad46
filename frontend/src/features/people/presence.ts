import { ofName } from "../../names"
import { m } from "../../paraglide/messages.js"
import type { Person } from "../../transport/types"
import { brief } from "../settings/dates"

/** Whether somebody is here, in words. */
export function presence(person: Person): string {
  if (person.state === "left") return m.person_left()
  if (person.state === "removed") return m.person_removed()
  if (person.online) return m.online()
  return person.lastSeen ? m.last_seen({ time: brief(person.lastSeen) }) : m.offline_person()
}

/** Whether nobody compared codes with somebody, or not since a new device. */
export const unverified = (person: Person) =>
  !person.self && (person.state === "unverified" || person.state === "new-device")

/** How sure one can be of somebody, in words; `name` says who a person is. */
export function trustOf(person: Person, name: (id: string) => string): string {
  switch (person.state) {
    case "left":
      return m.person_left()
    case "removed":
      return m.person_removed()
    case "suspended":
      return m.person_suspended()
    case "verified":
      return m.person_verified()
    case "new-device":
      return person.verifiedAt ? m.person_new_device() : m.person_new_device_only()
  }
  if (person.admittedBy) return m.person_admitted({ name: name(person.admittedBy) })
  if (person.invitedBy) return m.person_by_invitation({ of: ofName(name(person.invitedBy)) })
  return m.person_unverified()
}

/** What somebody with a role may do, in one sentence. */
export function roleAbout(role: string): string {
  switch (role) {
    case "owner":
      return m.role_owner_about()
    case "admin":
      return m.role_admin_about()
    case "guest":
      return m.role_guest_about()
    default:
      return m.role_member_about()
  }
}

/** A role within a sentence. */
export function asRole(role: string): string {
  switch (role) {
    case "owner":
      return m.as_owner()
    case "admin":
      return m.as_admin()
    case "guest":
      return m.as_guest()
    default:
      return m.as_member()
  }
}

export function roleName(role: string): string {
  switch (role) {
    case "owner":
      return m.role_owner()
    case "admin":
      return m.role_admin()
    case "guest":
      return m.role_guest()
    default:
      return m.role_member()
  }
}
