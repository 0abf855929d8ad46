import { launch } from "./browser.mjs"
import { until } from "./call-tools.mjs"
import { counter, picture, shows } from "./callmark.mjs"

const patience = 20_000

/** A camera is unplugged and refused, and there is no microphone: it is said, and the call goes on. */
export async function brokenDevices({ step, ana, ben, tile, c }) {
  const { page } = ben
  /** Goes on in another browser, which has no camera and no microphone for us. */
  const elsewhere = async (options, said) => {
    const other = await launch(undefined, [
      ...options,
      "--autoplay-policy=no-user-gesture-required",
    ])
    try {
      const there = await other.newPage({ locale: "en-GB", viewport: { width: 1280, height: 800 } })
      await there.goto(ben.node.url)
      await there.getByRole("button", { name: "Use them here" }).click({ timeout: patience })
      await there.getByText(said).waitFor({ timeout: patience })
      const eve = there
        .getByRole("group", { name: c.participants })
        .getByRole("figure", { name: "Eve", exact: true })
      await until("Eve", () => counter(eve, "Eve"))
    } finally {
      await other.close()
    }
  }
  await step("a camera that is unplugged is said, and the call goes on", async () => {
    await page.evaluate(() => {
      const media = navigator.mediaDevices
      const get = media.getUserMedia.bind(media)
      media.getUserMedia = async (wanted) => (window.stream = await get(wanted))
    })
    await ben.button(c.cameraOff, true).click()
    await ben.button(c.cameraOn, true).click()
    await until("Ben", () => shows(tile(ana, "Ben")))
    await page.evaluate(() => {
      const [track] = window.stream.getVideoTracks()
      track.stop()
      track.dispatchEvent(new Event("ended")) // as the browser does it when the device is gone
    })
    await page.getByText(c.unplugged).waitFor({ timeout: patience })
    await picture(tile(ana, "Ben")).waitFor({ state: "hidden", timeout: patience })
    await ben.look("call-unplugged")
    await until("Eve", () => counter(tile(ben, "Eve"), "Eve"))
    await until("Ana", () => shows(tile(ben, "Ana")))
  })
  await step("camera and microphone that are refused are said", () =>
    elsewhere(["--use-fake-device-for-media-stream"], c.denied),
  )
  await step("without camera and microphone one sees and hears the others", () =>
    elsewhere([], c.noMicrophone),
  )
  await step("devices that were missing elsewhere are used here again", async () => {
    await page.getByRole("button", { name: "Use them here" }).click({ timeout: patience })
    await ben.button(c.cameraOn, true).click()
    await until("Ben again", () => shows(tile(ana, "Ben")))
  })
}
