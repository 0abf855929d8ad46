import { explain } from "../../explain"
import { m } from "../../paraglide/messages.js"
import { getLocale } from "../../paraglide/runtime.js"
import { apiError } from "../../transport/transport"
import type { Peer, SuperPeer } from "../../transport/types"

/** How a device is reached, in words. */
export function pathName(path: string): string {
  switch (path) {
    case "lan":
      return m.path_lan()
    case "punched":
      return m.path_punched()
    case "relayed":
      return m.path_relayed()
    case "super-peer":
      return m.path_super_peer()
    default:
      return m.path_direct()
  }
}

/** The part of a peer id that people can tell apart: their beginnings are all alike. */
export const shortId = (id: string) => id.slice(-8)

/** Who or what a connected device is. */
export function peerName(peer: Peer): string {
  if (peer.path === "super-peer") return m.peer_super_peer({ id: shortId(peer.peer) })
  return peer.name || shortId(peer.peer)
}

/** How a super-peer stands, in words. */
export function superPeerState(state: string): string {
  switch (state) {
    case "connected":
      return m.super_peer_connected()
    case "refused":
      return m.super_peer_refused()
    case "full":
      return m.super_peer_full()
    default:
      return m.super_peer_connecting()
  }
}

/** How full the share of a super-peer is; undefined: not known. One that takes nothing more is full. */
export function roomOf(superPeer: SuperPeer): { part: number; words: string } | undefined {
  const { state, used, limit } = superPeer
  if (state === "full") return { part: 1, words: m.super_peer_room_none({ used: size(used) }) }
  if (limit <= 0) return undefined
  const words = m.super_peer_room({ used: size(used), limit: size(limit) })
  return { part: Math.min(used / limit, 1), words }
}

/** Why a super-peer is not connected: the words of the network check for that case. */
function unreached(superPeer: SuperPeer): string {
  const texts = m as unknown as Record<
    string,
    ((values: Record<string, string>) => string) | undefined
  >
  const code = `check_${superPeer.problemCode.replaceAll("-", "_")}`
  const values = { v0: superPeer.id.slice(-8), v1: superPeer.addrs.join(", ") }
  const said = [texts[code]?.(values), texts[`${code}_remedy`]?.(values)]
  return said[0] ? said.filter(Boolean).join(" ") : superPeer.problem
}

/** What to do about a super-peer; empty: nothing. */
export function superPeerProblem(superPeer: SuperPeer): string {
  switch (superPeer.problemCode) {
    case "damaged":
      return m.super_peer_damaged_problem()
    case "forgetful":
      return m.super_peer_forgetful_problem()
    case "stranger":
      return m.super_peer_refused_problem()
    case "full":
      return m.super_peer_full_problem()
    case "quota":
      return m.super_peer_quota_problem()
    case "quota-today":
      return m.super_peer_quota_today_problem()
    case "nearly-full":
      return m.super_peer_nearly_full_problem()
  }
  if (superPeer.problemCode.startsWith("super-peer-")) return unreached(superPeer)
  // That it refuses is a problem only after a while, but the remedy is the same.
  if (superPeer.state === "refused") return m.super_peer_refused_problem()
  return superPeer.problem
}

/** Why a super-peer could not be added, with a remedy. */
export function explainSetup(reason: unknown): string {
  const code = apiError(reason).code
  switch (code) {
    case "offline":
    case "timeout":
      return m.super_peer_error_offline()
    case "is-invitation":
      return m.super_peer_error_invitation()
    case "is-device-link":
      return m.super_peer_error_device()
    case "setup-hidden":
      return m.super_peer_error_hidden()
  }
  // The program's own sentence knows more, but it is English.
  if (getLocale() === "en") return explain(reason)
  switch (code) {
    case "invalid":
      return m.super_peer_error_code()
    case "refused":
      return m.super_peer_error_refused()
    default:
      return explain(reason)
  }
}

const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const
const step = 1024

/** A number of bytes for people: "1.2 GB", « 1,2 Go ». */
export function size(bytes: number): string {
  const power = Math.min(
    bytes > 0 ? Math.floor(Math.log(bytes) / Math.log(step)) : 0,
    units.length - 1,
  )
  return new Intl.NumberFormat(getLocale(), {
    style: "unit",
    unit: units[power] ?? "byte",
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits: power > 2 ? 1 : 0,
  }).format(bytes / step ** power)
}
