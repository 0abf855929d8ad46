import type { Shell } from "../../transport/shell"
import { capabilities, type Capabilities } from "./capabilities"
import { Choice } from "./choice.svelte"
import type { FromEngine, Picture, Source } from "./engine"
import { startEngine, type EngineHost } from "./host"
import { grab, type Grab } from "./grab"
import { Looks, type Look } from "./looks"
import { problemOf, type Device, type Problem } from "./problems"
import { canSink, Sound } from "./sound"

type Painter = (picture: Picture) => void

/** Not more often than pictures are sent. */
const cameraRate = 15
const screenRate = 5
/** How long the line may take to open, in milliseconds. */
const patience = 3000

/**
 * Camera, microphone, screen and loudspeaker of this page, for one call or the choice of devices
 * before it. Nothing is opened but by what the person does.
 */
export class Studio {
  readonly can: Capabilities = capabilities(globalThis, navigator.mediaDevices)
  readonly choice = new Choice()
  cameras = $state.raw<MediaDeviceInfo[]>([])
  microphones = $state.raw<MediaDeviceInfo[]>([])
  /** Empty where the system alone decides. */
  loudspeakers = $state.raw<MediaDeviceInfo[]>([])
  /** What stands in the way of a device. */
  problems = $state<Partial<Record<Device, Problem>>>({})
  screenFailed = $state(false)
  /** What the camera sees, for the person alone. */
  self = $state.raw<MediaStream>()
  shared = $state.raw<MediaStream>()
  /** How loud the microphone is, 0 to 1. */
  level = $state(0)
  /** How loud the others are, by device. */
  levels = $state.raw<Record<string, number>>({})
  /** The sources of others that send pictures, as "device source". */
  seen = $state.raw<ReadonlySet<string>>(new Set())
  /** Whether another page has taken over. */
  taken = $state(false)
  /** Whether the line to the program is open. */
  line = $state(true)
  /** Called when the person ends the sharing in the system's own way. */
  onscreenended = () => {}
  /** Called when the camera is gone without anybody having closed it. */
  oncameragone = () => {}
  /** Called when another page has taken over. */
  ontaken = () => {}
  /** Called when the line to the program is open again after it was lost. */
  oncontinued = () => {}

