import { m } from "../../paraglide/messages.js"
import type { Doc } from "../../transport/types"
import { heldText } from "../chat/held"
import type { Place } from "../chat/custody.svelte"

/** Where what this computer wrote in a document is. */
export function placeOf(doc: Pick<Doc, "holders" | "everywhere">): Exclude<Place, "read"> {
  if (doc.everywhere) return "delivered"
  return doc.holders > 0 ? "held" : "local"
}

/** What that means, in words. */
export function placeText(doc: Pick<Doc, "holders" | "everywhere" | "bySuperPeer">): string {
  switch (placeOf(doc)) {
    case "local":
      return m.state_local()
    case "held":
      return heldText(doc.holders, doc.bySuperPeer)
    case "delivered":
      return m.state_delivered()
  }
}
