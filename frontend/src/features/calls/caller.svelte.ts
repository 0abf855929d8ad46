import { toast } from "svelte-sonner"
import { explain } from "../../explain"
import type { Shell } from "../../transport/shell"
import type { Call, Channel } from "../../transport/types"
import type { Calls } from "./calls.svelte"
import { Layout } from "./layout.svelte"
import type { Meanwhile } from "./problems"
import { Recording } from "./recording.svelte"
import { Studio } from "./studio.svelte"

/** A call that is about to be started or joined. */
export type Picking = { channel: Channel; call?: Call | undefined }

/** Milliseconds. */
const settled = 2000
const restored = 1500
const stopped = 1000

/** Where this window notes which call it is in, so that it goes on after it was loaded again. */
const note = "parvis.call.here"

/** What the person does with calls. Nothing here is done by what arrives from others. */
export class Caller {
  readonly studio: Studio
  readonly recording: Recording
  readonly layout = new Layout()
  /** The choice of devices is open for this. */
  picking = $state.raw<Picking>()
  /** Whether a call is being entered. */
  entering = $state(false)
  /** Whether the space bar is held to talk. */
  talking = $state(false)
  /** Counts how often the person entered a call here. */
  entered = $state(0)
  readonly #calls: Calls
  /** Whether a window that was loaded again goes on just now. */
  resuming = $state(false)
  #inside = false
  #opening: Promise<void> | undefined
  #ending: ReturnType<typeof setTimeout> | undefined

  constructor(calls: Calls, shell: Shell) {
    this.#calls = calls
    this.studio = new Studio(shell)
    this.recording = new Recording(calls, this.studio, shell)
    this.studio.oncameragone = () => this.#inside && void this.#set({ camera: false })
    this.studio.onscreenended = () => void this.#set({ screen: false })
    this.studio.ontaken = () => {
      this.talking = false
      this.recording.follow()
    }
    // The program has ended the sharing when it lost this page.
    this.studio.oncontinued = () =>
      setTimeout(() => this.here && !this.#calls.state.screen && this.studio.closeScreen(), stopped)
  }

  /** Whether this page captures and plays in the call of this device. */
  get here() {
    return this.#calls.own !== undefined && this.studio.open && !this.studio.taken
  }

  /** What goes on in the call while a device does not work. */
  get meanwhile(): Meanwhile {
    const others = this.here && this.#calls.participants.length > 1
    return { others, heard: others && this.studio.hasMicrophone && !this.#calls.state.muted }
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
    if (!entered) return
    this.picking = undefined
    this.entered++
  }

  /** Answers what rings, with the devices chosen last. */
  async answer(call: Call) {
    await this.studio.start()
    await this.#openChosen()
    if (await this.#enter((entry) => this.#calls.join(call, entry))) this.entered++
    else this.studio.stop()
  }

  /** Answers what rings during another call. */
  async leaveAndAnswer(call: Call) {
    await this.leave()
    await this.answer(call)
  }

  async decline(call: Call) {
    await this.#calls.decline(call).catch(tell)
  }

  /** Captures and plays in the call of this device, here. */
  async resume() {
    const { studio } = this
    this.#inside = true
    await studio.start()
    await studio.take()
    // The program says again what it kept of microphone and camera, as soon as there is a page.
    await this.#until(() => this.#calls.self?.noPage === false, restored)
    const { muted, camera, screen } = this.#calls.state
    studio.mute(muted)
    await Promise.all([studio.openMicrophone(), camera ? studio.openCamera() : studio.list()])
    await this.#set({
      muted: muted || !studio.hasMicrophone,
      camera: camera && studio.self !== undefined,
      screen: screen && studio.shared !== undefined,
    })
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
    this.#goOn()
    if (this.#over()) this.#ending = setTimeout(() => this.#over() && this.#end(), settled)
  }

  /** A window that was loaded again goes on by itself, if no other one has taken over. */
  #goOn() {
    const { own, self } = this.#calls
    // Two calls of one place become one, and this device goes over by itself.
    if (own && this.#inside && !this.entering) this.#noted = own.id
    if (!own || !self?.noPage || this.#inside || this.entering || own.id !== this.#noted) return
    this.resuming = true
    void this.resume().finally(() => (this.resuming = false))
  }

  get #noted(): string {
    try {
      return sessionStorage.getItem(note) ?? ""
    } catch {
      return ""
    }
  }

  set #noted(call: string) {
    try {
      sessionStorage.setItem(note, call)
    } catch {
      // Without storage the person is asked whether to go on here.
    }
  }

  async #until(check: () => boolean, limit: number) {
    const end = Date.now() + limit
    while (!check() && Date.now() < end) await new Promise((done) => setTimeout(done, 50))
  }

  #over() {
    return !this.#calls.own && this.#inside && !this.entering
  }

  #end() {
    this.#inside = false
    this.#noted = ""
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

  /** Lets a guest in who waits. */
  async admit(guest: string) {
    await this.#calls.admit(guest).catch(tell)
  }

  /** Refuses a guest, or sends one out of the call. */
  async dismiss(guest: string) {
    await this.#calls.dismiss(guest).catch(tell)
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

  /** The page goes: what was recorded is kept, and the devices are free for the next one. */
  leavePage() {
    this.recording.leavePage()
    this.studio.stop()
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
      this.#noted = (await enter({ muted, camera: studio.self !== undefined })).id
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
