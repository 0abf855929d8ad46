import { styleAttribute } from "./clipboard-inert"
import { styleOf } from "./clipboard-looks"

/** The place of a paragraph in a list of Word: `mso-list: l0 level2 lfo1`. */
const place = /mso-list:\s*l(\d+)\s+level(\d+)/i
const numbered = /^\s*(\(?[0-9]+|[a-z]{1,3}|[ivxlcdm]+)[.)]/i
const deepest = 9

interface OfficeItem {
  paragraph: Element
  level: number
  ordered: boolean
}

/** Reads a paragraph that Word shows as an item, and takes its typed bullet away. */
function itemOf(paragraph: Element): OfficeItem | null {
  const found = place.exec(styleOf(paragraph))
  if (!found) return null
  const bullet = [...paragraph.querySelectorAll("span")].find((span) =>
    /mso-list:\s*ignore/i.test(styleOf(span)),
  )
  const sign = bullet?.textContent ?? ""
  bullet?.remove()
  const level = Math.min(Math.max(Number(found[2]), 1), deepest)
  return { paragraph, level, ordered: numbered.test(sign) }
}

/** Builds real lists from paragraphs of Word that only look like lists. */
export function officeLists(root: ParentNode): void {
  let open: { list: Element; level: number }[] = []
  let last: Element | null = null
  for (const paragraph of [...root.querySelectorAll("p, h1, h2, h3, h4, h5, h6")]) {
    const item = itemOf(paragraph)
    if (!item) continue
    if (!last || paragraph.previousElementSibling !== last) open = []
    open = open.filter(({ level }) => level <= item.level)
    let current = open.at(-1)
    if (!current || current.level < item.level) {
      const list = paragraph.ownerDocument.createElement(item.ordered ? "ol" : "ul")
      const host = current?.list.lastElementChild
      if (host) host.append(list)
      else {
        paragraph.before(list)
        last = list
      }
      current = { list, level: item.level }
      open.push(current)
    }
    const made = paragraph.ownerDocument.createElement("li")
    const text = paragraph.ownerDocument.createElement("p")
    text.setAttribute(styleAttribute, styleOf(paragraph))
    text.append(...paragraph.childNodes)
    made.append(text)
    current.list.append(made)
    paragraph.remove()
  }
}
