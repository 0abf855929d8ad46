import { start } from "../src/start"
import { browserShell } from "../src/transport/shell"
import { FakeTransport } from "./fake"

declare global {
  interface Window {
    fake: FakeTransport
  }
}

// The address says what the workspace holds: ?messages=10000&channels=200&french&empty
const query = new URLSearchParams(location.search)
const number = (name: string, otherwise: number) => Number(query.get(name) ?? otherwise)

window.fake = new FakeTransport({
  messages: number("messages", 40),
  channels: number("channels", 6),
  people: number("people", 9),
  documents: number("documents", 7),
  french: query.has("french"),
  role: query.get("role") ?? "owner",
  nowhere: query.has("nowhere"),
  empty: query.has("empty"),
})
const { protection } = window.fake
window.fake.fresh = query.has("fresh")
protection.locked = query.has("locked") || window.fake.fresh
protection.state = {
  kind: query.get("guard") ?? (protection.locked ? "passphrase" : "keyring"),
  autoLock: number("autolock", 0),
  from: query.has("from") ? "/etc/parvis/passphrase" : "",
  recovery: !query.has("unsaved"),
  disk: query.get("disk") ?? "on",
}
protection.keyring = !query.has("nokeyring")
start(window.fake, browserShell)
