import { expect, test } from "vitest"
import { Calls } from "./features/calls/calls.svelte"
import { Channels } from "./features/chat/channels.svelte"
import { channel } from "./features/chat/sample"
import { Documents } from "./features/docs/documents.svelte"
import { People } from "./features/people/people.svelte"
import { person } from "./features/people/sample"
import { Settings } from "./features/settings/settings.svelte"
import { Codes } from "./features/workspace/codes.svelte"
import { Workspaces } from "./features/workspace/workspaces.svelte"
import { TestTransport } from "./transport/testing"
import type { Events } from "./transport/transport"
import type { Call, Comparison, Doc, Status, Workspace } from "./transport/types"

type Case = {
  /** The answer is made before the event and comes after it. */
  asks: string
  older: unknown
  event: keyof Events
  newer: unknown
  make: (transport: TestTransport) => { load: () => Promise<unknown>; shows: () => unknown }
}

const comparison = (state: string) =>
  ({ id: "c", state, person: "p", begun: Date.now() }) as Comparison
const call = (started: number) => ({ id: "c", workspace: "w", started }) as Call
const doc = (title: string) => ({ id: "d", workspace: "w", title }) as Doc

const cases: Record<string, Case> = {
  people: {
    asks: "People.List",
    older: [person("p", "")],
    event: "person",
    newer: { ...person("p", "Ben"), workspace: "w" },
    make: (transport) => {
      const people = new People(transport, "w")
      return { load: () => people.load(), shows: () => people.get("p")?.name }
    },
  },
  workspaces: {
    asks: "Workspaces.List",
    older: [],
    event: "workspace",
    newer: { id: "w", name: "Lab" } as Workspace,
    make: (transport) => {
      const workspaces = new Workspaces(transport)
      return { load: () => workspaces.load(), shows: () => workspaces.get("w")?.name }
    },
  },
  channels: {
    asks: "Chat.Channels",
    older: [channel("a", { workspace: "w", space: "s", name: "old" })],
    event: "chat.channel",
    newer: channel("a", { workspace: "w", space: "s", name: "new" }),
    make: (transport) => {
      const channels = new Channels(transport, "w")
      return { load: () => channels.load(), shows: () => channels.get("a")?.name }
    },
  },
  calls: {
    asks: "Calls.List",
    older: [],
    event: "call",
    newer: call(2),
    make: (transport) => {
      const calls = new Calls(transport)
      return { load: () => calls.load("w"), shows: () => calls.get("c")?.started }
    },
  },
  documents: {
    asks: "Docs.List",
    older: [doc("old")],
    event: "doc.changed",
    newer: doc("new"),
    make: (transport) => {
      const documents = new Documents(transport, "w")
      return { load: () => documents.load(), shows: () => documents.get("d")?.title }
    },
  },
  codes: {
    asks: "Workspaces.Comparisons",
    older: [],
    event: "codes",
    newer: comparison("compare"),
    make: (transport) => {
      const codes = new Codes(transport)
      return { load: () => codes.load(), shows: () => codes.current?.state }
    },
  },
  status: {
    asks: "Settings.Status",
    older: { locked: true } as Status,
    event: "status",
    newer: { locked: false } as Status,
    make: (transport) => {
      const settings = new Settings(transport)
      return { load: () => settings.refresh(), shows: () => settings.status?.locked }
    },
  },
}

test.for(Object.entries(cases))("%s: an event beats an older answer", async ([, one]) => {
  const answers: ((data: unknown) => void)[] = []
  const transport = new TestTransport({
    "Workspaces.Spaces": () => [{ id: "s", kind: "main" }],
    [one.asks]: () => new Promise((resolve) => answers.push(resolve)),
  })
  const store = one.make(transport)
  const loaded = store.load()
  await Promise.resolve()
  transport.tell(one.event, one.newer as never)
  const shown = store.shows()
  expect(shown).toBeDefined()
  answers[0]?.(one.older) // a list that the event itself makes the page ask for is newer
  await loaded
  expect(store.shows()).toEqual(shown)
})

test("who asks how the node is gets the answer, whatever an event shows", async () => {
  let answer = (_: unknown) => {}
  const transport = new TestTransport({
    "Settings.Status": () => new Promise((resolve) => (answer = resolve)),
  })
  const settings = new Settings(transport)
  const asked = settings.refresh()
  await Promise.resolve()
  transport.tell("status", { locked: false, recovery: { paper: "none" } } as Status)
  answer({ locked: false, recovery: { paper: "unsaved" } })
  expect((await asked).recovery?.paper).toBe("unsaved")
})
