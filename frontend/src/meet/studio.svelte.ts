import { problemOf, type Device, type Problem } from "../features/calls/problems"
import type { Tracks } from "./peer"

const picture = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 24, max: 30 },
}
const kinds = { camera: "videoinput", microphone: "audioinput" } as const

/** Camera and microphone of this browser. */
export class Studio {
  camera = $state<MediaStreamTrack | undefined>()
  microphone = $state<MediaStreamTrack | undefined>()
  /** What is wanted; what is there may be less. */
  cameraOn = $state(true)
  muted = $state(false)
  cameraId = $state("")
  microphoneId = $state("")
  problems = $state<{ [device in Device]?: Problem }>({})
  cameras = $state<MediaDeviceInfo[]>([])
  microphones = $state<MediaDeviceInfo[]>([])
  /** Called when other tracks are to be sent. */
  onchange: () => void = () => {}

  readonly sends = $derived({
    camera: this.cameraOn && this.camera !== undefined,
    sound: !this.muted && this.microphone !== undefined,
  })
  /** What oneself looks like. */
  readonly self = $derived(
    this.cameraOn && this.camera ? new MediaStream([this.camera]) : undefined,
  )

  #started = false

  constructor(readonly devices: MediaDevices | undefined = navigator.mediaDevices) {}

  get tracks(): Tracks {
    return { sound: this.microphone, picture: this.cameraOn ? this.camera : undefined }
  }

  /** Opens the devices unless they are open. */
  async begin() {
    if (!this.#started) await this.start()
  }

  /** Asks for both at once, so that the browser asks its user once; then for each by itself. */
  async start() {
    this.#started = true
    this.devices?.addEventListener("devicechange", this.#list)
    try {
      const stream = await this.#get({ audio: this.#sound(), video: this.#picture() })
      this.#keep("camera", stream.getVideoTracks()[0])
      this.#keep("microphone", stream.getAudioTracks()[0])
    } catch {
      await this.open("microphone")
      await this.open("camera")
    }
    await this.#list()
    this.onchange()
  }

  stop() {
    this.#started = false
    this.devices?.removeEventListener("devicechange", this.#list)
    this.#keep("camera", undefined)
    this.#keep("microphone", undefined)
  }

  async choose(device: Device, id: string) {
    if (device === "camera") this.cameraId = id
    else this.microphoneId = id
    await this.open(device)
  }

  /** Opens a device anew. */
  async open(device: Device) {
    this.#keep(device, undefined)
    try {
      const camera = device === "camera"
      const stream = await this.#get(camera ? { video: this.#picture() } : { audio: this.#sound() })
      this.#keep(device, stream.getTracks()[0])
    } catch (reason) {
      this.problems[device] = problemOf(reason)
    }
    await this.#list()
    this.onchange()
  }

  /** Mutes, or sends sound again, which may need the microphone once more. */
  toggleMute() {
    this.muted = this.sends.sound
    if (this.microphone) this.microphone.enabled = !this.muted
    if (!this.muted && !this.microphone) void this.open("microphone")
    else this.onchange()
  }

  /** A camera that is off is let go, so that its light is off. */
  toggleCamera() {
    this.cameraOn = !this.sends.camera
    if (this.cameraOn) {
      void this.open("camera")
      return
    }
    this.#keep("camera", undefined)
    this.onchange()
  }

  async #get(wanted: MediaStreamConstraints): Promise<MediaStream> {
    if (!this.devices) throw new DOMException("no devices", "NotSupportedError")
    return this.devices.getUserMedia(wanted)
  }

  #sound(): MediaTrackConstraints {
    const usual = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
    return this.microphoneId ? { ...usual, deviceId: { exact: this.microphoneId } } : usual
  }

  #picture(): MediaTrackConstraints {
    return this.cameraId ? { ...picture, deviceId: { exact: this.cameraId } } : picture
  }

  #keep(device: Device, track: MediaStreamTrack | undefined) {
    const before = this[device]
    if (before) {
      before.onended = null
      before.stop()
    }
    this[device] = track
    delete this.problems[device]
    if (!track) return
    if (device === "microphone") track.enabled = !this.muted
    track.onended = () => {
      this[device] = undefined
      this.problems[device] = "unplugged"
      this.onchange()
    }
  }

  #list = async () => {
    const all = (await this.devices?.enumerateDevices().catch(() => [])) ?? []
    this.cameras = all.filter(({ kind }) => kind === kinds.camera)
    this.microphones = all.filter(({ kind }) => kind === kinds.microphone)
  }
}
