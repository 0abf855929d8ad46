import type { CallParticipant } from "../../transport/types"

/** How a participant is called: a guest as it calls itself, a member as the workspace knows it. */
export const called = (one: CallParticipant, name: (person: string) => string) =>
  one.guest ? one.name : name(one.person)

export const guestsOf = (everybody: readonly CallParticipant[]) =>
  everybody.filter((one) => one.guest)
