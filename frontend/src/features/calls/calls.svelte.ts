import { SvelteMap } from "svelte/reactivity"
import { callsService, devicesService, list } from "../../transport/services"
import { Told } from "../../transport/told"
import { apiError, type Transport } from "../../transport/transport"
import type {
  Call,
  CallKnock,
  CallLost,
  CallParticipant,
  CallState,
  CallStat,
} from "../../transport/types"

/** How a call is entered. */
export type Entry = { muted: boolean; camera: boolean }

/** What can be shown for a moment over a participant. The program knows no others. */
export const reactions = ["👍", "❤️", "😂", "👏", "🎉", "😮", "😢", "🤔"]

export type Shown = { id: number; reaction: string }

/** Milliseconds. */
const shownFor = 4000
/** Of one participant at a time. */
const maxShown = 5

const silent: CallState = {
  muted: true,
  camera: false,
  screen: false,
  hand: false,
  recording: false,
}

/** The calls that this device knows of, and the one that it is in. */
export class Calls {
  readonly #byId = new SvelteMap<string, Call>()
  readonly #told = new Told()
  readonly #stats = new SvelteMap<string, CallStat>()
  /** The device that carries the sound and pictures of all; empty: none. */
  forwarder = $state("")
  /** Whether a super-peer carries them. */
  bySuperPeer = $state(false)
  /** What participants of the own call show just now. */
  readonly reactions = new SvelteMap<string, Shown[]>()
  readonly #calls
  readonly #devices
  /** How devices are called, where that is of use. */
  readonly #names = new SvelteMap<string, string>()
  #shown = 0
  /** What was said last of this device, until the program has heard it. */
  #said = $state.raw<CallState>()
  #sayings: Promise<unknown> = Promise.resolve()
  readonly close: () => void

  constructor(transport: Transport) {
    this.#calls = callsService(transport)
    this.#devices = devicesService(transport)
    const ends = [
      transport.on("call", (call) => {
        this.#told.tell(call.id)
        this.#keep(call)
      }),
      transport.on("call.ring", (ring) => {
        const call = this.#byId.get(ring.id)
        if (call) this.#keep({ ...call, ringing: ring.ringing })
        else if (ring.ringing) void this.load(ring.workspace).catch(() => {})
      }),
      transport.on("call.reaction", ({ device, reaction }) => this.#show(device, reaction)),
      transport.on("call.stats", ({ participants, forwarder, bySuperPeer }) => {
        this.forwarder = forwarder
        this.bySuperPeer = bySuperPeer
        for (const stat of list(participants)) this.#stats.set(stat.device, stat)
      }),
    ]
    this.close = () => ends.forEach((end) => end())
  }

  get #all(): Call[] {
    return [...this.#byId.values()]
  }

  /** The call that this device is in. */
  get own(): Call | undefined {
    return this.#all.find((call) => call.here)
  }

  /** What rings here, the newest first. */
  get ringing(): Call[] {
    return this.#all.filter((call) => call.ringing).sort((a, b) => b.started - a.started)
  }

  /** A call that this device was in and that goes on without it, where the program knows no more. */
  get rejoin(): Call | undefined {
    if (this.own) return undefined
    return this.#all.find((call) => call.rejoin && list(call.participants).length > 0)
  }

  /** This device in its call. */
  get self(): CallParticipant | undefined {
    return list(this.own?.participants).find((one) => one.self)
  }

  /** What this device does in its call. */
  get state(): CallState {
    const { self } = this
    return self ? (this.#said ?? self) : silent
  }

  /** Who lost the connection to the call of this device and is not back, the last one first. */
  get lost(): CallLost[] {
    const here = new Set(this.participants.map(({ device }) => device))
    return list(this.own?.lost)
      .filter(({ device }) => !here.has(device))
      .sort((a, b) => b.at - a.at)
  }

  /** Who is in the call of this device, oneself last. */
  get participants(): CallParticipant[] {
    return list(this.own?.participants).toSorted(
      (a, b) => Number(a.self) - Number(b.self) || (a.device < b.device ? -1 : 1),
    )
  }

  /** Guests who wait to be let into the call of this device, who came first first. */
  get lobby(): CallKnock[] {
    return list(this.own?.lobby)
  }

  /** Loads the calls of a workspace. */
  async load(workspace: string) {
    const since = this.#told.ask()
    const found = list(await this.#calls.List({ workspace, channel: "" }))
    const known = new Set(found.map(({ id }) => id))
    for (const call of this.#all)
      if (call.workspace === workspace && !known.has(call.id) && !since(call.id))
        this.#byId.delete(call.id)
    for (const call of found) if (!since(call.id)) this.#keep(call)
  }

  get(id: string): Call | undefined {
    return this.#byId.get(id)
  }

  /** The call that goes on in a channel. */
  in(channel: string): Call | undefined {
    return this.#all.findLast(
      (call) => call.channel === channel && list(call.participants).length > 0,
    )
  }

  /** The last call of a channel, if it was missed and nobody has called since. */
  missed(channel: string): Call | undefined {
    const last = this.#all
      .filter((call) => call.channel === channel)
      .sort((a, b) => a.started - b.started)
      .at(-1)
    return last?.missed && list(last.participants).length === 0 ? last : undefined
  }

  /** What was measured of the connection to a device. */
  stat(device: string): CallStat | undefined {
    return this.#stats.get(device)
  }

  /** How a device is called; empty where that is not known. */
  deviceName(device: string): string {
    return this.#names.get(device) ?? ""
  }

  /** Learns how the devices of somebody in the own call are called. */
  async nameDevices(person: string) {
    const { own } = this
    if (!own) return
    const all = await this.#devices.Of(own.workspace, person).catch(() => undefined)
    for (const { id, name } of list(all)) this.#names.set(id, name)
  }

  /** The missed calls of a conversation were seen. */
  async seen(workspace: string, channel: string) {
    await this.#calls.Seen({ workspace, channel })
  }

  async start(workspace: string, channel: string, entry: Entry): Promise<Call> {
    this.#stats.clear()
    this.forwarder = ""
    this.bySuperPeer = false
    return this.#keep(
      await this.#calls.Start({
        workspace,
        channel,
        media: "page",
        allowRecording: false,
        ...entry,
      }),
    )
  }

