import { isPlainInk, isPlainPaper, readColor } from "./clipboard-colors"
import { styleAttribute } from "./clipboard-inert"

/** How a text looks, as far as a document keeps it. */
interface Look {
  bold: boolean
  italic: boolean
  underlined: boolean
  struck: boolean
  color: string | null
  highlight: string | null
  align: string
  /** Code has no colours. */
  code: boolean
  /** Colours and lines inside a link are its own look. */
  link: boolean
}

const plain: Look = {
  bold: false,
  italic: false,
  underlined: false,
  struck: false,
  color: null,
  highlight: null,
  align: "",
  code: false,
  link: false,
}

const looks = "b, strong, i, em, u, ins, s, strike, del, mark, font, center"
const blocks =
  "p, h1, h2, h3, h4, h5, h6, div, ul, ol, li, table, tbody, tr, td, th, blockquote, pre, hr, section, article, header, footer, main, dl, dt, dd, figure"
const aligned = "p, h1, h2, h3, h4, h5, h6"
/** Where text may stand without a paragraph around it. */
const holders = "td, th, li, div, blockquote, center"
const highlighted = "#fff3a3"

/** What a style attribute says, by property in lower case. A later declaration wins. */
export function declarations(style: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, name = "", value = ""] of style.matchAll(
    /(?:^|;)\s*([\w-]+)\s*:\s*((?:[^;"'(]|"[^"]*"|'[^']*'|\([^)]*\))*)/g,
  ))
    found.set(
      name.toLowerCase(),
      value
        .replace(/!\s*important/i, "")
        .trim()
        .toLowerCase(),
    )
  return found
}

/** The style of a pasted element, whether it was made inert or not. */
export const styleOf = (node: Element): string =>
  node.getAttribute(styleAttribute) ?? node.getAttribute("style") ?? ""

/**
 * Turns the looks of pasted text, said by tags and styles, into those that the schema reads, and
 * takes styles away. What a text looks like is said all around it: "bold" may stand outside and be
 * taken back inside.
 */
export function applyLooks(root: ParentNode & Node): void {
  const document = root.ownerDocument ?? (root as Document)
  for (const child of [...root.childNodes]) dress(child, plain, document)
  for (const node of root.querySelectorAll(`[${styleAttribute}], [style]`)) {
    node.removeAttribute(styleAttribute)
    node.removeAttribute("style")
  }
}

function dress(node: Node, around: Look, document: Document): void {
  if (node.nodeType === 3) return dressText(node as Text, around, document)
  if (node.nodeType !== 1) return
  const element = node as Element
  const look = lookOf(element, around)
  const children = [...element.childNodes]
  if (look.align && element.matches(aligned)) element.setAttribute("data-align", look.align)
  for (const child of children) dress(child, look, document)
  if (look.align && element.matches(holders) && !element.querySelector(blocks)) {
    const paragraph = document.createElement("p")
    paragraph.setAttribute("data-align", look.align)
    paragraph.append(...element.childNodes)
    if (paragraph.textContent?.trim()) element.append(paragraph)
    else element.append(...paragraph.childNodes)
  }
  if (element.matches(looks)) element.replaceWith(...element.childNodes)
}

function lookOf(element: Element, around: Look): Look {
  const look = { ...around }
  const is = (selector: string) => element.matches(selector)
  if (is("b, strong")) look.bold = true
  if (is("i, em")) look.italic = true
  if (is("s, strike, del")) look.struck = true
  if (is("mark")) look.highlight = highlighted
  if (is("pre, code, kbd, samp")) look.code = true
  if (is("a[href]")) look.link = true
  if (is("u, ins") && !look.link) look.underlined = true
  const css = declarations(styleOf(element))
  weigh(look, css, is("h1, h2, h3, h4, h5, h6, th"))
  if (!look.link) ink(look, css.get("color") ?? element.getAttribute("color"))
  if (!is(blocks)) paper(look, css.get("background-color") ?? css.get("background"))
  alignment(look, element, css)
  return look
}

/** `heavy` elements are bold by themselves: that is no mark. */
function weigh(look: Look, css: ReadonlyMap<string, string>, heavy: boolean): void {
  const weight = css.get("font-weight") ?? ""
  if (/^(bold|bolder|[6-9]\d\d)$/.test(weight)) look.bold = !heavy
  else if (/^(normal|lighter|[1-5]\d\d)$/.test(weight)) look.bold = false
  const style = css.get("font-style") ?? ""
  if (/^(italic|oblique)/.test(style)) look.italic = true
  else if (style === "normal") look.italic = false
  const line = css.get("text-decoration-line") ?? css.get("text-decoration") ?? ""
  if (line.includes("underline") && !look.link) look.underlined = true
  if (line.includes("line-through")) look.struck = true
  if (line.startsWith("none")) Object.assign(look, { underlined: false, struck: false })
}

function ink(look: Look, css: string | null | undefined): void {
  if (!css) return
  if (/^(windowtext|initial|auto)$/i.test(css)) look.color = null
  const color = readColor(css)
  if (color) look.color = isPlainInk(color) ? null : color
}

function paper(look: Look, css: string | undefined): void {
  // The shorthand may name a picture and more beside the colour.
  const words = css?.match(/(?:[^\s(]|\([^)]*\))+/g) ?? []
  for (const word of words) {
    const color = readColor(word)
    if (color) look.highlight = isPlainPaper(color) ? null : color
  }
}

const sides: Readonly<Record<string, string>> = { center: "center", right: "right", end: "right" }

function alignment(look: Look, element: Element, css: ReadonlyMap<string, string>): void {
  const attribute = element.matches("table, img, hr, iframe") ? null : element.getAttribute("align")
  const said = css.get("text-align") ?? attribute ?? (element.matches("center") ? "center" : "")
  const side = said.toLowerCase().replace(/^-\w+-/, "")
  if (side) look.align = side === "justify" ? side : (sides[side] ?? "")
}

function dressText(text: Text, look: Look, document: Document): void {
  const parent = text.parentElement
  // White space between blocks is not text.
  if (text.data.trim() === "" && (!parent || parent.matches(blocks))) return
  const tags: [tag: string, name?: string, value?: string][] = []
  if (look.bold) tags.push(["strong"])
  if (look.italic) tags.push(["em"])
  if (look.underlined) tags.push(["u"])
  if (look.struck) tags.push(["s"])
  if (look.color && !look.code) tags.push(["span", "data-color", look.color])
  if (look.highlight && !look.code) tags.push(["span", "data-highlight", look.highlight])
  const holder = tags.map(([tag, name, value]) => {
    const element = document.createElement(tag)
    if (name && value) element.setAttribute(name, value)
    return element
  })
  const [outer] = holder
  if (!outer) return
  text.replaceWith(outer)
  holder.reduce((above, below) => (above.append(below), below)).append(text)
}
