import {
  DOMParser,
  DOMSerializer,
  Fragment,
  Slice,
  type Attrs,
  type Mark,
  type Node,
  type ParseOptions,
  type Schema,
} from "prosemirror-model"
import { Plugin, Selection, type EditorState } from "prosemirror-state"
import type { EditorView } from "prosemirror-view"
import { clean, notesIn, type Brought, type Found } from "./clipboard-clean"
import { inert } from "./clipboard-inert"
import { imageFiles, imagePlace, type Upload, type Uploads } from "./images-upload"
import { newId } from "./ids"
import { noteSchema, schema } from "./schema"
import type { Images, Notes } from "./source"
import type { Notice } from "./state"
import { withoutIds } from "./tables"

const { image, footnote, paragraph } = schema.nodes
/** Images inside a paste that are larger than this are dropped. */
const largest = 32 * 1024 * 1024
const pastedPrefix = "pasted:"

const pastedImage = {
  tag: "img[data-pasted]",
  node: "image",
  priority: 70,
  getAttrs: (dom: HTMLElement) => ({
    file: pastedPrefix + (dom.dataset.pasted ?? ""),
    alt: (dom.getAttribute("alt") ?? "").slice(0, 2000),
    width: sideOf(dom, "width"),
    height: sideOf(dom, "height"),
  }),
}

const sideOf = (dom: HTMLElement, side: string): number | null =>
  Math.min(Math.max(Math.trunc(Number(dom.getAttribute(side))) || 0, 0), 10_000) || null

/** Reads pasted HTML by a schema, after cleaning it. */
export class ClipboardParser extends DOMParser {
  #found: Found = { images: [], remote: 0 }
  /** The texts of the notes in the last paste, as HTML. */
  notes: ReadonlyMap<string, string> = new Map()
  readonly #home: string

  /** `home` names the document that is pasted into, as its images do. */
  constructor(into: Schema = schema, home = "") {
    const own = into === schema ? [pastedImage] : []
    super(into, [...own, ...DOMParser.fromSchema(into).rules])
    this.#home = home
  }

  override parseSlice(dom: globalThis.Node, options?: ParseOptions): Slice {
    const root = dom as globalThis.Node & ParentNode
    this.notes = notesIn(root)
    this.#found = clean(root, this.#home)
    return super.parseSlice(dom, options)
  }

  /** What the last paste brought along besides text. */
  take(): Found {
    const found = this.#found
    this.#found = { images: [], remote: 0 }
    return found
  }
}

const shown = (property: string) => (mark: Mark) =>
  ["span", { style: `${property}: ${String(mark.attrs.color)}` }, 0] as const

/** What of a document is not in its text. */
export interface Home {
  /** Its name, as its images tell it. */
  document: string
  notes: Pick<Notes, "read">
}

/**
 * Writes what is copied: colours as other programs understand them, no comments or proposals. What
 * another document needs of `home` stands beside.
 */
export const clipboardSerializer = (from: Schema = schema, home?: Home): DOMSerializer => {
  const marks = { ...DOMSerializer.marksFromSchema(from) }
  marks.color = shown("color")
  marks.highlight = shown("background-color")
  delete marks.comment
  delete marks.suggestion
  const plain = DOMSerializer.nodesFromSchema(from)
  const nodes = {
    ...plain,
    ...(home ? carried(plain, home) : {}),
    paragraph: (node: Node) => ["p", alignStyle(node), 0] as const,
    heading: (node: Node) => [`h${String(node.attrs.level)}`, alignStyle(node), 0] as const,
  }
  return new DOMSerializer(nodes, marks)
}

type Writers = ReturnType<typeof DOMSerializer.nodesFromSchema>

/** Writes images with where they are, and notes with what they say. */
function carried({ image, footnote }: Writers, { document: name, notes }: Home): Writers {
  const add = (made: unknown, attribute: string, value: string) => {
    const [tag, attributes] = made as [string, Record<string, string>]
    return [tag, { ...attributes, [attribute]: value }] as const
  }
  return {
    image: (node) => add(image?.(node), "data-document", name),
    footnote: (node) =>
      add(footnote?.(node), "data-note", noteHTML(notes.read(String(node.attrs.id)))),
  }
}

