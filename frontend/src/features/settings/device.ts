import { m } from "../../paraglide/messages.js"
import type { Device } from "../../transport/types"
import { date, relative } from "./dates"

const platforms: Record<string, string> = { linux: "Linux", windows: "Windows", macos: "macOS" }

/** Whether a device is there, in words; empty for this one. */
function seen(device: Device): string {
  if (device.self) return ""
  if (device.online) return m.device_online()
  return device.lastSeen > 0
    ? m.device_last_seen({ time: relative(device.lastSeen) })
    : m.device_never_seen()
}

/** What is known of a device beside its name. */
export const aboutDevice = (device: Device): string =>
  [
    platforms[device.platform],
    device.added > 0 && m.device_added({ date: date(device.added) }),
    seen(device),
  ]
    .filter(Boolean)
    .join(" · ")
