import { start } from "./start"
import { browserShell, windowShell } from "./transport/shell"
import { SocketTransport } from "./transport/socket"
import { WailsTransport } from "./transport/wails"

// Where WebCodecs is the first to touch GStreamer, WebKitGTK's page process ends.
document.createElement("video").canPlayType("video/mp4")

if ("go" in window) {
  start(new WailsTransport(), windowShell)
} else {
  start(new SocketTransport(`${location.origin.replace(/^http/, "ws")}/api`), browserShell)
}
