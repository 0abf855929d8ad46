/** Where pasted HTML keeps what stood in its style attributes. */
export const styleAttribute = "data-style"

/** Elements whose content is no markup. */
const raw = /^(?:script|title|textarea|xmp|noscript)$/
const space = /\s/

/**
 * HTML without style sheets and event handlers, its style attributes under another name. The page's
 * policy forbids all of them, and engines complain about each as soon as HTML is parsed, in a
 * document that nobody sees as well. What this misreads only looks plain: it protects nothing.
 */
export function inert(html: string): string {
  const out: string[] = []
  let kept = 0
  const replace = (from: number, to: number, name: string) => {
    out.push(html.slice(kept, from), name)
    kept = to
  }
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at)) {
    if (html.startsWith("<!--", at)) at = after(html, "-->", at + 2)
    else if (/^<style[\s/>]/i.test(html.slice(at, at + 7))) {
      const end = after(html, ">", ending(html, "style", at))
      replace(at, end, "")
      at = end
    } else if (/[!?/]/.test(html.charAt(at + 1))) at = after(html, ">", at)
    else if (/[a-z]/i.test(html.charAt(at + 1))) at = tag(html, at + 1, replace)
    else at++
  }
  out.push(html.slice(kept))
  return out.join("")
}

const after = (html: string, end: string, from: number): number => {
  const found = html.indexOf(end, from)
  return found < 0 ? html.length : found + end.length
}

/** Reads a tag and calls back for the names of its attributes. Returns where it ends. */
function tag(
  html: string,
  from: number,
  replace: (from: number, to: number, name: string) => void,
): number {
  let at = from
  const until = (signs: RegExp) => {
    while (at < html.length && !signs.test(html.charAt(at))) at++
  }
  until(/[\s/>]/)
  const element = html.slice(from, at).toLowerCase()
  for (;;) {
    until(/[^\s/]/)
    if (at >= html.length) return at
    if (html.charAt(at) === ">") break
    const start = at++
    until(/[\s/>=]/)
    const name = html.slice(start, at).toLowerCase()
    if (name === "style") replace(start, at, styleAttribute)
    else if (name.startsWith("on")) replace(start, at, "data-gone")
    while (space.test(html.charAt(at))) at++
    if (html.charAt(at) !== "=") continue
    at++
    while (space.test(html.charAt(at))) at++
    const quote = html.charAt(at)
    if (quote === '"' || quote === "'") at = after(html, quote, at + 1)
    else until(/[\s>]/)
  }
  return raw.test(element) ? ending(html, element, at) : at + 1
}

/** Where the end tag of an element begins. */
function ending(html: string, element: string, from: number): number {
  const end = new RegExp(`</${element}`, "gi")
  end.lastIndex = from
  return end.exec(html)?.index ?? html.length
}
