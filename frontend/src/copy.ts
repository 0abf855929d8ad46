import { toast } from "svelte-sonner"
import { m } from "./paraglide/messages.js"

/** Puts a text on the clipboard and says so, or what to do where that is not allowed. */
export async function copy(text: string, done: string, refused = m.copy_by_hand()) {
  try {
    await navigator.clipboard.writeText(text)
    toast.success(done)
  } catch {
    toast.error(refused)
  }
}
