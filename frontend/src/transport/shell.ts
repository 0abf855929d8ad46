/** What a window can do that is no business of the program's own methods. */
export interface Shell {
  /** Opens an address outside. Only https, http and mailto are ever passed. */
  openLink(url: string): void
}

/** Whether an address may be opened outside at all. */
export function isSafeLink(url: string): boolean {
  try {
    return ["https:", "http:", "mailto:"].includes(new URL(url).protocol)
  } catch {
    return false
  }
}

export const browserShell: Shell = {
  openLink: (url) => void (isSafeLink(url) && window.open(url, "_blank", "noopener,noreferrer")),
}

export const windowShell: Shell = {
  openLink: (url) => void (isSafeLink(url) && window.runtime?.BrowserOpenURL(url)),
}
