import type { Device } from "./problems"

const key = "parvis.call"

type Kept = {
  microphone: string
  camera: string
  loudspeaker: string
  muted: boolean
  cameraOn: boolean
}

/** How somebody enters calls, as chosen last in this window. */
export class Choice {
  microphone = $state("")
  camera = $state("")
  loudspeaker = $state("")
  muted = $state(false)
  cameraOn = $state(true)

  constructor() {
    const kept = read()
    this.microphone = kept.microphone ?? ""
    this.camera = kept.camera ?? ""
    this.loudspeaker = kept.loudspeaker ?? ""
    this.muted = kept.muted ?? false
    this.cameraOn = kept.cameraOn ?? true
  }

  /** Keeps the choice for the next call. */
  keep() {
    const { microphone, camera, loudspeaker, muted, cameraOn } = this
    const kept: Kept = { microphone, camera, loudspeaker, muted, cameraOn }
    try {
      localStorage.setItem(key, JSON.stringify(kept))
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }

  /** The chosen device with what is wanted of it. */
  exact(device: Device, wanted: MediaTrackConstraints): MediaTrackConstraints {
    return this[device] ? { ...wanted, deviceId: { exact: this[device] } } : wanted
  }

  /** Forgets which device was chosen; false when none was. */
  forget(device: Device): boolean {
    const chosen = this[device] !== ""
    this[device] = ""
    return chosen
  }
}

function read(): Partial<Kept> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "{}")
    return typeof value === "object" && value !== null ? value : {}
  } catch {
    return {}
  }
}
