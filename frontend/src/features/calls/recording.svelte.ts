import { toast } from "svelte-sonner"
import { explain } from "../../explain"
import { m } from "../../paraglide/messages.js"
import type { Shell } from "../../transport/shell"
import type { CallParticipant } from "../../transport/types"
import type { Calls } from "./calls.svelte"
import type { Sink } from "./film"
import { Recorder, type Actor } from "./recorder"
import type { Studio } from "./studio.svelte"

/** How far a recording is. */
export type Stage = "off" | "asking" | "recording" | "waiting"

/** Whether everybody else has agreed. */
export const allAgree = (everybody: readonly CallParticipant[]) =>
  everybody.every((one) => one.self || one.consent === "agreed")

/**
 * The recording that this person makes of a call. It is begun by the person alone, and goes on only
 * while everybody in the call agrees.
 */
export class Recording {
  stage = $state<Stage>("off")
  /** How a participant is called, as the one who records knows them. */
  named = (participant: CallParticipant) => participant.person.slice(0, 8)
  readonly #calls: Calls
  readonly #studio: Studio
  readonly #shell: Shell
  #sink: Sink | undefined
  #recorder: Recorder | undefined
  #starting = false

  constructor(calls: Calls, studio: Studio, shell: Shell) {
    this.#calls = calls
    this.#studio = studio
    this.#shell = shell
  }

  /** Lets the person choose a file, and asks everybody. */
  async ask() {
    if (this.stage !== "off") return
    try {
      const stamp = new Date().toISOString().slice(0, 16).replace("T", " ").replace(":", ".")
      this.#sink = await this.#shell.saveFilm(`${m.call_record_file()} ${stamp}.webm`)
      if (!this.#sink) return
      if (!this.#calls.own) return await this.#forget()
      this.stage = "asking"
      await this.#calls.record(true)
      this.follow()
    } catch (reason) {
      toast.error(explain(reason))
      await this.end()
    }
  }

  /** Looks who agrees now, and does what that means. */
  follow() {
    if (this.stage === "off") return
    if (!this.#calls.own || !this.#studio.open) return void this.end()
    const everybody = this.#calls.participants
    const against = everybody.find((one) => !one.self && one.consent === "refused")
    if (against) {
      toast(m.call_record_refused({ name: this.named(against) }))
      return void this.end()
    }
    if (allAgree(everybody)) void this.#go(everybody)
    else if (this.#recorder) this.#wait()
  }

  /** Ends the recording and the asking. */
  async end() {
    if (this.stage === "off") return
    this.stage = "off"
    const recorder = this.#recorder
    this.#recorder = undefined
    const told = Promise.allSettled([
      this.#calls.set({ recording: false }),
      this.#calls.record(false),
    ])
    const whole = (await recorder?.end()) ?? false
    const kept = await this.#forget(whole)
    if (recorder) {
      if (whole && kept) toast.success(m.call_record_saved())
      else toast.error(m.call_record_lost())
    }
    await told
  }

  async #go(everybody: readonly CallParticipant[]) {
    if (!this.#recorder && !this.#starting && this.#sink) {
      this.#starting = true
      const recorder = await Recorder.start(this.#studio, this.#sink, () => void this.end()).catch(
        () => undefined,
      )
      this.#starting = false
      if (!recorder || this.stage === "off") {
        await recorder?.end()
        if (!recorder) toast.error(m.call_record_lost())
        return await this.end()
      }
      this.#recorder = recorder
      // Somebody may have come or changed their mind meanwhile.
      return this.follow()
    }
    if (!this.#recorder) return
    // Everybody sees that it is recorded before it is.
    if (this.stage !== "recording") {
      this.stage = "recording"
      await this.#calls.set({ recording: true }).catch(() => {})
      return this.follow()
    }
    this.#recorder?.show(everybody.map((one) => this.#actor(one)))
  }

  #wait() {
    this.#recorder?.show([])
    if (this.stage !== "recording") return
    this.stage = "waiting"
    void this.#calls.set({ recording: false }).catch(() => {})
  }

  #actor(one: CallParticipant): Actor {
    const { device, camera, screen, self } = one
    return { device, camera, screen, self, name: this.named(one) }
  }

  async #forget(whole = false) {
    const sink = this.#sink
    this.#sink = undefined
    return (await sink?.close(whole)) ?? false
  }
}
