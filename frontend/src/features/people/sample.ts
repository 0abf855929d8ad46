import type { Device, Matter, Person } from "../../transport/types"

/** A person for tests. */
export const person = (id: string, name: string, change: Partial<Person> = {}): Person => ({
  workspace: "w",
  id,
  name,
  role: "member",
  state: "unverified",
  online: false,
  lastSeen: 0,
  devices: 1,
  invitedBy: "",
  admittedBy: "",
  verifiedAt: 0,
  verifiedBy: [],
  self: false,
  first: false,
  below: false,
  ...change,
})

/** A matter for tests. */
export const matter = (id: string, kind: string, change: Partial<Matter> = {}): Matter => ({
  id,
  kind,
  act: "",
  by: "ben",
  person: "cleo",
  device: "",
  deviceName: "",
  this: false,
  number: 0,
  was: "",
  role: "",
  at: 0,
  decide: true,
  ...change,
})

/** A device for tests. */
export const device = (id: string, number: number, change: Partial<Device> = {}): Device => ({
  id,
  person: "ben",
  number,
  name: "",
  platform: "linux",
  added: 0,
  lastSeen: 0,
  online: false,
  self: false,
  removed: false,
  workspaces: ["w"],
  ...change,
})
