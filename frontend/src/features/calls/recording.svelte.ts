import { toast } from "svelte-sonner"
import { explain } from "../../explain"
import { m } from "../../paraglide/messages.js"
import type { Shell } from "../../transport/shell"
import type { CallParticipant } from "../../transport/types"
import type { Calls } from "./calls.svelte"
import type { Sink } from "./film"
import { Recorder, type Actor } from "./recorder"
import type { Studio } from "./studio.svelte"

/** How long it is told what became of a recording: whoever ends one looks at the others. */
const told = { duration: 12_000 }

/** How far a recording is. */
export type Stage = "off" | "asking" | "recording" | "waiting"

/** Whether a device that nobody sits at has said that it is to be left out. */
export const leftOut = (one: CallParticipant) => !one.self && one.consent === "out"

/** Whose answer is missing. */
export const missing = (everybody: readonly CallParticipant[]) =>
  everybody.filter((one) => !one.self && one.consent !== "agreed" && !leftOut(one))

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

  /** Whether something was recorded that is not saved yet. */
  get unsaved() {
    return this.stage === "recording" || this.stage === "waiting"
  }

  /** Lets the person choose a file, and asks everybody. */
  async ask() {
    if (this.stage !== "off") return
    try {
      const stamp = new Date().toISOString().slice(0, 16).replace("T", " ").replace(":", ".")
      this.#sink = await this.#shell.saveFilm(`${m.call_record_file()} ${stamp}.webm`)
      if (!this.#sink) return
      if (!this.#calls.own) return void (await this.#forget())
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
    if (!this.#calls.own || !this.#studio.open || this.#studio.taken) return void this.end()
    const everybody = this.#calls.participants
    const against = everybody.find((one) => !one.self && one.consent === "refused")
    if (against) {
      const name = this.named(against)
      toast(
        this.unsaved ? m.call_record_refused({ name }) : m.call_record_refused_before({ name }),
        told,
      )
      return void this.end()
    }
    if (missing(everybody).length === 0) void this.#go(everybody)
    else if (this.#recorder) this.#wait()
  }

  /** Ends the recording and the asking. */
  async end() {
    if (this.stage === "off") return
    const { unsaved } = this
    this.stage = "off"
    const recorder = this.#recorder
    this.#recorder = undefined
    const said = Promise.allSettled([
      this.#calls.set({ recording: false }),
      this.#calls.record(false),
    ])
    const whole = (await recorder?.end()) ?? false
    const name = this.#sink?.name
    const kept = await this.#forget(whole)
    if (unsaved) {
      if (!whole || !kept) toast.error(m.call_record_lost(), told)
      else toast.success(name ? m.call_record_saved({ name }) : m.call_record_saved_there(), told)
    }
    await said
  }

  /** Keeps what there is: the page goes. */
  leavePage() {
    if (!this.unsaved) return
    this.stage = "off"
    this.#recorder?.endNow()
    this.#sink?.leave?.()
  }

  /** Offers the recordings whose page was closed. */
  async offerLeft() {
    for (const { name, save, forget } of await this.#shell.leftFilms().catch(() => []))
      toast(m.call_record_left({ name }), {
        duration: Infinity,
        action: { label: m.save(), onClick: () => void save().catch(() => this.#lost()) },
        cancel: { label: m.delete(), onClick: () => void forget() },
      })
  }

  #lost() {
    toast.error(m.call_record_lost(), told)
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
        if (!recorder) this.#lost()
        return await this.end()
      }
      this.#recorder = recorder
      // Somebody may have come or changed their mind meanwhile.
      return this.follow()
    }
    if (!this.#recorder) return
    // Everybody sees that it is recorded before it is, and as long as it is.
    if (this.stage !== "recording") {
      this.stage = "recording"
      await this.#show()
      return this.follow()
    }
    if (!this.#calls.state.recording) void this.#show()
    this.#recorder?.show(everybody.filter((one) => !leftOut(one)).map((one) => this.#actor(one)))
  }

  /** Lets everybody see that it is recorded; where that fails, it is not. */
  async #show() {
    try {
      await this.#calls.set({ recording: true })
    } catch (reason) {
      toast.error(explain(reason))
      await this.end()
    }
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
