import { list } from "../../transport/services"
import type { Peer, Status, Workspace } from "../../transport/types"

/** What stands between a message and its readers. */
export type Connection = "lost" | "offline" | "alone" | "online"

/**
 * The connected devices that count for a workspace. A super-peer counts where the workspace has
 * one that answers: else it is another one's, or the banner says that it cannot be reached.
 */
export function peersFor(status: Status | undefined, workspace: Workspace | undefined): Peer[] {
  const here = workspace?.state !== "ready" || workspace.superPeersUp > 0
  return list(status?.peers).filter((peer) => here || peer.path !== "super-peer")
}

/** How this device is connected, as seen from the workspace that is shown. */
export function connectionOf(
  reachable: boolean,
  status: Status | undefined,
  workspace: Workspace | undefined,
): Connection {
  if (!reachable) return "lost"
  if (status?.network === "offline") return "offline"
  const superPeer = workspace?.state === "ready" && workspace.superPeersUp > 0
  return superPeer || peersFor(status, workspace).length > 0 ? "online" : "alone"
}
