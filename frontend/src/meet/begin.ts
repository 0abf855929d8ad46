import { parseFragment, type Bytes } from "./keys"

/** Why there is nothing to join. */
export type Obstacle = "link" | "newer" | "insecure" | "unsupported"

export type Start = { secret: Bytes; address: string } | { obstacle: Obstacle }

/** Where the secret lies while this tab lives, so that the page can be loaded again. */
const kept = "parvis-meeting"

type Scope = {
  isSecureContext: boolean
  location: Location
  history: History
  sessionStorage: Storage
}

/** Reads the link and takes its secret out of the address bar and the history. */
export async function begin(scope: Scope): Promise<Start> {
  const fragment = scope.location.hash.slice(1) || (scope.sessionStorage.getItem(kept) ?? "")
  scope.history.replaceState(null, "", scope.location.pathname)
  if (!scope.isSecureContext) return { obstacle: "insecure" }
  if (!("RTCPeerConnection" in scope) || !globalThis.crypto?.subtle)
    return { obstacle: "unsupported" }
  const secret = await parseFragment(fragment)
  if (typeof secret === "string") return { obstacle: secret }
  scope.sessionStorage.setItem(kept, fragment)
  const address = scope.location.origin.replace(/^http/, "ws") + scope.location.pathname
  return { secret, address: address.replace(/\/$/, "") }
}
