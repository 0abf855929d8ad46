import { afterEach, expect, test } from "vitest"
import { address, Navigation } from "./navigation.svelte"

afterEach(() => history.replaceState(null, "", "#"))

test("the address decides what is shown", () => {
  history.replaceState(null, "", address("w1", "c1"))
  const navigation = new Navigation()
  expect([navigation.workspace, navigation.channel, navigation.start]).toEqual(["w1", "c1", false])
  navigation.close()
})

test("another channel closes the side panel and the drawer", () => {
  const navigation = new Navigation()
  navigation.side = { name: "people" }
  navigation.drawer = true
  history.replaceState(null, "", address("w1", "c2"))
  dispatchEvent(new Event("hashchange"))
  expect([navigation.channel, navigation.side, navigation.drawer]).toEqual(["c2", undefined, false])
  navigation.close()
})

test("a broken address shows the first workspace", () => {
  history.replaceState(null, "", "#/%zz//c")
  const navigation = new Navigation()
  expect([navigation.workspace, navigation.channel]).toEqual(["", ""])
  navigation.close()
})
