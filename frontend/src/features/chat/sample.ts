import type { Channel, Message } from "../../transport/types"

/** A message for tests; `n` decides its id and its place. */
export function message(n: number, change: Partial<Message> = {}): Message {
  return {
    workspace: "w",
    space: "s",
    channel: "c",
    id: `m${n}`,
    seq: n,
    device: "d",
    order: String(n).padStart(8, "0"),
    author: "ben",
    authorName: "Ben",
    text: `text ${n}`,
    sent: n,
    edited: 0,
    deleted: false,
    thread: "",
    replies: 0,
    lastReply: 0,
    mentions: [],
    reactions: [],
    state: "local",
    heldBy: 0,
    late: false,
    bySuperPeer: false,
    provisional: false,
    ...change,
  }
}

/** A channel for tests. */
export function channel(id: string, change: Partial<Channel> = {}): Channel {
  return {
    workspace: "w",
    id,
    space: "s",
    name: id,
    kind: "channel",
    people: [],
    unread: 0,
    mentions: 0,
    missedCalls: 0,
    readUpTo: "",
    last: 0,
    draft: "",
    ...change,
  }
}
