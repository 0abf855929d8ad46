import { m } from "../../paraglide/messages.js"

export type Device = "microphone" | "camera"

/** Why a device does not work. */
export type Problem = "none" | "denied" | "busy" | "unplugged" | "unsupported" | "failed"

/** What goes on in the call without the device: only what is true is said. */
export type Meanwhile = {
  /** Whether somebody else is in the call. */
  others: boolean
  /** Whether what the microphone hears goes to them. */
  heard: boolean
}

/** What a refused request for a device means. */
export function problemOf(reason: unknown): Problem {
  switch (reason instanceof Error || reason instanceof DOMException ? reason.name : "") {
    case "NotFoundError":
    case "OverconstrainedError":
    case "DevicesNotFoundError":
      return "none"
    case "NotAllowedError":
    case "SecurityError":
    case "PermissionDeniedError":
      return "denied"
    case "NotReadableError":
    case "AbortError":
    case "TrackStartError":
      return "busy"
    case "NotSupportedError":
      return "unsupported"
  }
  return "failed"
}

/** What is wrong with a device and what to do about it. */
function problemText(device: Device, problem: Problem): string {
  const camera = device === "camera"
  switch (problem) {
    case "none":
      return camera ? m.call_no_camera() : m.call_no_microphone()
    case "denied":
      return camera ? m.call_camera_denied() : m.call_microphone_denied()
    case "busy":
      return camera ? m.call_camera_busy() : m.call_microphone_busy()
    case "unplugged":
      return camera ? m.call_camera_unplugged() : m.call_microphone_unplugged()
    case "unsupported":
      return camera ? m.call_camera_unsupported() : m.call_sound_unsupported()
    case "failed":
      return camera ? m.call_camera_failed() : m.call_microphone_failed()
  }
}

/** What is wrong with the devices, what to do about it, and what works all the same. */
export function problemTexts(
  problems: Partial<Record<Device, Problem>>,
  { others, heard }: Meanwhile = { others: false, heard: false },
): string[] {
  const { microphone, camera } = problems
  const texts = []
  if (microphone) texts.push(problemText("microphone", microphone))
  if (camera) texts.push(problemText("camera", camera))
  if (!others || texts.length === 0) return texts
  if (microphone && microphone !== "unsupported") texts.push(m.call_hear_others())
  if (!microphone && heard) texts.push(m.call_heard())
  return texts
}
