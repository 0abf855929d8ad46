import { expect, test } from "vitest"
import { aloneText, ringsFor } from "./waiting"

const dan = { id: "d", name: "Dan", online: true }
const eve = { id: "e", name: "Eve", online: false }
const alone = { title: "Dan", direct: true, called: [dan], declined: [], before: false, since: 0 }

test.each([
  ["it rings", {}, "Calling Dan…"],
  ["nobody answers", { since: ringsFor }, "Dan does not answer and will see that you called."],
  ["it is declined", { declined: ["d"] }, "Dan declined."],
  ["somebody is away", { called: [eve] }, "Eve is offline and will see that you called."],
  [
    "two of three",
    { called: [dan, eve] },
    "Calling Dan… Eve is offline and will see that you called.",
  ],
  ["all have left", { before: true }, "Nobody else is in the call any more."],
  [
    "it is a channel",
    { direct: false, called: [], title: "general" },
    "Nobody else is here yet. Everybody in general can join.",
  ],
] as const)("%s", (_, change, text) => expect(aloneText({ ...alone, ...change })).toBe(text))
