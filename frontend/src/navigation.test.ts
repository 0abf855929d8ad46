import { afterEach, expect, test } from "vitest"
import { address, documentAddress, Navigation, shelfAddress } from "./navigation.svelte"

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

test("documents and their lists have addresses", () => {
  history.replaceState(null, "", documentAddress("w1", "d1", "c1"))
  const navigation = new Navigation()
  expect([navigation.document, navigation.channel]).toEqual(["d1", ""])
  expect(navigation.place).toEqual({ name: "document", document: "d1", comment: "c1" })
  for (const shelf of [
    { name: "all" },
    { name: "starred" },
    { name: "trash" },
    { name: "folder", folder: "Plans/Été 2026" },
  ] as const) {
    history.replaceState(null, "", shelfAddress("w1", shelf))
    dispatchEvent(new Event("hashchange"))
    expect(navigation.place).toEqual({ name: "documents", shelf })
  }
  navigation.close()
})

test("a comment of the open document keeps the side panel; another document closes it", () => {
  history.replaceState(null, "", documentAddress("w1", "d1"))
  const navigation = new Navigation()
  navigation.side = { name: "comments" }
  history.replaceState(null, "", documentAddress("w1", "d1", "c1"))
  dispatchEvent(new Event("hashchange"))
  expect(navigation.side).toEqual({ name: "comments" })
  history.replaceState(null, "", documentAddress("w1", "d2"))
  dispatchEvent(new Event("hashchange"))
  expect(navigation.side).toBeUndefined()
  navigation.close()
})
