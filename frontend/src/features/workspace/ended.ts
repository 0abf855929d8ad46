import { m } from "../../paraglide/messages.js"

/** Why codes were not compared, in words; `end` is as in Comparison. */
export function howEnded(end: string): string {
  switch (end) {
    case "stopped":
      return m.codes_end_stopped()
    case "wrong":
      return m.codes_end_wrong()
    case "refused":
      return m.codes_end_refused()
    case "late":
      return m.codes_end_late()
    case "removed":
      return m.codes_end_removed()
    case "over":
      return m.codes_end_over()
    default:
      return m.codes_end_lost()
  }
}
