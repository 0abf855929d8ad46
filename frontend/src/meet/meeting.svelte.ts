import { SvelteMap } from "svelte/reactivity"
import { hex, linkOf, makePair, type Bytes, type Link, type Pair } from "./keys"
import { Line, type End } from "./line"
import { Member } from "./member.svelte"
import {
  flags,
  isAnswer,
  openAnswer,
  sealKnock,
  Session,
  states,
  types,
  zero,
  type Message,
} from "./messages"
import { OtherGuest } from "./other.svelte"
import type { Participant } from "./participant.svelte"
import { Studio } from "./studio.svelte"

/** Why a visit is over. */
export type Why = "refused" | "removed" | "ended" | "left" | "full" | "revoked" | "waited" | "flood"

/** Where the guest is. */
export type Phase = { at: "door" } | { at: "lobby" } | { at: "in" } | { at: "over"; why: Why }

/** How long a member may be away from the super-peer before its tile goes. */
const tidyEvery = 1000
const levelEvery = 250
/** For how long a meeting may be without anybody before this guest waits at its door again. */
const aloneTime = 5000

/** One visit of a guest after the other, with the same link. */
export class Meeting {
  phase = $state<Phase>({ at: "door" })
  name = $state("")
  hand = $state(false)
  /** Whether there is a line to the super-peer, and whether there ever was. */
  online = $state(false)
  reached = $state(false)
  /** Members at the door: their streams at the super-peer. */
  readonly doors = new SvelteMap<string, true>()
  /** Whether somebody was shown that this guest waits. */
  seen = $state(false)
  readonly members = new SvelteMap<string, Member>()
  readonly studio: Studio
  /** The other guests, by id. */
  readonly others = new SvelteMap<string, OtherGuest>()

  #line: Line | undefined
  #link: Link | undefined
  #own: Pair | undefined
  #servers: RTCIceServer[] = []
  readonly #lines = new Map<string, Member>()
  #timers: ReturnType<typeof setInterval>[] = []
  #alone = 0

  constructor(
    readonly secret: Bytes,
    readonly address: string,
    studio = new Studio(),
  ) {
    this.studio = studio
    studio.onchange = () => void this.#give()
  }

  get everybody(): Participant[] {
    return [...this.members.values(), ...this.others.values()]
  }

  /** Who has said who they are. */
  get shown(): Participant[] {
    return this.everybody.filter(({ name }) => name !== "")
  }

  /** Members who want to record. */
  get asking(): Member[] {
    return [...this.members.values()].filter(({ asks }) => asks !== "")
  }

