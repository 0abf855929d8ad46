import { sheetOf } from "./pages-layout"
import type { PageSettings } from "./state"

/** How long printing waits for images that are not loaded yet, in milliseconds. */
const patience = 3000

/** A text as a CSS string. */
export const cssString = (text: string): string =>
  `"${text.replace(/[\\"]/g, "\\$&").replace(/\p{Cc}/gu, " ")}"`

/**
 * The rules for paper. Header, footer and page numbers stand in margin boxes, which engines that
 * do not know them leave out.
 */
export function pageRules(settings: PageSettings): string {
  const mm = (px: number) => `${((px * 25.4) / 96).toFixed(2)}mm`
  const sheet = sheetOf(settings)
  const margins = [sheet.top, sheet.right, sheet.bottom, sheet.left].map(mm).join(" ")
  const size = `${settings.size} ${settings.landscape ? "landscape" : "portrait"}`
  const font = "font: 9pt Georgia, serif; color: #555"
  const boxes = [
    settings.header && `@top-center { content: ${cssString(settings.header)}; ${font} }`,
    settings.footer && `@bottom-left { content: ${cssString(settings.footer)}; ${font} }`,
    settings.numbers && `@bottom-right { content: counter(page); ${font} }`,
  ]
  return `@page { size: ${size}; margin: ${margins}; ${boxes.filter(Boolean).join(" ")} }`
}

/** A copy of the text without what only belongs on a screen. */
function paper(text: HTMLElement, notes: HTMLElement): HTMLElement {
  const copy = document.createElement("div")
  copy.className = "document-paper"
  for (const part of [text, notes]) copy.append(part.cloneNode(true))
  const screen =
    ".page-gap, .image-tools, .image-handle, .image-waiting, .code-language, .note-edit, .remote-cursor"
  for (const node of copy.querySelectorAll(screen)) node.remove()
  for (const node of copy.querySelectorAll("[contenteditable]"))
    node.removeAttribute("contenteditable")
  for (const node of copy.querySelectorAll("[role=textbox]")) node.removeAttribute("role")
  for (const code of copy.querySelectorAll(".with-language")) code.classList.remove("with-language")
  for (const image of copy.querySelectorAll("img")) image.loading = "eager"
  for (const table of copy.querySelectorAll("table")) repeatHeader(table)
  return copy
}

/** Engines repeat the head of a table on every page. */
function repeatHeader(table: HTMLTableElement): void {
  const row = table.rows[0]
  if (row && [...row.cells].every((cell) => cell.tagName === "TH")) table.createTHead().append(row)
}

async function loaded(copy: HTMLElement): Promise<void> {
  const images = [...copy.querySelectorAll("img")].map((image) => image.decode().catch(() => {}))
  await Promise.race([Promise.all(images), new Promise((done) => setTimeout(done, patience))])
}

/** Opens the engine's print dialog for a document. Resolves when the dialog is closed. */
export async function printDocument(
  text: HTMLElement,
  notes: HTMLElement,
  settings: PageSettings,
  title: string,
): Promise<void> {
  const copy = paper(text, notes)
  const rules = new CSSStyleSheet()
  rules.replaceSync(pageRules(settings))
  const before = document.title
  const root = document.documentElement
  const theme = root.dataset.theme
  document.body.append(copy)
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, rules]
  root.classList.add("printing")
  // Paper is white, also for those who write on black.
  root.dataset.theme = "light"
  // Engines offer the title as the name of the file.
  document.title = title
  try {
    await loaded(copy)
    window.print()
  } finally {
    document.title = before
    root.classList.remove("printing")
    if (theme === undefined) delete root.dataset.theme
    else root.dataset.theme = theme
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== rules)
    copy.remove()
  }
}
