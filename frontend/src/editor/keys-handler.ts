import { keydownHandler } from "prosemirror-keymap"
import type { Command } from "prosemirror-state"

/** The combination is the editor's, also where its command does not apply: nothing else may answer it. */
const taken =
  (command: Command): Command =>
  (state, dispatch, view) => {
    command(state, dispatch, view)
    return true
  }

/**
 * Answers key events by bindings such as "Mod-Shift-x". A letter with Shift never means the one
 * without: with Caps Lock, Ctrl Shift Z would undo where there is nothing to redo.
 */
export function handleKeys(
  bindings: Readonly<Record<string, Command>>,
): ReturnType<typeof keydownHandler> {
  const all: Record<string, Command> = {}
  const shifted: Record<string, Command> = {}
  for (const [keys, command] of Object.entries(bindings)) {
    const answer = keys.includes("Mod-") ? taken(command) : command
    all[keys] = answer
    if (keys.includes("Shift-")) shifted[keys] = answer
  }
  const [handle, handleShifted] = [keydownHandler(all), keydownHandler(shifted)]
  return (view, event) => {
    const letter = event.shiftKey && /^\p{L}$/u.test(event.key)
    return (letter ? handleShifted : handle)(view, event)
  }
}
