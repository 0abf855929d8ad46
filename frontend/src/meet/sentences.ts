import { m } from "../paraglide/messages.js"
import type { Obstacle } from "./begin"
import type { Why } from "./meeting.svelte"

export type Said = { title: string; about: string; again: boolean }

/** What is said when there is nothing to join, or a visit is over. */
export function notice(why: Why | Obstacle): Said {
  const host = location.host
  const once = (title: string, about: string): Said => ({ title, about, again: false })
  const again = (title: string, about = ""): Said => ({ title, about, again: true })
  switch (why) {
    case "link":
      return once(m.meet_link(), m.meet_link_about())
    case "newer":
      return once(m.meet_link_newer(), m.meet_link_newer_about({ host }))
    case "insecure":
      return once(m.meet_insecure(), m.meet_insecure_about())
    case "unsupported":
      return once(m.meet_unsupported(), m.meet_unsupported_about())
    case "refused":
      return again(m.meet_refused(), m.meet_refused_about())
    case "removed":
      return again(m.meet_removed(), m.meet_refused_about())
    case "ended":
      return again(m.meet_ended())
    case "left":
      return again(m.meet_left())
    case "full":
      return again(m.meet_full(), m.meet_full_about())
    case "revoked":
      return once(m.meet_revoked(), m.meet_revoked_about())
    case "waited":
      return again(m.meet_waited(), m.meet_waited_about())
    case "flood":
      return again(m.meet_flood(), m.meet_flood_about())
  }
}
