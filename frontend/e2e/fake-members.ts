import type { Deposition, Matter, Person, Rules } from "../src/transport/types"
import { hex, type FakeWorld, type Methods } from "./fake-world"

/** Who is in a workspace in memory, and what of it wants a decision. */
export class FakeMembers {
  readonly #world: FakeWorld
  #matters: Matter[] = []
  #rules: Pick<Rules, "quorum" | "trustees"> = { quorum: 0, trustees: [] }

  constructor(world: FakeWorld) {
    this.#world = world
  }

  get methods(): Methods {
    return {
      "Members.Matters": () => this.#matters,
      "Members.PutAside": ({ id }: { id: string }) => this.#settle(id),
      "Members.SetRole": ({ person, role }: { person: string; role: string }) =>
        this.change(person, { role }),
      "Members.Remove": ({ person }: { person: string }) => {
        this.change(person, { state: "removed" })
        this.#settle(person)
      },
      "Members.HandOver": ({ person }: { person: string }) => {
        this.change(this.#world.self, { first: false })
        this.change(person, { role: "owner", first: true, below: false })
      },
      "Members.Confirm": ({ person }: { person: string }) => {
        this.change(person, { state: "unverified" })
        this.#settle(person)
      },
      "Members.Rules": () => ({
        ...this.#rules,
        workspace: this.#world.workspace.id,
        instant: true,
        change: this.#world.people.some((one) => one.self && one.first),
      }),
      "Members.SetRules": ({ quorum, trustees }: Rules) => {
        this.#rules = { quorum, trustees }
        this.#tell()
      },
      "Members.Consent": ({ person }: Deposition) => `parvis-consent-${person.repeat(4)}`,
      "Members.Depose": ({ person, successor }: Deposition) => {
        this.change(person, { role: "member", first: false })
        if (successor) this.change(successor, { role: "owner", first: true })
      },
      "Members.Leave": () => this.out({ how: "left", by: "" }),
    }
  }

  /** Ends the membership of the person at the page. */
  out(removal: { how: string; by: string; at?: number }) {
    const { workspace } = this.#world
    this.#world.tell("workspace", {
      ...Object.assign(workspace, { state: "removed", removal: { at: Date.now(), ...removal } }),
    })
  }

  /** Changes a person and tells the page about it. */
  change(id: string, change: Partial<Person>) {
    const person = this.#world.people.find((one) => one.id === id)
    if (!person) return
    this.#world.tell("person", { ...Object.assign(person, change) })
    this.#tell()
  }

  /** Names three trustees, the person at the page among them. */
  trust() {
    this.#rules = { quorum: 2, trustees: this.#world.people.slice(0, 3).map(({ id }) => id) }
    this.#tell()
  }

  /** Leaves the main space alone. */
  forgetSpaces() {
    this.#world.spaces = this.#world.spaces.filter(({ kind }) => kind !== "private")
    this.#tell()
  }

  /** One of each matter. */
  trouble() {
    const base = {
      act: "",
      by: hex(2),
      person: hex(3),
      device: "",
      deviceName: "",
      this: false,
      number: 0,
      role: "",
      was: "",
      decide: true,
    }
    const at = Date.now()
    this.#matters = [
      { ...base, id: hex(4), kind: "suspended", person: hex(4), role: "member", at },
      { ...base, id: "a", kind: "not-kept", act: "let-in", at: at - 6e6 },
      {
        ...base,
        id: "b",
        kind: "not-kept",
        act: "role",
        role: "admin",
        person: hex(5),
        at: at - 7e6,
      },
      { ...base, id: "c", kind: "not-kept", act: "removal", person: hex(6), at: at - 8e6 },
      { ...base, id: "d", kind: "lost", act: "role", role: "admin", by: hex(1), at: at - 9e7 },
      { ...base, id: "e", kind: "fork", person: hex(5), device: hex(90), number: 2, at: at - 9e8 },
      {
        ...base,
        id: "f",
        kind: "fork",
        person: hex(1),
        device: hex(91),
        deviceName: "Atelier-PC",
        number: 1,
        at: at - 9e8,
      },
    ]
    this.change(hex(4), { state: "suspended" })
    this.change(hex(3), { state: "removed" })
  }

  /** Somebody has as many devices as oneself. */
  addDevices(person: number) {
    this.change(hex(person), { devices: 3 })
  }

  /** A device of somebody else was copied. */
  copied() {
    const base = {
      act: "",
      by: hex(5),
      person: hex(5),
      role: "",
      was: "",
      deviceName: "",
      this: false,
    }
    const decide = this.#world.people[0]?.role === "owner"
    const fork = { ...base, id: "e", kind: "fork", device: hex(90), number: 2, at: Date.now() }
    this.#matters = [{ ...fork, decide }]
    this.#tell()
  }

  /** Somebody took the own office. */
  lower() {
    const base = {
      device: "",
      deviceName: "",
      this: false,
      number: 0,
      decide: true,
      at: Date.now(),
    }
    const role = { act: "deposition", role: "member", was: "admin" }
    this.#matters = [{ ...base, ...role, id: "g", kind: "lowered", by: hex(2), person: hex(1) }]
    this.#tell()
  }

  #settle(id: string) {
    this.#matters = this.#matters.filter((one) => one.id !== id)
    this.#tell()
  }

  #tell() {
    this.#world.tell("members", { workspace: this.#world.workspace.id })
  }
}