  readonly #shell: Shell
  readonly #sound = new Sound((level) => (this.level = level))
  readonly #painters = new Map<string, Set<Painter>>()
  readonly #looks = new Looks(
    (message, transfer) => this.#engine?.post(message, transfer),
    this.can.show === "track",
  )
  #engine = $state.raw<EngineHost>()
  #grabs: Partial<Record<Source, Grab>> = {}
  #microphone = $state.raw<MediaStream>()
  /** What has given pictures. */
  readonly #given = new WeakSet<MediaStream>()
  #muted = true
  #opened = () => {}
  /** Counts openings, so that a device that opens after the call was left is closed again. */
  #turn = 0

  constructor(shell: Shell) {
    this.#shell = shell
    navigator.mediaDevices?.addEventListener("devicechange", this.#changed)
  }

  get open() {
    return this.#engine !== undefined
  }

  /** Opens the line to the program, without which nothing may be captured. */
  async start() {
    if (this.#engine) return
    const engine = startEngine(this.#hear)
    this.#engine = engine
    this.line = true
    const opened = new Promise<void>((done) => {
      this.#opened = done
      setTimeout(done, patience)
    })
    try {
      const url = await this.#shell.mediaLine()
      this.#looks.renew()
      const { pixels, encode, scale } = this.can
      const [opus, scales] = [encode === "opus", scale === "encoder"]
      engine.post({ do: "open", url, pixels, opus, scales })
      await opened // before it the window's system refuses camera and microphone
    } catch {
      this.line = false
    }
  }

  /** Plays the others and gives them what is captured, here and nowhere else. */
  async take() {
    this.taken = false
    await this.start()
    this.#engine?.post({ do: "take" })
    void this.#sound.sink(this.choice.loudspeaker)
    const to = this.can.sound ? await this.#sound.speaker().catch(() => undefined) : undefined
    if (to) this.#engine?.post({ do: "speaker", to }, to instanceof MessagePort ? [to] : [])
    else this.problems.microphone = "unsupported"
  }

  /** Hides what is said about devices, until it happens again. */
  dismiss() {
    this.problems = {}
    this.screenFailed = false
  }

  get hasMicrophone() {
    return this.#microphone !== undefined
  }

  /** Closes everything. */
  stop() {
    this.#release()
    this.#engine?.close()
    this.#engine = undefined
    this.taken = false
  }

  /** Closes all but the line. */
  #release() {
    this.#turn++
    this.#closeMicrophone()
    this.closeCamera()
    this.closeScreen()
    this.#sound.close()
    this.levels = {}
    this.seen = new Set()
    this.problems = {}
    this.level = 0
  }

  close() {
    this.stop()
    navigator.mediaDevices?.removeEventListener("devicechange", this.#changed)
  }

  /** Whether what the microphone hears is sent. */
  mute(muted: boolean) {
    this.#muted = muted
    for (const track of this.#microphone?.getAudioTracks() ?? []) track.enabled = !muted
    this.#engine?.post({ do: "mute", muted })
  }

  /** Opens the chosen microphone. False when there is none to be had. */
  async openMicrophone(): Promise<boolean> {
    const wanted: MediaTrackConstraints = {
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      channelCount: 1,
    }
    const stream = await this.#ask("microphone", { audio: this.choice.exact("microphone", wanted) })
    this.#closeMicrophone()
    if (!stream) return false
    this.#microphone = stream
    this.#watch(stream, "microphone", () => this.#closeMicrophone())
    this.mute(this.#muted)
    if (!this.can.sound) {
      this.problems.microphone = "unsupported"
      return true
    }
    const port = await this.#sound.microphone(stream)
    this.#engine?.post({ do: "microphone", port }, [port])
    return true
  }

  /** Opens the chosen camera. False when there is none to be had. */
  async openCamera(tries = 2): Promise<boolean> {
    const wanted: MediaTrackConstraints = {
      width: { ideal: 640 },
      height: { ideal: 360 },
      frameRate: { ideal: cameraRate },
    }
    const stream = await this.#ask("camera", { video: this.choice.exact("camera", wanted) })
    this.closeCamera()
    if (!stream) return false
    this.self = stream
    this.#watch(stream, "camera", () => this.closeCamera())
    if (this.can.pictures) {
      this.#grab("camera", stream, cameraRate)
      if (tries > 0) setTimeout(() => this.#awake(stream) || this.openCamera(tries - 1), patience)
    } else this.problems.camera = "unsupported"
    return true
  }

  /**
   * Whether an open camera gives pictures. One that another page, or this one before it was loaded
   * again, closes at that moment may give none and say nothing.
   */
  #awake(stream: MediaStream): boolean {
    return this.self !== stream || this.#given.has(stream)
  }

  closeCamera() {
    this.#end("camera")
    stopTracks(this.self)
    this.self = undefined
  }

  /** Lets the person choose what of the screen is shared. False when nothing was. */
  async openScreen(): Promise<boolean> {
    this.screenFailed = false
    const turn = this.#turn
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({
        video: { frameRate: { max: screenRate }, width: { max: 1920 }, height: { max: 1080 } },
        audio: false,
      })
      if (turn !== this.#turn) {
        stopTracks(stream)
        return false
      }
      this.closeScreen()
      this.shared = stream
      const track = stream.getVideoTracks()[0]
      if (track) track.contentHint = "detail"
      track?.addEventListener("ended", () => {
        this.closeScreen()
        this.onscreenended()
      })
      this.#grab("screen", stream, screenRate)
      return true
    } catch (reason) {
      // Whoever closes the system's own question has chosen nothing: that is no failure.
      this.screenFailed = problemOf(reason) !== "denied"
      return false
    }
  }

  closeScreen() {
    this.#end("screen")
    stopTracks(this.shared)
    this.shared = undefined
  }

  /** Plays the others on another loudspeaker. */
  async playOn(loudspeaker: string) {
    const found = await this.#sound.sink(loudspeaker)
    this.choice.loudspeaker = found ? loudspeaker : ""
    this.choice.keep()
  }

  /** Gives the pictures of somebody as a stream, where they are shown as a track. */
  look(device: string, source: Source): Look {
    return this.#looks.add(device, source)
  }

  /** Paints the pictures of somebody until the end of the look. */
  paint(device: string, source: Source, painter: Painter): Look {
    const key = `${device} ${source}`
    const all = this.#painters.get(key) ?? new Set()
    this.#painters.set(key, all.add(painter))
    const look = this.#looks.add(device, source)
    const end = () => {
      all.delete(painter)
      if (all.size === 0 && this.#painters.get(key) === all) this.#painters.delete(key)
      look.end()
    }
    return { ...look, end }
  }

  /** Records the sound of these devices and of the own microphone. */
  keep(devices: string[]) {
    this.#engine?.post({ do: "keep", devices })
  }

  /** Gives the sound that is recorded, until the returned function is called. */
  record(hear: (samples: Float32Array<ArrayBuffer>) => void): Promise<() => void> {
    return this.#sound.record(hear)
  }

  /** Looks which devices there are. Their names are known once one of them was opened. */
  async list() {
    const all = await navigator.mediaDevices?.enumerateDevices().catch(() => [])
    const named = (kind: MediaDeviceKind) =>
      (all ?? []).filter((one) => one.kind === kind && one.deviceId !== "default")
    this.cameras = named("videoinput")
    this.microphones = named("audioinput")
    this.loudspeakers = canSink() ? named("audiooutput") : []
  }

  #changed = () => {
    void this.list().then(() => {
      // What was plugged in again is taken again.
      if (this.problems.microphone === "unplugged" && this.microphones.length > 0)
        void this.openMicrophone()
    })
  }

  async #ask(
    device: Device,
    constraints: MediaStreamConstraints,
  ): Promise<MediaStream | undefined> {
    const turn = this.#turn
    try {
      if (!this.can.devices) throw new DOMException("", "NotSupportedError")
      const stream = await navigator.mediaDevices.getUserMedia(constraints)
      if (turn !== this.#turn) {
        stopTracks(stream)
        return undefined
      }
      delete this.problems[device]
      void this.list()
      return stream
    } catch (reason) {
      const problem = problemOf(reason)
      // The device chosen last may be gone; another one does as well.
      if (problem === "none" && this.choice.forget(device)) {
        if (device === "microphone") return await this.#ask(device, { audio: true })
        return await this.#ask(device, { video: true })
      }
      if (turn === this.#turn) this.problems[device] = problem
      return undefined
    }
  }

  #watch(stream: MediaStream, device: Device, close: () => void) {
    stream.getTracks()[0]?.addEventListener("ended", () => {
      close()
      this.problems[device] = "unplugged"
      if (device === "camera") this.oncameragone()
    })
  }

  #grab(source: Source, stream: MediaStream, frames: number) {
    const track = stream.getVideoTracks()[0]
    if (!track) return
    this.#grabs[source] = grab(this.can.grab, track, frames, (picture) => {
      this.#given.add(stream)
      if (this.#engine) this.#engine.post({ do: "picture", source, picture }, [picture])
      else picture.close()
    })
  }

  #end(source: Source) {
    this.#grabs[source]?.stop()
    delete this.#grabs[source]
    this.#engine?.post({ do: "stop", source })
  }

  #closeMicrophone() {
    this.#sound.endMicrophone()
    stopTracks(this.#microphone)
    this.#microphone = undefined
    this.level = 0
  }

  #hear = (message: FromEngine) => {
    switch (message.is) {
      case "picture":
        this.#show(message.device, message.source, message.picture)
        break
      case "there":
        this.#see(`${message.device} ${message.source}`, true)
        break
      case "gone":
        this.#see(`${message.device} ${message.source}`, false)
        break
      case "levels":
        this.levels = message.levels
        break
      case "line":
        if (message.open && !this.line) this.oncontinued()
        this.line = message.open
        if (this.#engine) this.#opened()
        break
      case "taken":
        // What one window shows and sends, another must not show frozen or send too.
        this.taken = true
        this.#release()
        this.ontaken()
        break
      case "failed":
        this.problems[message.what === "sound" ? "microphone" : "camera"] = "unsupported"
    }
  }

  #show(device: string, source: Source, picture: Picture) {
    try {
      for (const paint of this.#painters.get(`${device} ${source}`) ?? []) paint(picture)
    } finally {
      if (!("data" in picture)) picture.close()
    }
  }

  #see(key: string, there: boolean) {
    if (this.seen.has(key) === there) return
    const seen = new Set(this.seen)
    if (there) seen.add(key)
    else seen.delete(key)
    this.seen = seen
  }
}

/** Ends a stream. Its "ended" listeners are not called: that is for what happens to it. */
function stopTracks(stream: MediaStream | undefined) {
  for (const track of stream?.getTracks() ?? []) track.stop()
}
