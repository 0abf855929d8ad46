import type { Comparison } from "../src/transport/types"
import type { FakeWorld, Methods } from "./fake-world"

/** Comparisons of codes between two people of a workspace in memory. */
export class FakeTrust {
  readonly #world: FakeWorld

  constructor(world: FakeWorld) {
    this.#world = world
  }

  get methods(): Methods {
    return {
      "People.Verify": (_: string, person: string) => this.compare(person),
      "People.Vouch": () => undefined,
      "Workspaces.EnterCode": () => undefined,
    }
  }

  /** Shows how a comparison with somebody stands. */
  compare(person: string, state = "compare"): Comparison {
    const comparison: Comparison = {
      id: "trust",
      workspace: this.#world.workspace.id,
      invite: "",
      device: false,
      person,
      role: "",
      expires: 0,
      begun: Date.now(),
      inviter: true,
      code: "482913",
      state,
      end: state === "failed" ? "wrong" : "",
      spent: false,
    }
    this.#world.tell("codes", comparison)
    return comparison
  }

  /** Somebody by place: 0 is oneself. */
  person(place: number) {
    return this.#world.people[place]
  }
}
