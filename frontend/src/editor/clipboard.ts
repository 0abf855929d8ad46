import {
  DOMParser,
  DOMSerializer,
  Fragment,
  Slice,
  type Mark,
  type Node,
  type ParseOptions,
  type Schema,
} from "prosemirror-model"
import { Plugin, type EditorState } from "prosemirror-state"
import type { EditorView } from "prosemirror-view"
import { clean, type Found } from "./clipboard-clean"
import { inert } from "./clipboard-inert"
import { imageFiles, imagePlace, type Uploads } from "./images-upload"
import { newId } from "./ids"
import { schema } from "./schema"
import type { Notes } from "./source"
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
  }),
}

/** Reads pasted HTML by a schema, after cleaning it. */
export class ClipboardParser extends DOMParser {
  #found: Found = { images: [], remote: 0 }

  constructor(into: Schema = schema) {
    const own = into === schema ? [pastedImage] : []
    super(into, [...own, ...DOMParser.fromSchema(into).rules])
  }

  override parseSlice(dom: globalThis.Node, options?: ParseOptions): Slice {
    this.#found = clean(dom as globalThis.Node & ParentNode)
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

/** Writes what is copied: colours as other programs understand them, no comments or proposals. */
export const clipboardSerializer = (from: Schema = schema): DOMSerializer => {
  const marks = { ...DOMSerializer.marksFromSchema(from) }
  marks.color = shown("color")
  marks.highlight = shown("background-color")
  delete marks.comment
  delete marks.suggestion
  const nodes = {
    ...DOMSerializer.nodesFromSchema(from),
    paragraph: (node: Node) => ["p", alignStyle(node), 0] as const,
    heading: (node: Node) => [`h${String(node.attrs.level)}`, alignStyle(node), 0] as const,
  }
  return new DOMSerializer(nodes, marks)
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

/** A note that is pasted beside the one it was copied from gets a text of its own. */
function ownNotes(content: Fragment, known: ReadonlySet<string>, notes: Notes): Fragment {
  const nodes: Node[] = []
  content.forEach((node) => {
    const id = node.attrs.id as string
    if (node.type === footnote && known.has(id)) {
      const copy = newId()
      notes.write(copy, notes.read(id))
      nodes.push(footnote.create({ id: copy }))
    } else if (node.isLeaf) nodes.push(node)
    else nodes.push(node.copy(ownNotes(node.content, known, notes)))
  })
  return Fragment.from(nodes)
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
  notes: Notes
  /** Ids of the footnotes that stand in the text. */
  footnotes: () => readonly string[]
  notice: (notice: Notice) => void
}

/** Copying, pasting and dropping. */
export function clipboard(host: ClipboardHost): Plugin {
  const parser = new ClipboardParser()
  return new Plugin({
    props: {
      ...clipboardProps(schema),
      clipboardParser: parser,
      transformPasted(slice, view) {
        const own = ownNotes(slice.content, new Set(host.footnotes()), host.notes)
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
      handleDrop(view, event) {
        const files = imageFiles([...(event.dataTransfer?.files ?? [])])
        if (files.length === 0 || view.dragging) return false
        const at = view.posAtCoords({ left: event.clientX, top: event.clientY })
        event.preventDefault()
        return putFiles(view, host, files, at?.pos)
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
    files.map((file) => ({ pos: place, file })),
  )
  return true
}

/** Pastes the text at once; its images follow as soon as they are stored. */
function pasteImages(view: EditorView, host: ClipboardHost, slice: Slice, found: Found): boolean {
  const { state } = view
  const tr = state.tr.replaceSelection(slice)
  const places: { pos: number; file: File }[] = []
  const pasted: { pos: number; index: number }[] = []
  changedRange(state, tr.doc, (node, pos) => {
    const file = String(node.attrs.file ?? "")
    if (node.type === image && file.startsWith(pastedPrefix))
      pasted.push({ pos, index: Number(file.slice(pastedPrefix.length)) })
  })
  let gone = 0
  for (const { pos, index } of pasted) {
    tr.delete(pos - gone, pos - gone + 1)
    const data = found.images[index]
    const file = data && fileOf(data)
    if (file) places.push({ pos: pos - gone, file })
    gone++
  }
  host.uploads.insert(view, tr.setMeta("paste", true).scrollIntoView(), places)
  return true
}

function changedRange(state: EditorState, doc: Node, see: (node: Node, pos: number) => void): void {
  const from = state.doc.content.findDiffStart(doc.content)
  const end = state.doc.content.findDiffEnd(doc.content)
  if (from === null || end === null) return
  doc.nodesBetween(from, Math.max(from, end.b), see)
}
