import { unhex, type Bytes } from "./keys"

const line = (sdp: string, name: string) =>
  sdp
    .split(/\r\n|\n/)
    .find((one) => one.startsWith(`a=${name}:`))
    ?.slice(name.length + 3)

/** The user fragment of a description: its name. */
export const fragmentOf = (sdp: string) => line(sdp, "ice-ufrag") ?? ""

/**
 * The answer as members take it: the fingerprint once in all, and which offer it answers. Candidates
 * go by themselves.
 */
export function reply(answer: string, offer: string): { sdp: string; fingerprint: Bytes } {
  const lines = answer.split(/\r\n|\n/).filter(Boolean)
  const prints = new Set(lines.filter((one) => one.startsWith("a=fingerprint:")))
  const [print] = prints
  const digits = /^a=fingerprint:sha-256 ((?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})$/.exec(print ?? "")
  if (prints.size !== 1 || !print || !digits?.[1]) throw new Error("fingerprint")
  const kept = lines.filter((one) => !/^a=(fingerprint|candidate|end-of-candidates)/.test(one))
  const media = kept.findIndex((one) => one.startsWith("m="))
  kept.splice(media < 0 ? kept.length : media, 0, print, `a=x-parvis-offer:${fragmentOf(offer)}`)
  return { sdp: kept.join("\r\n") + "\r\n", fingerprint: unhex(digits[1].replaceAll(":", "")) }
}

/** The line of a candidate as members take it, or nothing where they would not. */
export function candidateLine(candidate: string, fragment: string): string | undefined {
  const fields = candidate.replace(/^a=/, "").trim().split(/\s+/)
  const [, component, protocol, , address] = fields
  if (fields.length < 8 || component !== "1" || protocol?.toLowerCase() !== "udp") return undefined
  if (!address || address.endsWith(".local")) return undefined // no name is looked up for anybody
  return fields.includes("ufrag") ? fields.join(" ") : `${fields.join(" ")} ufrag ${fragment}`
}
