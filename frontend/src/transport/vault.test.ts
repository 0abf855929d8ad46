import { expect, test } from "vitest"
import { Kept, leftFilms } from "./vault"

test("where nothing can be kept a recording lasts as long as its page", async () => {
  expect(Kept.begin("call.webm")).toBeUndefined()
  expect(await leftFilms()).toEqual([])
})
