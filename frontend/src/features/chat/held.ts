import { m } from "../../paraglide/messages.js"

/** Who holds what is not on all devices yet, in words. heldBy counts the super-peer too. */
export function heldText(heldBy: number, bySuperPeer: boolean): string {
  if (!bySuperPeer) return heldBy > 1 ? m.state_held_by({ count: heldBy }) : m.state_held()
  return heldBy > 1 ? m.state_held_super_peer_and({ count: heldBy - 1 }) : m.state_held_super_peer()
}
