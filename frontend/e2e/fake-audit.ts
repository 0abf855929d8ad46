import type { AuditLine, AuditPage } from "../src/transport/types"
import type { FakeWorld, Methods } from "./fake-world"
import { hex } from "./fake-world"

const day = 86_400_000

/** The membership log of the workspace in memory. */
export class FakeAudit {
  constructor(readonly world: FakeWorld) {}

  get methods(): Methods {
    return {
      "Audit.List": (query: { person: string; routine: boolean }) => this.#page(query),
      "Audit.Export": () => ({ token: "x", name: "parvis-audit.json", size: 2, entries: 9 }),
    }
  }

  #page({ person, routine }: { person: string; routine: boolean }): AuditPage {
    const lines = this.#lines().filter(
      (line) =>
        (routine || line.what !== "made-key") &&
        (!person || line.by === person || line.person === person),
    )
    const people = this.world.people.map(({ id, name, role }) => ({
      id,
      name,
      role,
      status: "active",
    }))
    return { lines, more: false, forks: [], people, whole: true }
  }

  #lines(): AuditLine[] {
    const [ana, ben, chloe, david] = this.world.people.map((person) => person.id)
    const acts: [string | undefined, string, string | undefined, object][] = [
      [ana, "founded", "", { kind: "instant" }],
      [ana, "made-key", "", { count: 1 }],
      [ana, "invited", "", { role: "member", kind: "codes", count: 1 }],
      [ana, "admitted", ben, { role: "member", kind: "codes" }],
      [ana, "set-role", ben, { was: "member", role: "admin" }],
      [ben, "invited", "", { role: "member", kind: "instant", count: 5 }],
      [ben, "admitted", chloe, { role: "member", kind: "instant" }],
      [ana, "set-policy", "", { kind: "codes", count: 0 }],
      [ana, "removed-device", ben, { number: 1 }],
      [ben, "admitted", david, { role: "guest", kind: "codes" }],
      [ana, "removed-person", david, { was: "guest" }],
    ]
    return acts.map(([by = "", what, person = "", about], index) => ({
      n: index + 1,
      entry: hex(index + 700),
      clock: Date.now() - (acts.length - index) * day,
      by,
      byName: this.#name(by),
      device: hex(index + 800),
      number: what === "admitted" && index > 8 ? 1 : 0,
      role: by === ana ? "owner" : "admin",
      what,
      person,
      name: this.#name(person),
      about: {
        device: "",
        number: 0,
        role: "",
        was: "",
        space: "",
        kind: "",
        invite: "",
        count: 0,
        history: "",
        closed: "",
        spaceName: "",
        ...about,
      },
      given: [],
      added: [],
      removed: [],
      kept: index !== 9,
      because: index === 9 ? 9 : 0,
      restsOn: index === 9 ? 10 : 0,
      fork: index === 10 ? hex(3) : "",
      text: "",
      reason: "",
      reasonBy: this.#name(ana ?? ""),
    }))
  }

  #name(id: string) {
    return this.world.people.find((person) => person.id === id)?.name ?? ""
  }
}
