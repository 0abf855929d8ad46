import { m } from "../../paraglide/messages.js"
import type { Person } from "../../transport/types"
import { brief } from "../settings/dates"

/** Whether somebody is here, in words. */
export function presence(person: Person): string {
  if (person.online) return m.online()
  return person.lastSeen ? m.last_seen({ time: brief(person.lastSeen) }) : m.offline_person()
}

/** Whether nobody compared codes with somebody, or not since a new device. */
export const unverified = (person: Person) =>
  !person.self && (person.state === "unverified" || person.state === "new-device")

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
