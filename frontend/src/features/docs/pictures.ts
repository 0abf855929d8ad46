import type { Images, StoredImage } from "../../editor/source"
import type { Content } from "./content"

/** The pictures of one document, stored as encrypted blocks by the program. */
export class Pictures implements Images {
  readonly #content: Content

  constructor(content: Content) {
    this.#content = content
  }

  async put(file: File): Promise<StoredImage> {
    return { file: await this.#content.putPicture(file), name: file.name }
  }

  /** May be handed on alone. */
  readonly url = (file: string): string => this.#content.pictureAddress(file)
}