function noteHTML(note: Node): string {
  const box = document.createElement("p")
  const text = note.firstChild?.content ?? Fragment.empty
  clipboardSerializer(noteSchema).serializeFragment(text, { document }, box)
  return box.innerHTML
}

/** Reads what `noteHTML` wrote, or whoever else made the paste. */
function readNote(html: string): Node {
  const page = new globalThis.DOMParser().parseFromString(`<p>${inert(html)}</p>`, "text/html")
  const text: Node[] = []
  new ClipboardParser(noteSchema).parseSlice(page.body).content.descendants((node) => {
    if (node.isInline) text.push(node)
  })
  return noteSchema.node("doc", null, noteSchema.node("paragraph", null, text))
}

const alignStyle = (node: Node): Record<string, string> =>
  node.attrs.align ? { style: `text-align: ${String(node.attrs.align)}` } : {}

/** How text is copied and pasted by a schema. */
export const clipboardProps = (by: Schema) => ({
  clipboardParser: new ClipboardParser(by),
  clipboardSerializer: clipboardSerializer(by),
  transformPastedHTML: inert,
})

/** The bytes of a data: address, or null when they are none or too many. */
export function fileOf({ data, name }: { data: string; name: string }): File | null {
  const [, type, base64] = /^data:(image\/[a-z]+);base64,(.*)$/is.exec(data) ?? []
  if (!type || !base64 || base64.length > (largest * 4) / 3) return null
  try {
    const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))
    const ending = type.toLowerCase().slice("image/".length)
    const plain =
      name
        .replace(/[\\/:*?"<>|\p{Cc}]/gu, " ")
        .trim()
        .slice(0, 80) || "image"
    return new File([bytes], `${plain}.${ending}`, { type: type.toLowerCase() })
  } catch {
    return null
  }
}

/**
 * A note that is pasted beside the one it was copied from gets a text of its own, and so does one of
 * another document, whose text came along.
 */
function ownNotes(
  content: Fragment,
  host: ClipboardHost,
  came: ClipboardParser["notes"],
): Fragment {
  const known = new Set(host.footnotes())
  const own = (node: Node): Node => {
    const id = node.attrs.id as string
    const text = host.notes.read(id)
    const html = text.firstChild?.childCount ? undefined : came.get(id)
    if (!html && !known.has(id)) return node
    const copy = newId()
    host.notes.write(copy, html ? readNote(html) : text)
    return footnote.create({ id: copy })
  }
  const within = (part: Fragment): Fragment =>
    Fragment.from(
      part.content.map((node) => {
        if (node.type === footnote) return own(node)
        return node.isLeaf ? node : node.copy(within(node.content))
      }),
    )
  return within(content)
}

/** Paragraphs are pasted with markers of their own. */
function withMarkers(content: Fragment): Fragment {
  const nodes: Node[] = []
  content.forEach((node) => {
    if (node.isLeaf) nodes.push(node)
    else if (node.type === paragraph)
      nodes.push(paragraph.create({ align: node.attrs.align as unknown }, node.content, node.marks))
    else nodes.push(node.copy(withMarkers(node.content)))
  })
  return Fragment.from(nodes)
}

/** Whether blocks are pasted into an empty paragraph that would not stand as the first of them does. */
const keepsAlign = (
  { content, openStart }: Slice,
  { selection: { $from } }: EditorState,
): boolean =>
  openStart === 1 &&
  content.childCount > 1 &&
  (content.firstChild?.attrs.align ?? null) !== null &&
  $from.parent.type === paragraph &&
  $from.parent.content.size === 0

/** What pasting needs of its editor. */
export interface ClipboardHost {
  uploads: Uploads
  images: Pick<Images, "document" | "read">
  notes: Notes
  /** Ids of the footnotes that stand in the text. */
  footnotes: () => readonly string[]
  notice: (notice: Notice) => void
}

