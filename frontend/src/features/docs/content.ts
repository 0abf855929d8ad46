import { ApiError, apiError } from "../../transport/transport"

/** Names the heads of a state, with commas. */
const headsHeader = "X-Parvis-Heads"

/** The bytes of one document, which travel by HTTP in the window and in the browser alike. */
export class Content {
  readonly #ref: string

  constructor(
    readonly workspace: string,
    readonly document: string,
  ) {
    this.#ref = `${workspace}/${document}`
  }

  /** The document as one file of Automerge. Rejects with an ApiError. */
  async file(): Promise<Uint8Array> {
    const response = await request(`/content/doc/${this.#ref}`)
    return new Uint8Array(await response.arrayBuffer())
  }

  /** What was kept to be shown until the document is loaded, or null. */
  async paint(): Promise<{ heads: string[]; data: string } | null> {
    const response = await request(`/content/paint/${this.#ref}`)
    if (response.status === 204) return null
    const heads = (response.headers.get(headsHeader) ?? "").split(",").filter(Boolean)
    return { heads, data: await response.text() }
  }

  async keepPaint(heads: readonly string[], data: string): Promise<void> {
    await this.#keep("paint", heads, data)
  }

  async keepSnapshot(heads: readonly string[], file: Uint8Array): Promise<void> {
    await this.#keep("snapshot", heads, new Blob([file as BlobPart]))
  }

  async #keep(what: string, heads: readonly string[], body: BodyInit): Promise<void> {
    const headers = { [headsHeader]: heads.join(",") }
    await request(`/content/${what}/${this.#ref}`, { method: "PUT", headers, body })
  }

  /** Stores a picture and returns the content id of its index block. */
  async putPicture(file: File): Promise<string> {
    const name = encodeURIComponent(file.name)
    const response = await request(`/content/file/${this.#ref}?name=${name}`, {
      method: "POST",
      body: file,
    })
    return ((await response.json()) as { file: string }).file
  }

  /** Reads a stored picture. Rejects with an ApiError. */
  async picture(file: string, name: string): Promise<File> {
    const bytes = await (await request(this.pictureAddress(file))).blob()
    return new File([bytes], name, { type: bytes.type })
  }

  pictureAddress(file: string): string {
    return `/content/file/${this.#ref}/${encodeURIComponent(file)}`
  }
}

/** Sends a request to the program. Rejects with an ApiError, "offline" when it does not answer. */
export async function request(address: string, init?: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(address, init)
  } catch {
    throw new ApiError("offline", "Parvis is not running. Start it again.")
  }
  if (response.ok) return response
  throw apiError(await response.text())
}
