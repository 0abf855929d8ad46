import type { Workspace } from "../../transport/types"

/** What is known where a super-peer could be suggested. */
type Situation = {
  workspace: Workspace | undefined
  /** Whether somebody was invited, as far as this window knows. */
  invited: boolean
  /** Whether the suggestion was put away. */
  dismissed: boolean
}

/** The name under which the suggestion is put away. */
export const hintOf = (workspace: Workspace) => `super-peer/${workspace.id}`

/**
 * Where a super-peer is suggested, to those who can add one: in the welcome while the owner is
 * alone, as a banner once there is somebody to be away.
 */
export function suggestion({
  workspace,
  invited,
  dismissed,
}: Situation): "welcome" | "banner" | "" {
  if (workspace?.role !== "owner" || workspace.superPeers > 0 || dismissed) return ""
  return workspace.people > 1 || invited ? "banner" : "welcome"
}
