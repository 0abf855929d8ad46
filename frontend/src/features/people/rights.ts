import type { Person } from "../../transport/types"

export const roles = ["owner", "admin", "member", "guest"] as const
export type Role = (typeof roles)[number]

/** Whether somebody lets others in and removes them. */
export const leads = (person: Person | undefined) =>
  person?.role === "owner" || person?.role === "admin"

/** Whether somebody left or was removed. */
export const out = (person: Person | undefined) =>
  person?.state === "left" || person?.state === "removed"

/** Whether somebody is in and waits for no confirmation. */
const settled = (person: Person) => !out(person) && person.state !== "suspended"

/** What one person may do to another one. */
export type Rights = { role: boolean; remove: boolean; handOver: boolean; confirm: boolean }

/** Owners change roles, owners and admins remove, both only of those who stand below them. */
export function rights(self: Person | undefined, other: Person): Rights {
  const here = !out(other)
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
  self.first && !other.self && settled(other) && other.role !== "guest"

/** Who can be a trustee: everybody who is in, guests left out. */
export const mayBeTrustee = (person: Person) => settled(person) && person.role !== "guest"

/** How many of some trustees together depose somebody, unless one says so: more than half. */
export const majority = (trustees: number) => Math.floor(trustees / 2) + 1

/** The trustees to begin with: oneself, then those with an office, three in all; `people` by name. */
export function proposedTrustees(people: readonly Person[]): string[] {
  const order = (one: Person) => (one.self ? -1 : roles.indexOf(one.role as Role))
  return people
    .filter(mayBeTrustee)
    .sort((a, b) => order(a) - order(b))
    .slice(0, 3)
    .map(({ id }) => id)
}

/** Whether somebody can be deposed: only who has an office. */
export const holdsOffice = (person: Person) => leads(person) && settled(person)
