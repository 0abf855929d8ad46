import type { Call, CallParticipant, CallStat } from "../../transport/types"

/** A call for tests. */
export const call = (id: string, change: Partial<Call> = {}): Call => ({
  workspace: "w",
  id,
  channel: "general",
  direct: false,
  by: "b",
  started: 0,
  ended: 0,
  people: [],
  participants: [],
  ringing: false,
  missed: false,
  here: false,
  lost: [],
  declined: [],
  rejoin: false,
  movedTo: "",
  lobby: [],
  ...change,
})

/** A participant of it. */
export const participant = (
  device: string,
  change: Partial<CallParticipant> = {},
): CallParticipant => ({
  device,
  person: device,
  muted: false,
  camera: false,
  screen: false,
  hand: false,
  recording: false,
  asks: false,
  answer: "",
  consent: "",
  uplink: 0,
  self: false,
  noPage: false,
  guest: false,
  name: "",
  ...change,
})

/** What was measured of a connection that is good. */
export const stat = (
  device: string,
  change: Partial<CallStat> = {},
  line: Partial<CallStat["line"]> = {},
): CallStat => ({
  name: device,
  framesReceived: 0,
  framesBad: 0,
  audioPackets: 0,
  audioLost: 0,
  rttMs: 2,
  kbps: 700,
  path: "lan",
  device,
  person: device,
  state: "connected",
  ...change,
  line: {
    kbpsOut: 700,
    estimate: 5000,
    lossIn: 0,
    lossOut: 0,
    layerIn: "video",
    layerOut: "video",
    ...line,
  },
  fault: change.fault ?? fault(""),
})

/** What is wrong with a line; by itself nothing. */
export const fault = (
  kind: string,
  change: Partial<CallStat["fault"]> = {},
): CallStat["fault"] => ({
  kind,
  from: "",
  to: "",
  whose: "",
  amount: 0,
  incoming: true,
  ...change,
})
