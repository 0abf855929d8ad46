import type { Caller } from "./caller.svelte"

/** The keys of a call, with Ctrl (or ⌘) and Shift, wherever the person is. */
export const callKeys = { mute: "M", camera: "O", leave: "H" } as const

export const callKey = (what: keyof typeof callKeys) => `Ctrl+Shift+${callKeys[what]}`

/** Does what a key says in the call. False when it says nothing. */
export function pressed(caller: Caller, key: string): boolean {
  if (!caller.here) return false
  switch (key.toUpperCase()) {
    case callKeys.mute:
      void caller.toggleMute()
      return true
    case callKeys.camera:
      void caller.toggleCamera()
      return true
    case callKeys.leave:
      void caller.leave()
      return true
  }
  return false
}

/** Whether the space bar has no other meaning where the focus is. */
export const isFree = (target: EventTarget | null) =>
  !(target instanceof Element) ||
  target.closest("[data-talk]") !== null ||
  !target.closest(
    "input, textarea, select, button, a, summary, [contenteditable], [role=dialog], [role=alertdialog], [role=menu], [role=separator]",
  )