  /** Knocks, as somebody new: who was sent away and asks again is another guest. */
  async knock(name: string) {
    this.#end()
    this.name = name
    this.phase = { at: "lobby" }
    this.#link = await linkOf(this.secret)
    this.#own = await makePair()
    this.#line = new Line(`${this.address}/line?room=${hex(this.#link.room)}`, {
      open: () => {
        this.online = this.reached = true
      },
      broken: () => {
        this.online = false
        this.doors.clear()
        this.#lines.clear()
        for (const member of this.members.values()) member.line = ""
      },
      came: (door) => this.#came(door),
      gone: (door) => this.#gone(door),
      said: (door, data) => this.#said(door, data),
      admitted: (servers) => (this.#servers = servers),
      end: (why) => this.#ended(why),
    })
    this.#timers = [setInterval(this.#tidy, tidyEvery), setInterval(this.#listen, levelEvery)]
  }

  /** Leaves the meeting or its door. */
  leave() {
    for (const member of this.members.values())
      member.send({ type: types.bye, text: "", mark: zero, flags: 0 })
    // What was said leaves before the line goes.
    const line = this.#line
    this.#line = undefined
    setTimeout(() => line?.close(), 200)
    this.#over(this.phase.at === "in" ? "left" : undefined)
  }

  toggleHand() {
    this.hand = !this.hand
    this.#status()
  }

  get #flags(): number {
    const { sends } = this.studio
    return (
      (sends.sound ? 0 : flags.muted) |
      (sends.camera ? flags.camera : 0) |
      (this.hand ? flags.hand : 0)
    )
  }

  #status() {
    for (const member of this.members.values()) this.#tell(member)
  }

  #tell(member: Member) {
    member.send({ type: types.status, text: this.name, mark: zero, flags: this.#flags })
  }

  async #give() {
    this.#status()
    const { tracks } = this.studio
    await Promise.all(this.everybody.map(({ peer }) => peer.give(tracks)))
  }

  async #came(door: string) {
    this.doors.set(door, true)
    if (!this.#link || !this.#own) return
    this.#line?.send(door, await sealKnock(this.#link, this.#own, this.name))
  }

  #gone(door: string) {
    this.doors.delete(door)
    if (this.doors.size === 0) this.seen = false
    const member = this.#lines.get(door)
    this.#lines.delete(door)
    if (member?.line === door) {
      member.line = ""
      member.since = Date.now()
    }
  }

  async #said(door: string, data: Bytes) {
    if (isAnswer(data)) return this.#answered(door, data)
    const member = this.#lines.get(door)
    if (!member) return
    const message = await member.session.open(data)
    switch (message.type) {
      case types.gone:
        return this.#drop(member)
      case types.removed:
        return this.#over("removed")
      case types.ended:
        return this.#over("ended")
      case types.other:
        return this.#meet(member, message)
      case types.otherGone:
        return this.#forget(member, hex(message.mark))
      case types.relay:
        return this.others.get(hex(message.mark))?.hear(message.text)
      case types.hello:
        this.#replace(member, hex(message.mark))
    }
    await member.take(message)
    if (message.type === types.hello) this.#tell(member)
  }

  /** A member tells of another guest whom it has let in. */
  async #meet(member: Member, { mark, text, flags }: Message) {
    const id = hex(mark)
    const own = hex(this.#own?.id ?? zero)
    if (id === own) return
    let other = this.others.get(id)
    if (!other) {
      other = new OtherGuest(id, () => this.#servers, own > id)
      await other.peer.give(this.studio.tracks)
      this.others.set(id, other)
    }
    other.by.add(member)
    await other.take({ type: types.status, text, mark: zero, flags })
    await this.#share()
    await other.tend()
  }

  /** One member less tells of another guest; without any it has gone. */
  #forget(member: Member, id: string) {
    const other = this.others.get(id)
    if (!other) return
    other.by.delete(member)
    if (other.by.size > 0) return
    other.close()
    this.others.delete(id)
    void this.#share()
  }

  async #answered(door: string, data: Bytes) {
    if (!this.#link || !this.#own) return
    const { state, public: key } = await openAnswer(this.#link, this.#own, data)
    switch (state) {
      case states.admitted:
        return this.#admitted(door, hex(key), key)
      case states.refused:
        return this.#over("refused")
      case states.full:
        return this.#over("full")
      case states.revoked:
        return this.#over("revoked")
      default:
        this.seen = true
    }
  }

  async #admitted(door: string, name: string, key: Bytes) {
    if (!this.#link || !this.#own) return
    let member = this.members.get(name)
    if (!member) {
      const session = await Session.with(this.#link, this.#own, key)
      const way = this.#line
      member = new Member(
        session,
        () => this.#servers,
        (to, bytes) => to && way?.send(to, bytes),
      )
      await member.peer.give(this.studio.tracks)
      this.members.set(name, member)
      await this.#share()
    }
    member.line = door
    this.#lines.set(door, member)
    this.phase = { at: "in" }
  }

  /** A device whose program was started anew has another key: its older self goes. */
  #replace(member: Member, device: string) {
    for (const other of this.members.values())
      if (other !== member && other.id === device) this.#drop(other)
  }

  #drop(member: Member) {
    member.close()
    for (const [name, one] of this.members) if (one === member) this.members.delete(name)
    for (const id of [...this.others.keys()]) this.#forget(member, id)
    void this.#share()
  }

  async #share() {
    const count = this.everybody.length
    await Promise.all(this.everybody.map(({ peer }) => peer.share(count)))
  }

  /** Lets go who is lost, and waits at the door again when nobody is left. */
  #tidy = () => {
    for (const member of this.members.values()) if (member.lost) this.#drop(member)
    for (const other of this.others.values()) void other.tend().catch(() => {})
    if (this.phase.at !== "in" || this.members.size > 0 || !this.online) this.#alone = Date.now()
    else if (Date.now() - this.#alone > aloneTime) this.phase = { at: "lobby" }
  }

  #listen = () => {
    for (const one of this.everybody) one.listen()
  }

  #ended(why: End) {
    if (why === "dropped") this.#over(this.phase.at === "in" ? "removed" : "refused")
    else this.#over(why)
  }

  #over(why: Why | undefined) {
    this.#end()
    this.phase = why ? { at: "over", why } : { at: "door" }
    if (why) this.studio.stop()
  }

  #end() {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    this.#line?.close()
    this.#line = undefined
    for (const one of this.everybody) one.close()
    this.members.clear()
    this.others.clear()
    this.#lines.clear()
    this.doors.clear()
    this.seen = this.online = this.reached = this.hand = false
    this.#servers = []
  }
}
