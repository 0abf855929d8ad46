/** Whether shortcuts use ⌘ instead of Ctrl. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.platform)

/** Whether the platform's own modifier for commands is held, and no other but Shift. */
export const command = (event: KeyboardEvent) =>
  (isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey) && !event.altKey

/** How a shortcut is written on this platform. */
export const written = (keys: string) =>
  isMac ? keys.replace("Ctrl+", "⌘").replace("Shift+", "⇧") : keys
