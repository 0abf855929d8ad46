import type { Sink } from "../features/calls/film"
import { apiError } from "./transport"
import { Kept, leftFilms, type LeftFilm } from "./vault"

/** What a window can do that is no business of the program's own methods. */
export interface Shell {
  /** Opens an address outside. Only https, http and mailto are ever passed. */
  openLink(url: string): void
  /** Names the window; a browser does that by the page's title. */
  name(title: string): void
  /**
   * Saves a finished export, named by its token, as a file. False when the person chose not to.
   * Rejects with an ApiError.
   */
  saveExport(token: string, name: string): Promise<boolean>
  /** Saves a text of the page as a file. As saveExport. */
  saveText(name: string, text: string): Promise<boolean>
  /**
   * Begins a file for a recording of a call, where the person chooses; undefined when they chose
   * nothing. Rejects with an ApiError.
   */
  saveFilm(name: string): Promise<Sink | undefined>
  /** The recordings whose page was closed before they were saved. */
  leftFilms(): Promise<Left[]>
  /** Where the page opens its line for sound and pictures. Rejects with an ApiError. */
  mediaLine(): Promise<string>
  /** Answers the question whether to close: the window stays, or hides and Parvis goes on. */
  stay(hide: boolean): void
  /** Answers the question whether to close: Parvis ends. */
  quit(): void
}

/** A recording whose page was closed before it was saved. */
export type Left = { name: string; save(): Promise<void>; forget(): Promise<void> }

/** Whether an address may be opened outside at all. */
export function isSafeLink(url: string): boolean {
  try {
    return ["https:", "http:", "mailto:"].includes(new URL(url).protocol)
  } catch {
    return false
  }
}

/** Where a finished export waits. */
const exported = (token: string) => `/content/export/${encodeURIComponent(token)}`

function download(href: string, name: string) {
  const link = document.createElement("a")
  link.href = href
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
}

/** A file that is downloaded when it is whole. */
class Download implements Sink {
  readonly name: string
  readonly #kept: Kept | undefined
  #all = new Blob([], { type: "video/webm" })

  constructor(name: string, kept?: Kept) {
    this.name = name
    this.#kept = kept
  }

  write(data: Uint8Array<ArrayBuffer>, position: number) {
    this.#kept?.write(data, position)
    const { type } = this.#all
    const [before, behind] = [this.#all.slice(0, position), this.#all.slice(position + data.length)]
    this.#all = new Blob([before, data, behind], { type })
  }

  async close(keep: boolean) {
    if (keep) {
      const file = URL.createObjectURL(this.#all)
      download(file, this.name)
      setTimeout(() => URL.revokeObjectURL(file), 60_000)
    }
    this.#kept?.forget()
    return keep
  }

  leave() {
    this.#kept?.seal()
  }
}

/** Saves a recording that another page has begun. */
const left = (film: LeftFilm): Left => ({
  name: film.name,
  async save() {
    const file = new Download(film.name)
    file.write(await film.read(), 0)
    await file.close(true)
    await film.forget()
  },
  forget: () => film.forget(),
})

/** A file that the window writes. */
class WindowFilm implements Sink {
  /** Writes come one after the other; one that failed spoils the file. */
  #written: Promise<unknown> = Promise.resolve()

  write(data: Uint8Array<ArrayBuffer>, position: number) {
    let text = ""
    for (let at = 0; at < data.length; at += 8192)
      text += String.fromCharCode(...data.subarray(at, at + 8192))
    const encoded = btoa(text)
    this.#written = this.#written.then(() => ask("WriteFilm", position, encoded))
    this.#written.catch(() => {})
  }

  async close(keep: boolean) {
    const whole = await this.#written.then(
      () => true,
      () => false,
    )
    await ask("EndFilm", keep && whole).catch(() => {})
    return whole
  }
}

export const browserShell: Shell = {
  name: () => {},
  stay: () => {},
  quit: () => {},
  mediaLine: async () => `${location.origin.replace(/^http/, "ws")}/media`,
  openLink: (url) => void (isSafeLink(url) && window.open(url, "_blank", "noopener,noreferrer")),
  async saveExport(token, name) {
    download(exported(token), name)
    return true
  },
  saveFilm: async (name) => new Download(name, Kept.begin(name)),
  leftFilms: async () => (await leftFilms()).map(left),
  async saveText(name, text) {
    const file = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }))
    download(file, name)
    setTimeout(() => URL.revokeObjectURL(file), 60_000)
    return true
  },
}

/** Calls a method that only the window has. */
async function ask(method: string, ...args: unknown[]): Promise<unknown> {
  const call = window.go?.desktop?.Dialogs?.[method]
  if (!call) throw apiError({ code: "internal", message: "This window cannot do that." })
  try {
    return await call(...args)
  } catch (reason) {
    throw apiError(reason)
  }
}

export const windowShell: Shell = {
  name: (title) => window.runtime?.WindowSetTitle(title),
  openLink: (url) => void (isSafeLink(url) && window.runtime?.BrowserOpenURL(url)),
  mediaLine: async () => String(await ask("Media")),
  saveExport: async (token) => (await ask("SaveExport", token)) === true,
  saveFilm: async (name) => ((await ask("NewFilm", name)) === true ? new WindowFilm() : undefined),
  leftFilms: async () => [],
  saveText: async (name, text) => (await ask("SaveText", name, text)) === true,
  stay: (hide) => void ask("Stay", hide),
  quit: () => void ask("Quit"),
}
