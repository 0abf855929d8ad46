import { afterEach, describe, expect, test } from "vitest"
import { TestTransport } from "../../transport/testing"
import type { Device, DeviceLink } from "../../transport/types"
import { Devices } from "./devices.svelte"
import { language } from "./language.svelte"
import { Linking, linkProblem } from "./linking.svelte"

afterEach(() => language.choose("en"))

const device = (id: string, change: Partial<Device> = {}): Device => ({
  id,
  person: "ana",
  number: 1,
  name: id,
  platform: "linux",
  added: 0,
  lastSeen: 0,
  online: false,
  self: false,
  removed: false,
  workspaces: [],
  ...change,
})

const link = (change: Partial<DeviceLink> = {}): DeviceLink => ({
  link: "",
  new: false,
  state: "",
  expires: 0,
  device: "",
  done: 0,
  total: 0,
  problem: "",
  code: "",
  ...change,
})

describe("own devices", () => {
  test("are removed from all workspaces, and renamed", async () => {
    const transport = new TestTransport({
      "Devices.List": () => [device("a", { self: true })],
      "Devices.Rename": () => null,
      "Devices.Remove": () => null,
    })
    const devices = new Devices(transport)
    await devices.rename("b", "Portable")
    await devices.remove("b")
    expect(transport.of("Devices.Rename")).toEqual([[{ device: "b", name: "Portable" }]])
    expect(transport.of("Devices.Remove")).toEqual([[{ workspace: "", device: "b" }]])
    expect(devices.all?.map(({ id }) => id)).toEqual(["a"])
  })

  test("are read anew when one was added elsewhere", async () => {
    let held = [device("a")]
    const transport = new TestTransport({ "Devices.List": () => held })
    const devices = new Devices(transport)
    await devices.load()
    held = [device("a"), device("b")]
    transport.tell("devices", { workspace: "" })
    await expect.poll(() => devices.all?.length).toBe(2)
    devices.close()
  })
})

describe("the adding of a device", () => {
  const start = (earlier: DeviceLink = link()) => {
    const transport = new TestTransport({
      "Devices.Linking": () => earlier,
      "Devices.Link": () => link({ link: "parvis://device#x", state: "open" }),
      "Devices.Open": () => link({ new: true, state: "open" }),
      "Devices.CancelLink": () => null,
    })
    return { transport, linking: new Linking(transport) }
  }

  test("is shown from the link to its end, and then taken away", async () => {
    const { transport, linking } = start()
    await linking.load()
    expect(linking.now).toBeUndefined()
    await linking.offer()
    expect(linking.now?.link).toBe("parvis://device#x")
    transport.tell("device.link", link({ state: "copying", done: 1, total: 2 }))
    linking.dismiss()
    expect(linking.now?.done).toBe(1)
    transport.tell("device.link", link({ state: "done" }))
    linking.dismiss()
    expect(linking.now).toBeUndefined()
  })

  test("that ended before the page came is not told again", async () => {
    const ended = start(link({ state: "failed", code: "expired" }))
    await ended.linking.load()
    expect(ended.linking.now).toBeUndefined()
    const goes = start(link({ state: "copying", new: true }))
    await goes.linking.load()
    expect(goes.linking.going).toBe(true)
  })

  test("goes by the event that overtakes an answer", async () => {
    const { transport, linking } = start()
    const opening = linking.open(" parvis://device\n#x ")
    transport.tell("device.link", link({ new: true, state: "codes" }))
    await opening
    expect(linking.now?.state).toBe("codes")
    expect(transport.of("Devices.Open")).toEqual([["parvis://device#x"]])
  })

  test("is not said to be done once the device was removed again", async () => {
    let there = [device("a")]
    const transport = new TestTransport({ "Devices.List": () => there })
    let gone = 0
    const linking = new Linking(transport, () => gone++)
    const look = async () => {
      transport.tell("devices", { workspace: "" })
      await new Promise((done) => setTimeout(done))
    }
    transport.tell("device.link", link({ state: "done", device: "a" }))
    await look()
    expect([linking.now?.state, gone]).toEqual(["done", 0])
    there = []
    await look()
    expect([linking.now, gone]).toEqual([undefined, 1])
  })

  test("says in the language of the page why it failed", () => {
    language.choose("fr")
    const codes = ["codes", "expired", "unknown", "used", "rules", "stopped", "failed", "new one"]
    const sentences = codes.map((code) => linkProblem(link({ code, problem: "English." })))
    expect(new Set(sentences).size).toBe(7)
    expect(sentences.join()).not.toContain("English")
    expect(linkProblem(link())).toBe("")
  })
})
