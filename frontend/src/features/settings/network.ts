import { m } from "../../paraglide/messages.js"

/** How a device is reached, in words. */
export function pathName(path: string): string {
  switch (path) {
    case "lan":
      return m.path_lan()
    case "relayed":
      return m.path_relayed()
    case "super-peer":
      return m.path_super_peer()
    default:
      return m.path_direct()
  }
}
