import { apiError } from "./transport"

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
}

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

export const browserShell: Shell = {
  name: () => {},
  openLink: (url) => void (isSafeLink(url) && window.open(url, "_blank", "noopener,noreferrer")),
  async saveExport(token, name) {
    const link = document.createElement("a")
    link.href = exported(token)
    link.download = name
    document.body.append(link)
    link.click()
    link.remove()
    return true
  },
}

export const windowShell: Shell = {
  name: (title) => window.runtime?.WindowSetTitle(title),
  openLink: (url) => void (isSafeLink(url) && window.runtime?.BrowserOpenURL(url)),
  async saveExport(token) {
    const save = window.go?.desktop?.Dialogs?.SaveExport
    if (!save) throw apiError({ code: "internal", message: "This window cannot save files." })
    try {
      return (await save(token)) === true
    } catch (reason) {
      throw apiError(reason)
    }
  },
}
