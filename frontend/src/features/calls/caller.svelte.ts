import { toast } from "svelte-sonner"
import { explain } from "../../explain"
import type { Shell } from "../../transport/shell"
import type { Call, Channel } from "../../transport/types"
import type { Calls } from "./calls.svelte"
import { Recording } from "./recording.svelte"
import { Studio } from "./studio.svelte"

/** A call that is about to be started or joined. */
export type Picking = { channel: Channel; call?: Call | undefined }

/** Milliseconds. */
const settled = 1500

/** What the person does with calls. Nothing here is done by what arrives from others. */
export class Caller {
  readonly studio: Studio
  readonly recording: Recording
  /** The choice of devices is open for this. */
  picking = $state.raw<Picking>()
  /** Whether a call is being entered. */
  entering = $state(false)
  /** Whether the space bar is held to talk. */
  talking = $state(false)
  readonly #calls: Calls
  #inside = false
  #opening: Promise<void> | undefined
  #ending: ReturnType<typeof setTimeout> | undefined

  constructor(calls: Calls, shell: Shell) {
    this.#calls = calls
    this.studio = new Studio(shell)
    this.recording = new Recording(calls, this.studio, shell)
    this.studio.oncameragone = () => this.#inside && void this.#set({ camera: false })
    this.studio.onscreenended = () => void this.#set({ screen: false })
  }

  /** Whether this page captures and plays in the call of this device. */
  get here() {
    return this.#calls.own !== undefined && this.studio.open && !this.studio.taken
  }

  /** Opens the choice of devices before a call. */
  async pick(picking: Picking) {
    this.picking = picking
    this.#opening = this.studio.start().then(() => this.#openChosen())
    await this.#opening
  }

  /** Closes the choice of devices without entering. */
  cancel() {
    this.picking = undefined
    if (!this.#inside) this.studio.stop()
  }

  /** Enters the call that the choice of devices is open for. */
  async confirm() {
    const { picking } = this
    if (!picking) return
    this.studio.choice.keep()
    const { channel, call } = picking
    const entered = await this.#enter((entry) =>
      call
        ? this.#calls.join(call, entry)
        : this.#calls.start(channel.workspace, channel.id, entry),
    )
    if (entered) this.picking = undefined
  }

  /** Answers what rings, with the devices chosen last. */
  async answer(call: Call) {
    await this.studio.start()
    await this.#openChosen()
    if (!(await this.#enter((entry) => this.#calls.join(call, entry)))) this.studio.stop()
  }

  async decline(call: Call) {
    await this.#calls.decline(call).catch(tell)
  }

  /** Captures and plays in the call of this device, here. */
  async resume() {
    await this.studio.start()
    await this.studio.take()
    this.#inside = true
    await this.#openChosen()
    const { muted, camera, screen } = this.#calls.state
    this.studio.mute(muted)
    if (!camera) this.studio.closeCamera()
    if (screen && !this.studio.shared) await this.#set({ screen: false })
  }

  async leave() {
    this.#end()
    await this.#calls.leave().catch(tell)
  }

  /**
   * Closes what is open when the call has ended for this device by itself. What the program said
   * before the call was entered may arrive after it, so it must say so for a moment.
   */
  follow() {
    this.recording.follow()
    clearTimeout(this.#ending)
    if (this.#over()) this.#ending = setTimeout(() => this.#over() && this.#end(), settled)
  }

  #over() {
    return !this.#calls.own && this.#inside && !this.entering
  }

  #end() {
    this.#inside = false
    this.talking = false
    void this.recording.end()
    this.studio.stop()
  }

  async toggleMute() {
    const muted = !this.#calls.state.muted
    if (!muted && !this.studio.hasMicrophone && !(await this.studio.openMicrophone())) return
    await this.#mute(muted)
  }

  /** Talks while the space bar is held, if muted. */
  async talk(down: boolean) {
    if (down === this.talking || (down && !this.#calls.state.muted)) return
    this.talking = down
    await this.#mute(!down)
  }

  async toggleCamera() {
    const camera = !this.#calls.state.camera
    if (!camera) this.studio.closeCamera()
    const on = camera && (await this.studio.openCamera())
    this.studio.choice.cameraOn = on
    this.studio.choice.keep()
    await this.#set({ camera: on })
  }

  async toggleScreen() {
    if (this.#calls.state.screen) {
      this.studio.closeScreen()
      await this.#set({ screen: false })
    } else if (await this.studio.openScreen()) await this.#set({ screen: true })
  }

  /** Shows a reaction to everybody. */
  async react(reaction: string) {
    await this.#calls.react(reaction).catch(tell)
  }

  /** Says whether this person agrees to be recorded by a participant. */
  async consent(device: string, agrees: boolean) {
    await this.#calls.answer(device, agrees).catch(tell)
  }

  async toggleHand() {
    await this.#set({ hand: !this.#calls.state.hand })
  }

  /** Opens the chosen devices again after another one was chosen. */
  async reopen(device: "microphone" | "camera") {
    if (device === "microphone") await this.studio.openMicrophone()
    else if (this.studio.choice.cameraOn) {
      const camera = await this.studio.openCamera()
      if (this.#inside) await this.#set({ camera })
    } else this.studio.closeCamera()
  }

  close() {
    this.studio.close()
  }

  async #openChosen() {
    const { studio } = this
    studio.mute(studio.choice.muted)
    await Promise.all([
      studio.openMicrophone(),
      studio.choice.cameraOn ? studio.openCamera() : studio.list(),
    ])
  }

  async #enter(enter: (entry: { muted: boolean; camera: boolean }) => Promise<Call>) {
    this.entering = true
    try {
      const { studio } = this
      await this.#opening // who enters at once enters with the devices that are still opening
      await studio.take()
      const muted = studio.choice.muted || !studio.hasMicrophone
      await enter({ muted, camera: studio.self !== undefined })
      this.#inside = true
      studio.mute(muted)
      return true
    } catch (reason) {
      tell(reason)
      return false
    } finally {
      this.entering = false
    }
  }

  async #mute(muted: boolean) {
    this.studio.mute(muted)
    await this.#set({ muted })
  }

  async #set(change: Parameters<Calls["set"]>[0]) {
    await this.#calls.set(change).catch(tell)
  }
}

const tell = (reason: unknown) => void toast.error(explain(reason))
