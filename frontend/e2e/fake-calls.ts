import { call, fault, participant, stat } from "../src/features/calls/sample"
import type { Call, CallLink, CallParticipant, CallState } from "../src/transport/types"
import { hex, type FakeWorld, type Methods } from "./fake-world"

/** Calls of a workspace in memory; nobody sends anything. */
export class FakeCalls {
  readonly #world: FakeWorld
  readonly #calls = new Map<string, Call>()
  #links: CallLink[] = []

  constructor(world: FakeWorld) {
    this.#world = world
  }

  get methods(): Methods {
    return {
      "Calls.List": () => [...this.#calls.values()],
      "Calls.Start": ({ channel, muted, camera }: { channel: string } & CallState) =>
        this.#keep({
          ...this.#new(channel),
          here: true,
          participants: [this.#self(muted, camera)],
        }),
      "Calls.Join": ({ id, muted, camera }: { id: string } & CallState) => {
        const known = this.#calls.get(id) as Call
        const participants = [...known.participants, this.#self(muted, camera)]
        return this.#keep({ ...known, here: true, ringing: false, participants })
      },
      "Calls.Leave": () => this.#own((own) => ({ ...own, here: false, participants: [] })),
      "Calls.Set": (state: CallState) =>
        this.#own((own) => ({
          ...own,
          participants: own.participants.map((one) => (one.self ? { ...one, ...state } : one)),
        })),
      "Calls.React": ({ reaction }: { reaction: string }) => this.react(reaction, true),
      "Calls.Record": ({ asks }: { asks: boolean }) => this.#each((one) => one.self && { asks }),
      "Calls.Answer": ({ device, agrees }: { device: string; agrees: boolean }) =>
        this.#each((one) => one.device === device && { answer: agrees ? "agreed" : "refused" }),
      "Calls.Decline": ({ id }: { id: string }) => {
        const known = this.#calls.get(id)
        if (known) this.#keep({ ...known, ringing: false, missed: false })
      },
      "Calls.Links": () => [...this.#links],
      "Calls.MakeLink": ({ channel }: { channel: string }) => this.#link(channel),
      "Calls.RevokeLink": ({ id }: { id: string }) => {
        this.#links = this.#links.filter((one) => one.id !== id)
      },
      "Calls.Admit": ({ guest }: { guest: string }) => this.#admit(guest),
      "Calls.Remove": ({ guest }: { guest: string }) =>
        this.#own((own) => ({
          ...own,
          lobby: own.lobby.filter((one) => one.guest !== guest),
          participants: own.participants.filter((one) => one.device !== guest),
        })),
    }
  }

  /** Somebody calls in a direct conversation. */
  ring(channel: string) {
    const made = { ...this.#new(channel), direct: true, by: hex(2), ringing: true }
    this.#keep({ ...made, participants: this.#people(1) })
  }

  /** The first of the others shares the screen. */
  share() {
    let first = true
    this.#each((one) => {
      if (one.self || !first) return false
      first = false
      return { screen: true }
    })
  }

  /** The window of one is closed, and another one lost the connection a moment ago, or before. */
  lose(ago = 0) {
    this.#own((own) => {
      const [gone, closed, ...rest] = own.participants.filter((one) => !one.self)
      const self = own.participants.filter((one) => one.self)
      if (!gone) return own
      const lost = [{ device: gone.device, person: gone.person, at: Date.now() - ago }]
      const left = closed ? [{ ...closed, noPage: true, muted: true, camera: false }] : []
      return { ...own, lost, participants: [...left, ...rest, ...self] }
    })
  }

  /** Somebody who was called declines. */
  refuse() {
    this.#own((own) => ({ ...own, direct: true, declined: [hex(2)] }))
  }

  /** A call goes on that the program has left. */
  leave() {
    this.#own((own) => ({
      ...own,
      here: false,
      rejoin: true,
      participants: own.participants.filter((one) => !one.self),
    }))
  }

  /** A call that nobody answered. */
  miss(channel: string) {
    this.#keep({ ...this.#new(channel), direct: true, by: hex(2), missed: true })
  }

  /** Some people are in a call in a channel. */
  go(channel: string, count: number) {
    this.#keep({ ...this.#new(channel), participants: this.#people(count) })
  }

  /** What is measured of the lines to those who are in the call: one good, one weak, one lost. */
  measure() {
    const own = [...this.#calls.values()].find((one) => one.here)
    if (!own) return
    const others = own.participants.filter((one) => !one.self)
    const self = own.participants.find((one) => one.self)?.device ?? ""
    const [first, , third] = others.map(({ device }) => device)
    const states = [
      { fault: fault("loss", { from: first, to: self, whose: first, amount: 120 }) },
      { state: "interrupted" },
      { fault: fault("loss", { from: self, to: third, whose: self, amount: 80, incoming: false }) },
      {},
    ]
    const lines = [{ layerIn: "" }, {}, {}, {}]
    this.#world.tell("call.stats", {
      workspace: own.workspace,
      id: own.id,
      forwarder: "",
      bySuperPeer: false,
      participants: others.map((one, n) => stat(one.device, states[n % 4], lines[n % 4])),
    })
  }

  /** Somebody in the call reacts. */
  react(reaction: string, self = false) {
    const own = [...this.#calls.values()].find((one) => one.here)
    const who = own?.participants.find((one) => one.self === self)
    if (own && who)
      this.#world.tell("call.reaction", {
        workspace: own.workspace,
        id: own.id,
        device: who.device,
        reaction,
      })
  }

  /** A guest waits to be let into the call. */
  knock(name: string) {
    const guest = hex(this.#guests++, 64)
    this.#own((own) => ({ ...own, lobby: [...own.lobby, { guest, name, at: Date.now() }] }))
  }

  #guests = 9000

  #admit(guest: string) {
    this.#own((own) => {
      const name = own.lobby.find((one) => one.guest === guest)?.name ?? ""
      const made = participant(guest, { person: guest, guest: true, name })
      return {
        ...own,
        lobby: own.lobby.filter((one) => one.guest !== guest),
        participants: [...own.participants, made],
      }
    })
  }

  #link(channel: string): CallLink {
    const id = hex(this.#links.length + 700, 32)
    const made = {
      id,
      channel,
      by: this.#world.self,
      made: Date.now(),
      url: `https://meet.example.org/meet#AQIDBAUGBwgJCgsMDQ4PEBwp${id.slice(-2)}`,
      revocable: true,
    }
    this.#links.push(made)
    return made
  }

  /** The first of the others asks to record, or records with the own consent. */
  record(records = false) {
    let first = true
    this.#each((one) => {
      if (one.self || !first) return false
      first = false
      return { asks: true, recording: records, answer: records ? "agreed" : "" }
    })
  }

  #each(change: (one: CallParticipant) => Partial<CallParticipant> | false) {
    this.#own((own) => ({
      ...own,
      participants: own.participants.map((one) => ({ ...one, ...(change(one) || {}) })),
    }))
  }

  #new(channel: string): Call {
    return call(hex(this.#calls.size + 6000, 32), {
      workspace: this.#world.workspace.id,
      channel,
      by: this.#world.self,
      started: Date.now() - 300_000 + this.#calls.size,
    })
  }

  #self(muted: boolean, camera: boolean): CallParticipant {
    const person = this.#world.self
    return participant(hex(1), { person, self: true, muted, camera })
  }

  #people(count: number): CallParticipant[] {
    return this.#world.people.slice(1, count + 1).map(({ id }, n) =>
      participant(`${id}-device`, {
        person: id,
        muted: n % 3 === 1,
        camera: n % 2 === 0,
        hand: n === 2,
        recording: n === 3,
      }),
    )
  }

  #own(change: (own: Call) => Call) {
    for (const one of this.#calls.values()) if (one.here) this.#keep(change(one))
  }

  #keep(made: Call): Call {
    this.#calls.set(made.id, made)
    this.#world.tell("call", structuredClone(made))
    return made
  }
}
