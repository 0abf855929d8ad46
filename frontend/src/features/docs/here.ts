import type { OtherCursor } from "../../editor/replicacursors"
import type { RemoteCursor } from "../../editor/state"
import { hueOf } from "../../ui/hue"

/** Somebody who has the document open. */
export interface Reader {
  person: string
  /** Where they are in the text. */
  head: number
  /** Devices and pages they have it open on. */
  places: number
}

/** The people behind cursors, each once, in the order of their ids so that nobody jumps about. */
export function readers(cursors: readonly OtherCursor[]): Reader[] {
  const found = new Map<string, Reader>()
  for (const { person, head } of cursors) {
    const known = found.get(person)
    if (known) known.places++
    else found.set(person, { person, head, places: 1 })
  }
  return [...found.values()].sort((a, b) => (a.person < b.person ? -1 : 1))
}

/** Cursors as the editor draws them. */
export const drawn = (
  cursors: readonly OtherCursor[],
  name: (person: string) => string,
): RemoteCursor[] =>
  cursors.map(({ person, device, session, anchor, head }) => ({
    key: `${person} ${device} ${session}`,
    name: name(person),
    hue: hueOf(person),
    anchor,
    head,
  }))
