import type { Person } from "../../transport/types"

export const roles = ["owner", "admin", "member", "guest"] as const
export type Role = (typeof roles)[number]

/** Whether somebody lets others in and removes them. */
export const leads = (person: Person | undefined) =>
  person?.role === "owner" || person?.role === "admin"

/** What one person may do to another one. */
export type Rights = { role: boolean; remove: boolean; handOver: boolean; confirm: boolean }

/** Owners change roles, owners and admins remove, both only of those who stand below them. */
export function rights(self: Person | undefined, other: Person): Rights {
  const here = other.state !== "removed"
  const below = here && !other.self && other.below && leads(self)
  return {
    role: below && self?.role === "owner" && other.state !== "suspended",
    remove: below,
    handOver: self !== undefined && takesOver(self, other),
    confirm: other.state === "suspended" && !other.self && leads(self),
  }
}

/** Whether the first owner may hand the workspace over to somebody. */
export const takesOver = (self: Person, other: Person) =>
  self.first &&
  !other.self &&
  !["removed", "suspended"].includes(other.state) &&
  other.role !== "guest"
