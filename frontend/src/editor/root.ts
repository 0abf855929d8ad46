import type { EngineDoc } from "./engine"
import { newId } from "./ids"
import { scalar } from "./flatpatch"
import type { PageSettings } from "./state"

/** The change every document begins with: actor of zero bytes, time 0. It is never sent. */
export const rootChange =
  "hW9Kg7ga9kcBZwAQAAAAAAAAAAAAAAAAAAAAAAEBAAAABhU2NAFCBVYEVwFwAnkGcGFydmlzBHRleHQFbm90ZXMIY29tbWVudHMLc3VnZ2VzdGlvbnMEcGFnZQh2ZXJzaW9ucwd+AQQFAH8UBgABBwA="

/** The bytes of `rootChange`. */
export const rootBytes = (): Uint8Array =>
  Uint8Array.from(atob(rootChange), (byte) => byte.charCodeAt(0))

/** A message of a comment. */
export interface CommentMessage {
  id: string
  /** Actor who wrote it, in hex. */
  actor: string
  text: string
  /** Unix milliseconds, the author's clock. */
  at: number
  /** Ids of persons, in hex. */
  mentions: readonly string[]
}

/** A thread about a range of the text. */
export interface CommentThread {
  id: string
  actor: string
  resolved: boolean
  /** By time. */
  messages: readonly CommentMessage[]
}

/** A proposal; its ranges are marks of the text. */
export interface SuggestionInfo {
  id: string
  actor: string
  at: number
}

/** A version that somebody gave a name. */
export interface NamedVersion {
  id: string
  actor: string
  name: string
  heads: readonly string[]
  at: number
}

/** What a document holds beside its text. */
export interface Root {
  comments: readonly CommentThread[]
  suggestions: readonly SuggestionInfo[]
  versions: readonly NamedVersion[]
  page: PageSettings
}

type Fields = Record<string, unknown>

const string = (value: unknown): string => {
  const read = scalar(value)
  return typeof read === "string" ? read : ""
}
const number = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : 0
const list = (value: unknown): string[] =>
  string(value)
    .split(",")
    .filter((part) => part !== "")
const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {}

/** Reads everything beside the text. */
export function readRoot(doc: EngineDoc): Root {
  return {
    comments: objects(doc, "/comments").map(([id, actor, value]) => ({
      id,
      actor,
      resolved: value.resolved === true,
      messages: messages(doc, id),
    })),
    suggestions: objects(doc, "/suggestions").map(([id, actor, { at }]) => ({
      id,
      actor,
      at: number(at),
    })),
    versions: objects(doc, "/versions")
      .map(([id, actor, { name, heads, at }]) => ({
        id,
        actor,
        name: string(name),
        heads: list(heads),
        at: number(at),
      }))
      .sort((a, b) => a.at - b.at),
    page: readPage(fields(doc.handle.materialize("/page"))),
  }
}

function messages(doc: EngineDoc, comment: string): CommentMessage[] {
  return objects(doc, `/comments/${comment}/messages`)
    .map(([id, actor, value]) => ({
      id,
      actor,
      text: string(value.text),
      at: number(value.at),
      mentions: list(value.mentions),
    }))
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
}

/** The maps within a map, each with the actor that made it: its object id is "counter@actor". */
function objects(doc: EngineDoc, path: string): [id: string, actor: string, value: Fields][] {
  const { handle } = doc
  const out: [string, string, Fields][] = []
  if (handle.objInfo(path).type !== "map") return out
  for (const id of handle.keys(path)) {
    const found = handle.getWithType(path, id)
    if (found?.[0] !== "map") continue
    out.push([id, found[1].split("@")[1] ?? "", fields(handle.materialize(found[1]))])
  }
  return out
}

function readPage(value: Fields): PageSettings {
  const margins = string(value.margins).split(" ").map(Number)
  const [top = 25, right = 20, bottom = 25, left = 20] =
    margins.length === 4 && margins.every((side) => side >= 0 && side <= 100) ? margins : []
  return {
    size: string(value.size) === "letter" ? "letter" : "A4",
    landscape: value.landscape === true,
    margins: [top, right, bottom, left],
    header: string(value.header),
    footer: string(value.footer),
    numbers: value.numbers !== false,
  }
}

/** Writes what stands beside the text, within the change that is open. */
export class RootEdit {
  readonly #doc: EngineDoc
  readonly #now: number

  constructor(doc: EngineDoc, now: number) {
    this.#doc = doc
    this.#now = now
  }

  /** Begins a thread and returns its id; its range is a mark that the editor sets. */
  comment(text: string, mentions: readonly string[], id = newId()): string {
    this.#map(`/comments`, id, {})
    this.#doc.handle.put(`/comments/${id}`, "resolved", false, "boolean")
    this.#map(`/comments/${id}`, "messages", {})
    this.reply(id, text, mentions)
    return id
  }

  reply(comment: string, text: string, mentions: readonly string[]): string {
    const id = newId()
    const at = this.#map(`/comments/${comment}/messages`, id, {})
    this.#text(at, "text", text)
    this.#doc.handle.put(at, "at", this.#now, "int")
    this.#text(at, "mentions", mentions.join(","))
    return id
  }

  resolve(comment: string, resolved: boolean): void {
    this.#doc.handle.put(`/comments/${comment}`, "resolved", resolved, "boolean")
  }

  deleteComment(comment: string): void {
    this.#doc.handle.delete("/comments", comment)
  }

  suggestion(id = newId()): string {
    this.#doc.handle.put(this.#map("/suggestions", id, {}), "at", this.#now, "int")
    return id
  }

  deleteSuggestion(id: string): void {
    this.#doc.handle.delete("/suggestions", id)
  }

  version(name: string, heads: readonly string[]): string {
    const id = newId()
    const at = this.#map("/versions", id, {})
    this.#text(at, "name", name)
    this.#text(at, "heads", heads.join(","))
    this.#doc.handle.put(at, "at", this.#now, "int")
    return id
  }

  renameVersion(id: string, name: string): void {
    this.#text(`/versions/${id}`, "name", name)
  }

  deleteVersion(id: string): void {
    this.#doc.handle.delete("/versions", id)
  }

  /** Changes page settings; what is not named stays. */
  page(change: Partial<PageSettings>): void {
    const { size, landscape, margins, header, footer, numbers } = change
    if (size !== undefined) this.#text("/page", "size", size)
    if (landscape !== undefined) this.#doc.handle.put("/page", "landscape", landscape, "boolean")
    if (margins !== undefined) this.#text("/page", "margins", margins.join(" "))
    if (header !== undefined) this.#text("/page", "header", header)
    if (footer !== undefined) this.#text("/page", "footer", footer)
    if (numbers !== undefined) this.#doc.handle.put("/page", "numbers", numbers, "boolean")
  }

  #map(path: string, key: string, value: Record<string, never>): string {
    return this.#doc.handle.putObject(path, key, value)
  }

  #text(path: string, key: string, value: string): void {
    this.#doc.handle.put(path, key, value, "str")
  }
}
