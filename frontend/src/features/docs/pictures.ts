import type { Images, StoredImage } from "../../editor/source"
import { ApiError } from "../../transport/transport"
import { Content } from "./content"

/** The pictures of one document, stored as encrypted blocks by the program. */
export class Pictures implements Images {
  readonly #content: Content

  constructor(content: Content) {
    this.#content = content
  }

  async put(file: File): Promise<StoredImage> {
    return { file: await this.#content.putPicture(file), name: file.name }
  }

  get document(): string {
    return `${this.#content.workspace}/${this.#content.document}`
  }

  /** Only from documents of the same workspace: others are not written for the same people. */
  async read(from: string, { file, name }: StoredImage): Promise<File> {
    const [, workspace = "", document = ""] = /^([0-9a-z]+)\/([0-9a-z]+)$/i.exec(from) ?? []
    if (workspace !== this.#content.workspace)
      throw new ApiError("refused", "The picture belongs to another workspace.")
    return new Content(workspace, document).picture(file, name)
  }

  /** May be handed on alone. */
  readonly url = (file: string): string => this.#content.pictureAddress(file)
}
