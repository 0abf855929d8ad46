const schemes = ["http:", "https:", "mailto:", "parvis:"]
/** Longer addresses are cut off by programs on the way; none is written by hand. */
const longest = 2048

/** The address when following it is safe, else null. Only http, https, mailto and parvis are. */
export function safeLink(text: string): string | null {
  const address = text.trim()
  if (address === "" || address.length > longest || !URL.canParse(address)) return null
  return schemes.includes(new URL(address).protocol) ? address : null
}

/** What somebody typed as an address: "example.org" and "ana@example.org" are understood too. */
export function typedLink(text: string): string | null {
  const typed = text.trim()
  if (/^[a-z][a-z0-9+.-]*:(?!\d)/i.test(typed)) return safeLink(typed)
  if (/^[^\s@/]+@[^\s@/]+\.[^\s@/]+$/.test(typed)) return safeLink(`mailto:${typed}`)
  if (/^[^\s/.]+(\.[^\s/.]+)+(:\d+)?([/?#]\S*)?$/.test(typed)) return safeLink(`https://${typed}`)
  return null
}
