import { expect, test } from "vitest"
import { TestTransport } from "../../transport/testing"
import type { CallLink } from "../../transport/types"
import { MeetingLinks } from "./links.svelte"
import { called, guestsOf } from "./names"
import { participant } from "./sample"

const link = (id: string): CallLink => ({
  id,
  channel: "general",
  by: "a",
  made: 0,
  url: `https://meet.example.org/meet#${id}`,
  revocable: true,
})

test("the newest link stands first, and what others make or revoke is seen", async () => {
  let links = [link("1"), link("2")]
  const transport = new TestTransport({ "Calls.Links": () => links })
  const made = new MeetingLinks(transport, "w", "general")
  expect(made.loaded).toBe(false)
  await made.load()
  expect(made.all.map(({ id }) => id)).toEqual(["2", "1"])
  links = [link("2")]
  transport.tell("call.links", { workspace: "w", channel: "elsewhere" })
  transport.tell("call.links", { workspace: "v", channel: "general" })
  expect(transport.of("Calls.Links")).toHaveLength(1)
  transport.tell("call.links", { workspace: "w", channel: "general" })
  await expect.poll(() => made.all.map(({ id }) => id)).toEqual(["2"])
  made.close()
})

test("making and revoking name the channel and show what there is then", async () => {
  let links: CallLink[] = []
  const transport = new TestTransport({
    "Calls.Links": () => links,
    "Calls.MakeLink": () => {
      links = [link("1")]
      return links[0]
    },
    "Calls.RevokeLink": () => {
      links = []
    },
  })
  const made = new MeetingLinks(transport, "w", "general")
  await made.make()
  expect(made.all).toHaveLength(1)
  await made.revoke(link("1"))
  expect(made.all).toHaveLength(0)
  expect(transport.of("Calls.MakeLink")).toEqual([[{ workspace: "w", channel: "general" }]])
  expect(transport.of("Calls.RevokeLink")).toEqual([
    [{ workspace: "w", channel: "general", id: "1" }],
  ])
})

test("a guest is called what it calls itself, a member what the workspace calls it", () => {
  const name = (person: string) => `person ${person}`
  const guest = participant("g", { guest: true, name: "Marc" })
  expect(called(guest, name)).toBe("Marc")
  expect(called(participant("b"), name)).toBe("person b")
  // What a member's device says about a name is not heard.
  expect(called(participant("b", { name: "Marc" }), name)).toBe("person b")
  expect(guestsOf([participant("b"), guest])).toEqual([guest])
})