/** Copying, pasting and dropping. */
export function clipboard(host: ClipboardHost): Plugin {
  const home = { document: host.images.document, notes: host.notes }
  const parser = new ClipboardParser(schema, home.document)
  return new Plugin({
    props: {
      ...clipboardProps(schema),
      clipboardParser: parser,
      clipboardSerializer: clipboardSerializer(schema, home),
      transformPasted(slice, view) {
        const own = ownNotes(slice.content, host, parser.notes)
        const start = keepsAlign(slice, view.state) ? 0 : slice.openStart
        return new Slice(withoutIds(withMarkers(own)), start, slice.openEnd)
      },
      handlePaste(view, event, slice) {
        const found = parser.take()
        if (found.remote > 0 && !plainImage(event, slice))
          host.notice({ kind: "remote-images", count: found.remote })
        const files = imageFiles([...(event.clipboardData?.files ?? [])])
        if (files.length > 0 && plainImage(event, slice)) return putFiles(view, host, files)
        return found.images.length > 0 && pasteImages(view, host, slice, found)
      },
      handleDrop(view, event, slice) {
        const found = parser.take()
        const files = imageFiles([...(event.dataTransfer?.files ?? [])])
        if ((files.length === 0 && found.images.length === 0) || view.dragging) return false
        const at = view.posAtCoords({ left: event.clientX, top: event.clientY })
        event.preventDefault()
        if (files.length > 0) return putFiles(view, host, files, at?.pos)
        const place = Selection.near(view.state.doc.resolve(at?.pos ?? view.state.selection.to))
        view.dispatch(view.state.tr.setSelection(place))
        return pasteImages(view, host, slice, found)
      },
    },
  })
}

/** Whether a paste is an image and nothing else: a picture copied in a browser, a screenshot. */
const plainImage = (event: ClipboardEvent, slice: Slice): boolean =>
  (event.clipboardData?.files.length ?? 0) > 0 &&
  slice.content.textBetween(0, slice.content.size).trim() === ""

/** Stores files and puts them at a position, or at the selection. */
export function putFiles(
  view: EditorView,
  host: Pick<ClipboardHost, "uploads">,
  files: readonly File[],
  pos = view.state.selection.to,
): boolean {
  const place = imagePlace(view.state, pos)
  if (place === null || files.length === 0) return false
  host.uploads.insert(
    view,
    view.state.tr,
    files.map((file) => ({ pos: place, name: file.name, file })),
  )
  return true
}

/** An image that a paste brought, or null when it is none. */
function uploadOf(brought: Brought, { images }: ClipboardHost): Omit<Upload, "pos"> | null {
  if ("file" in brought) {
    const { document, name } = brought
    return { name: name || "image", file: images.read(document, brought) }
  }
  const file = fileOf(brought)
  return file && { name: file.name, file }
}

/** Pastes the text at once; its images follow as soon as they are stored. */
function pasteImages(view: EditorView, host: ClipboardHost, slice: Slice, found: Found): boolean {
  const { state } = view
  const tr = state.tr.replaceSelection(slice)
  const places: Upload[] = []
  const pasted: { pos: number; index: number; attrs: Attrs }[] = []
  changedRange(state, tr.doc, (node, pos) => {
    const file = String(node.attrs.file ?? "")
    if (node.type === image && file.startsWith(pastedPrefix))
      pasted.push({ pos, index: Number(file.slice(pastedPrefix.length)), attrs: node.attrs })
  })
  let gone = 0
  for (const { pos, index, attrs } of pasted) {
    tr.delete(pos - gone, pos - gone + 1)
    const brought = found.images[index]
    const upload = brought && uploadOf(brought, host)
    const looks = brought && "file" in brought ? looksOf(attrs) : undefined
    if (upload) places.push({ ...upload, pos: pos - gone, ...(looks && { looks }) })
    gone++
  }
  host.uploads.insert(view, tr.setMeta("paste", true).scrollIntoView(), places)
  return true
}

const looksOf = ({ alt, width, height }: Attrs): NonNullable<Upload["looks"]> =>
  width && height ? { alt, width, height } : { alt }

function changedRange(state: EditorState, doc: Node, see: (node: Node, pos: number) => void): void {
  const from = state.doc.content.findDiffStart(doc.content)
  const end = state.doc.content.findDiffEnd(doc.content)
  if (from === null || end === null) return
  doc.nodesBetween(from, Math.max(from, end.b), see)
}
