import { list } from "../../transport/services"
import { out } from "../people/rights"
import type { Channel, Person, Space } from "../../transport/types"

/** Why nobody can write, or would be read: this device is out, the space is closed, the other one is gone, or all are. */
export type Silence = "out" | "closed" | "gone" | "all-gone"

/** Why there is no use in writing in a channel; undefined: there is. */
export function silence(
  channel: Channel,
  space: Space | undefined,
  { people, out: gone }: { people: { get(id: string): Person | undefined }; out: boolean },
): Silence | undefined {
  if (gone) return "out"
  if (space?.closed) return "closed"
  if (channel.kind !== "direct") return undefined
  const others = list(channel.people)
    .map((id) => people.get(id))
    .filter((person) => !person?.self)
  if (others.length === 0 || !others.every((person) => out(person))) {
    return undefined
  }
  return others.length === 1 ? "gone" : "all-gone"
}