  async join(call: Call, entry: Entry): Promise<Call> {
    this.#stats.clear()
    this.forwarder = ""
    this.bySuperPeer = false
    const { workspace, id } = call
    return this.#keep(
      await this.#calls.Join({ workspace, id, media: "page", allowRecording: false, ...entry }),
    )
  }

  /** Leaves the call; having left already is no error. */
  async leave() {
    const { own } = this
    // What the page shows does not wait for the goodbyes.
    if (own) this.#keep({ ...own, here: false })
    try {
      await this.#calls.Leave()
    } catch (reason) {
      if (apiError(reason).code !== "invalid") throw reason
    }
  }

  /** Says what this device does in its call; what is not named stays. */
  async set(change: Partial<CallState>) {
    const { muted, camera, screen, hand, recording } = { ...this.state, ...change }
    const state = { muted, camera, screen, hand, recording }
    const { own } = this
    // Shown at once, and kept: a second change must not be made of the state before the first,
    // nor of what the program told before it heard of it.
    if (own)
      this.#keep({
        ...own,
        participants: list(own.participants).map((one) => (one.self ? { ...one, ...state } : one)),
      })
    this.#said = state
    try {
      await this.#inOrder(() => this.#calls.Set(state))
    } finally {
      if (this.#said === state) this.#said = undefined
    }
  }

  /** Shows a reaction to everybody in the call. */
  async react(reaction: string) {
    await this.#calls.React({ reaction })
  }

  /** Asks everybody whether the call may be recorded, or asks no more. */
  async record(asks: boolean) {
    await this.#inOrder(() => this.#calls.Record({ asks }))
  }

  /** Says one thing after the other: the program hears them in the order in which they were said. */
  #inOrder(say: () => Promise<unknown>): Promise<unknown> {
    const heard = this.#sayings.then(say)
    this.#sayings = heard.catch(() => {})
    return heard
  }

  /** Answers a participant who asks to record. */
  async answer(device: string, agrees: boolean) {
    await this.#calls.Answer({ device, agrees })
  }

  /** Lets a guest in who waits. */
  async admit(guest: string) {
    await this.#calls.Admit({ guest })
  }

  /** Refuses a guest who waits, or sends one out of the call, for everybody. */
  async dismiss(guest: string) {
    await this.#calls.Remove({ guest })
  }

  #show(device: string, reaction: string) {
    if (!reactions.includes(reaction)) return
    const id = ++this.#shown
    const shown = [...(this.reactions.get(device) ?? []), { id, reaction }]
    this.reactions.set(device, shown.slice(-maxShown))
    setTimeout(() => {
      const left = (this.reactions.get(device) ?? []).filter((one) => one.id !== id)
      if (left.length > 0) this.reactions.set(device, left)
      else this.reactions.delete(device)
    }, shownFor)
  }

  async decline(call: Call) {
    this.#keep({ ...call, ringing: false, missed: false })
    await this.#calls.Decline({ workspace: call.workspace, id: call.id })
  }

  #keep(call: Call): Call {
    this.#byId.set(call.id, call)
    return call
  }
}
