import { expect, test } from "vitest"
import { TestTransport } from "../../transport/testing"
import type { Device } from "../../transport/types"
import { DevicesOf, removeDevice } from "./devices.svelte"
import { device } from "./sample"

test("the devices of somebody are those that are in, in the order of their numbers", async () => {
  let there: Device[] = [device("c", 3), device("a", 1, { removed: true }), device("b", 2)]
  const transport = new TestTransport({ "Devices.Of": () => there, "Devices.Remove": () => null })
  const devices = new DevicesOf(transport, "w", "ben")
  const numbers = () => devices.all?.map(({ number }) => number)
  expect(numbers()).toBeUndefined()
  await devices.load()
  expect(numbers()).toEqual([2, 3])
  expect(transport.of("Devices.Of")).toEqual([["w", "ben"]])
  await removeDevice(transport, "w", "c")
  expect(transport.of("Devices.Remove")).toEqual([[{ workspace: "w", device: "c" }]])
  there = [device("b", 2)]
  transport.tell("devices", { workspace: "" })
  await new Promise((done) => setTimeout(done))
  expect(numbers()).toEqual([2])
  devices.close()
})
