import { styleAttribute } from "./clipboard-inert"
import { applyLooks, styleOf } from "./clipboard-looks"
import { officeLists } from "./clipboard-office"

/** A table with more cells than this is pasted without its spans. */
const mostCells = 20_000

/** Elements whose text is no text of the document. */
const foreign =
  "style,script,noscript,template,meta,link,title,head,iframe,object,embed,svg,math,canvas,video,audio,select,button"

const unwrap = (node: Element) => node.replaceWith(...node.childNodes)

/** An image as a data: address, or one that another document holds. */
export type Brought =
  { data: string; name: string } | { document: string; file: string; name: string }

/** What was found while cleaning a pasted document. */
export interface Found {
  /** Images that are to be stored here, in the order of their `data-pasted`. */
  images: Brought[]
  /** Images that stand on other computers or in files; they are not fetched. */
  remote: number
}

/**
 * Turns what other programs write into plain structure, inside a document that is not shown:
 * nothing in it is loaded or run. Whatever it leaves is still read by the schema alone. `home` is
 * the document that it is pasted into.
 */
export function clean(root: ParentNode & Node, home = ""): Found {
  for (const node of root.querySelectorAll(foreign)) node.remove()
  comments(root)
  officeLists(root)
  for (const list of root.querySelectorAll("ul, ol")) nested(list)
  for (const box of root.querySelectorAll<HTMLInputElement>("li input[type=checkbox]")) task(box)
  for (const item of root.querySelectorAll("li[role=checkbox]")) googleTask(item)
  for (const table of root.querySelectorAll("td table, th table")) flatten(table)
  for (const table of root.querySelectorAll("table")) whole(table)
  for (const title of root.querySelectorAll("p.MsoTitle")) rename(title, "h1")
  for (const empty of root.querySelectorAll("br.Apple-interchange-newline")) empty.remove()
  applyLooks(root)
  return images(root, home)
}

/** The texts of footnotes that came with a paste, as HTML, by the ids of the notes. */
export function notesIn(root: ParentNode): Map<string, string> {
  const found = new Map<string, string>()
  for (const note of root.querySelectorAll<HTMLElement>("sup[data-footnote][data-note]"))
    found.set(note.dataset.footnote ?? "", note.dataset.note ?? "")
  return found
}

function comments(root: Node): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_COMMENT)
  const found: Node[] = []
  while (walker.nextNode()) found.push(walker.currentNode)
  for (const comment of found) comment.parentNode?.removeChild(comment)
}

function rename(node: Element, tag: string): void {
  const made = node.ownerDocument.createElement(tag)
  made.setAttribute(styleAttribute, styleOf(node))
  made.append(...node.childNodes)
  node.replaceWith(made)
}

/** Google Docs puts a deeper list beside the item that it belongs to. */
function nested(list: Element): void {
  const parent = list.parentElement
  if (!parent?.matches("ul, ol")) return
  const before = list.previousElementSibling
  if (before?.matches("li")) before.append(list)
}

/** An item that begins with a checkbox is a task, and so are its neighbours. */
function task(box: HTMLInputElement): void {
  const item = box.closest("li")
  const checked = box.checked || box.hasAttribute("checked")
  box.remove()
  if (item) asTask(item, checked)
}

function googleTask(item: Element): void {
  for (const image of item.querySelectorAll("img")) image.remove()
  asTask(item, item.getAttribute("aria-checked") === "true")
}

function asTask(item: Element, checked: boolean): void {
  item.setAttribute("data-checked", String(checked))
  const list = item.parentElement
  if (!list?.matches("ul") || list.hasAttribute("data-tasks")) return
  list.setAttribute("data-tasks", "")
  for (const other of list.children)
    if (other.matches("li") && !other.hasAttribute("data-checked"))
      other.setAttribute("data-checked", "false")
}

/** A table inside a cell becomes the paragraphs of its cells. */
function flatten(table: Element): void {
  const cells = [...table.querySelectorAll("td, th")].map((cell) => {
    const block = table.ownerDocument.createElement("div")
    block.append(...cell.childNodes)
    return block
  })
  table.replaceWith(...cells)
}

/** Spans become empty cells, captions a paragraph above. */
function whole(table: HTMLTableElement): void {
  const caption = table.querySelector("caption")
  if (caption) {
    const above = table.ownerDocument.createElement("p")
    above.append(...caption.childNodes)
    caption.remove()
    table.before(above)
  }
  for (const columns of table.querySelectorAll("colgroup, col")) columns.remove()
  const rows = [...table.querySelectorAll("tr")]
  if (rows.length === 0) return unwrap(table)
  const below: number[] = []
  let made = 0
  for (const row of rows) {
    let column = 0
    const empty = () => {
      if (++made < mostCells)
        row.insertBefore(table.ownerDocument.createElement("td"), row.children[column] ?? null)
    }
    for (
      let cell = row.children[0];
      cell || (below[column] ?? 0) > 0;
      cell = row.children[column]
    ) {
      if ((below[column] ?? 0) > 0) {
        below[column] = (below[column] ?? 0) - 1
        empty()
        column++
        continue
      }
      if (!cell) break
      const across = span(cell, "colspan")
      const down = span(cell, "rowspan")
      cell.removeAttribute("colspan")
      cell.removeAttribute("rowspan")
      for (let index = 0; index < across; index++) {
        below[column] = down - 1
        if (index > 0) empty()
        column++
      }
    }
  }
}

const span = (cell: Element, name: string) =>
  Math.min(Math.max(Number.parseInt(cell.getAttribute(name) ?? "1", 10) || 1, 1), 100)

/**
 * Sets images with data: addresses aside, and those of other documents than `home`, and drops those
 * that would have to be fetched.
 */
function images(root: ParentNode, home: string): Found {
  const found: Found = { images: [], remote: 0 }
  for (const image of root.querySelectorAll("img")) {
    image.removeAttribute("data-pasted")
    const { file, name = "", document = home } = image.dataset
    if (file !== undefined && document !== home) {
      image.setAttribute("data-pasted", String(found.images.length))
      found.images.push({ document, file, name: name || image.alt })
    }
    if (file !== undefined) continue
    const source = image.getAttribute("src") ?? ""
    if (/^data:image\/(png|jpeg|gif|webp);base64,/i.test(source)) {
      image.setAttribute("data-pasted", String(found.images.length))
      found.images.push({ data: source, name: image.getAttribute("alt") ?? "" })
    } else {
      if (source) found.remote++
      image.remove()
    }
    image.removeAttribute("src")
  }
  return found
}
